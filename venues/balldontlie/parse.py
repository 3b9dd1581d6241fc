"""A body of balldontlie to events of the engine: pure, and never by an exception to the caller.

Called by `venues.translate` for every recorded body; the endpoint that was asked says how to read it. A game
is referred to as `bdl:ID`, or as `DATE/AWAY@HOME` (Eastern date) where a box score has no id. Scores are
passed on as they are, also when they go down. Reads no clock.
"""

import re
from collections.abc import Callable

import msgspec

from engine.events import FeedRefused, GamePhase, GameSeen, OddsSeen, ScoreSeen, VenueEvent
from engine.leagues import league_of_path
from engine.units import Nanos, Tenths, UnitError, parse_tenths
from venues import timestamps
from venues.balldontlie import wire

SOURCE = "balldontlie"
DETAIL_MAX = 200
PERIOD_MAX = 20
"""No game has gone beyond six overtimes; a larger number is a mistake."""

SCORE_MAX = 999
Events = tuple[VenueEvent, ...]
REFUSABLE = (msgspec.DecodeError, UnicodeError, RecursionError, ValueError)

_CLOCK = re.compile(r"(?:(?:Q\d|\d?OT\d?)\s+)?(\d{1,2}):([0-5]\d)(?:\.(\d))?", re.ASCII)
_SECONDS = re.compile(r"(?:(?:Q\d|\d?OT\d?)\s+)?:?([0-5]?\d)\.(\d)", re.ASCII)
_LIVE_WORDS = ("qtr", "quarter", "ot", "overtime", "half")


def parse_body(target: str, body: str, at: Nanos) -> Events:
    """Return what an answer says. `target` is the path with its query, such as `…/v1/box_scores/live`."""
    path = target.partition("?")[0].rstrip("/")
    reader = _reader_of(path)
    if reader is None:
        return ()
    try:
        rows = _rows(path, body)
    except REFUSABLE as error:
        return (FeedRefused(SOURCE, refusal_kind(error), f"{path}: {error}"[:DETAIL_MAX], at),)
    events: list[VenueEvent] = []
    for row in rows:
        try:
            events += reader(row, at)
        except REFUSABLE as error:
            events.append(FeedRefused(SOURCE, refusal_kind(error), f"{path}: {error}"[:DETAIL_MAX], at))
    return tuple(events)


def refusal_kind(error: Exception) -> str:
    """What a body that raised `error` is counted under."""
    match error:
        case UnitError():
            return "wrong_number"
        case timestamps.MomentError():
            return "wrong_moment"
        case msgspec.ValidationError():
            return "wrong_shape"
        case UnicodeError():
            return "wrong_encoding"
        case RecursionError():
            return "too_deep"
        case _:
            return "malformed"


Reader = Callable[[msgspec.Raw, Nanos], Events]


def _reader_of(path: str) -> Reader | None:
    """Both the documented prefix of the league and the older paths without it are answered alike."""
    league = league_of_path(path)
    match path.removeprefix("" if league is None else league.path).strip("/").split("/"):
        case ["v1", "games"] | ["v1", "games", _]:
            return _game
        case ["v1", "box_scores"] | ["v1", "box_scores", "live"]:
            return _box_score
        case ["v2", "odds"]:
            return _odds
        case ["v2", "odds", "opening"]:
            return _opening_odds
        case _:
            return None


def _rows(path: str, body: str) -> list[msgspec.Raw]:
    if path.rpartition("/")[2].isdigit():
        return [wire.ROW.decode(body).data]
    return wire.ROWS.decode(body).data


def _game(row: msgspec.Raw, at: Nanos) -> Events:
    game = wire.GAME.decode(row)
    return (_seen(game, at), *_score(game, at))


def _box_score(row: msgspec.Raw, at: Nanos) -> Events:
    """A box score repeats who plays, so that a score finds its game also where the row has no id."""
    return _game(row, at)


def reference_of(game: wire.GameBody) -> str:
    """How this service refers to the game."""
    if game.id is not None:
        return f"bdl:{game.id}"
    return f"{_date(game)}/{_team(game.visitor_team)}@{_team(game.home_team)}"


def _date(game: wire.GameBody) -> str:
    """The Eastern date: `date` is one already; older bodies wrote it as a UTC midnight."""
    if game.date is not None:
        return game.date[:10]
    if game.datetime is not None:
        return timestamps.eastern_date(timestamps.from_text(game.datetime))
    raise msgspec.ValidationError("a game with neither date nor datetime")


def _team(team: wire.TeamBody) -> str:
    if not team.code:
        raise msgspec.ValidationError("a team without an abbreviation")
    return team.code.upper()


def _seen(game: wire.GameBody, at: Nanos) -> GameSeen:
    return GameSeen(
        game=reference_of(game),
        date=_date(game),
        away=_team(game.visitor_team),
        home=_team(game.home_team),
        tip_at=_tip(game),
        postponed=phase_of(game) is GamePhase.POSTPONED,
        at=at,
    )


def _tip(game: wire.GameBody) -> Nanos | None:
    """The announced start: its own field, or the status while that is still a moment."""
    if game.datetime is not None:
        return timestamps.from_text(game.datetime)
    try:
        return timestamps.from_text(game.status)
    except timestamps.MomentError:
        return None


def _score(game: wire.GameBody, at: Nanos) -> Events:
    """The score of a game that has begun; 0-0 before the tip is not a score."""
    phase = phase_of(game)
    if phase is GamePhase.SCHEDULED:
        return ()
    home, away, period = game.home_team_score or 0, game.visitor_team_score or 0, game.period or 0
    if not (0 <= home <= SCORE_MAX and 0 <= away <= SCORE_MAX and 0 <= period <= PERIOD_MAX):
        raise UnitError(f"not a score: {away}-{home} in period {period}")
    clock_ms = _clock_ms(game, phase)
    return (ScoreSeen(reference_of(game), SOURCE, phase, period, clock_ms, home, away, None, at),)


def phase_of(game: wire.GameBody) -> GamePhase:
    """Where a game stands: from `status_state` (2026 on) if it is there, else from the words of `status`."""
    status = game.status.strip().lower()
    if game.postponed or status.startswith(("postponed", "ppd", "canceled", "cancelled")):
        return GamePhase.POSTPONED
    if game.status_state == "final" or status.startswith("final"):
        return GamePhase.FINAL
    if status.startswith("half"):
        return GamePhase.HALFTIME
    if game.status_state == "in":
        return GamePhase.LIVE
    if game.status_state == "scheduled":
        return GamePhase.SCHEDULED
    # Without the state: words are in play, a moment or "7:30 pm ET" is not, and the period decides what is
    # neither.
    if any(word in status for word in _LIVE_WORDS):
        return GamePhase.LIVE
    return GamePhase.LIVE if game.period else GamePhase.SCHEDULED


def _clock_ms(game: wire.GameBody, phase: GamePhase) -> int | None:
    """What is left of the period: "3:44", "Q3 3:44", "45.2"; None where the service does not say."""
    if phase in (GamePhase.FINAL, GamePhase.HALFTIME):
        return 0
    text = (game.time or "").strip()
    if found := _CLOCK.fullmatch(text):
        minutes, seconds, tenths = found.groups()
        return int(minutes) * 60_000 + int(seconds) * 1_000 + int(tenths or 0) * 100
    if found := _SECONDS.fullmatch(text):
        return int(found[1]) * 1_000 + int(found[2]) * 100
    return None


def _odds(row: msgspec.Raw, at: Nanos) -> Events:
    return (_odds_seen(wire.ODDS.decode(row), at, opening=False),)


def _opening_odds(row: msgspec.Raw, at: Nanos) -> Events:
    return (_odds_seen(wire.ODDS.decode(row), at, opening=True),)


def _odds_seen(odds: wire.OddsBody, at: Nanos, *, opening: bool) -> OddsSeen:
    """A spread belongs to the home team; where only the away team's is given its sign is turned."""
    spread = _tenths(odds.spread_home_value)
    if spread is None and (away := _tenths(odds.spread_away_value)) is not None:
        spread = Tenths(-away)
    stamp = odds.opened_at if opening else odds.updated_at
    return OddsSeen(
        game=f"bdl:{odds.game_id}",
        vendor=odds.vendor.strip().lower(),
        moneyline_home=odds.moneyline_home_odds,
        moneyline_away=odds.moneyline_away_odds,
        spread_home=spread,
        spread_home_odds=odds.spread_home_odds,
        spread_away_odds=odds.spread_away_odds,
        total=_tenths(odds.total_value),
        over_odds=odds.total_over_odds,
        under_odds=odds.total_under_odds,
        at_venue=None if stamp is None else timestamps.from_text(stamp),
        at=at,
        opening=opening,
    )


def _tenths(text: str | None) -> Tenths | None:
    return None if text is None else parse_tenths(text.removeprefix("+"))
