"""A body of balldontlie to events of the engine: pure, and never by an exception to the caller.

Called by `venues.translate` for every recorded body; the endpoint that was asked says how to read it. A game
is referred to as `bdl:ID`, or as `DATE/AWAY@HOME` (Eastern date) where a box score has no id. Scores are
passed on as they are, also when they go down. What a reference begins with says the league, whose path was
asked: the service numbers the games of each anew. Reads no clock.
"""

import re
from collections.abc import Callable

import msgspec

from engine.events import GamePhase, GameSeen, OddsSeen, ScoreSeen, VenueEvent
from engine.leagues import LEAGUES, League, league_of_path
from engine.units import Nanos, Tenths, UnitError, parse_tenths
from venues import timestamps
from venues.balldontlie import wire
from venues.refusals import REFUSABLE, NotUnderstood, Refused, pieces_refused, refusal

SOURCE = "balldontlie"
PERIOD_MAX = 20
"""No game has gone beyond six overtimes; a larger number is a mistake."""

SCORE_MAX = 999
Events = tuple[VenueEvent, ...]

_CLOCK = re.compile(r"(?:(?:Q\d|\d?OT\d?)\s+)?(\d{1,2}):([0-5]\d)(?:\.(\d))?", re.ASCII)
_SECONDS = re.compile(r"(?:(?:Q\d|\d?OT\d?)\s+)?:?([0-5]?\d)\.(\d)", re.ASCII)
_WORD = re.compile(r"[a-z]+", re.ASCII)
_PERIODS = frozenset({"qtr", "quarter", "ot", "overtime", "half"})
"""Words, not parts of words: "Not Started" is no overtime."""

_POSTPONED = frozenset({"postponed", "ppd", "canceled", "cancelled"})


def parse_body(target: str, body: str, at: Nanos) -> Events:
    """Return the events of an answer. `target` is the path with its query, such as `…/v1/box_scores/live`."""
    path = target.partition("?")[0].rstrip("/")
    league = league_of_path(path) or LEAGUES[0]
    reader = _reader_of(path.removeprefix(league.path))
    if reader is None:
        return ()
    try:
        rows = _rows(path, body)
    except REFUSABLE as error:
        return (refusal(SOURCE, path, error, at),)
    events: list[VenueEvent] = []
    for number, row in enumerate(rows):
        place = f"data[{number}]"
        try:
            if bytes(row) != b"null":
                found, pieces = reader(row, league, at)
                events += [*found, *pieces_refused(SOURCE, f"{path}: {place}", pieces, at)]
        except REFUSABLE as error:
            events.append(refusal(SOURCE, path, error, at, place))
    return tuple(events)


Read = tuple[Events, tuple[Refused, ...]]
"""What a row says, and what had to be left out of it."""

Reader = Callable[[msgspec.Raw, League, Nanos], Read]


def _reader_of(path: str) -> Reader | None:
    """Both the documented prefix of the league and the older paths without it are answered alike."""
    match path.strip("/").split("/"):
        case ["v1", "games" | "box_scores"] | ["v1", "games", _] | ["v1", "box_scores", "live"]:
            return _game
        case ["v2", "odds"]:
            return _odds
        case ["v2", "odds", "opening"]:
            return _opening_odds
        case _:
            return None


def _rows(path: str, body: str) -> list[msgspec.Raw]:
    if path.rpartition("/")[2].isdigit():
        return [wire.ROW.decode(body)[0].data]
    return wire.ROWS.decode(body)[0].data or []


def _game(row: msgspec.Raw, league: League, at: Nanos) -> Read:
    """A row says who plays, so that a score finds its game also where a box score has no id.

    A score that makes no sense is refused and leaves the game standing.
    """
    game, pieces = wire.GAME.decode(row)
    seen = _seen(game, league, at)
    try:
        return (seen, *_score(game, seen.game, at)), pieces
    except REFUSABLE as error:
        return (seen, refusal(SOURCE, "score", error, at, seen.game)), pieces


def reference_of(game: wire.GameBody, league: League) -> str:
    """How this service refers to the game."""
    if game.id is not None:
        return f"{league.ids}bdl:{game.id}"
    return f"{league.ids}{_date(game)}/{_team(game.visitor_team)}@{_team(game.home_team)}"


def _date(game: wire.GameBody) -> str:
    """The Eastern date: `date` is one already; older bodies wrote it as a UTC midnight."""
    # Never the UTC date: evening games tip off after midnight UTC, on the next day.
    if game.date is not None:
        return game.date[:10]
    if game.datetime is not None:
        return timestamps.eastern_date(timestamps.from_text(game.datetime))
    raise msgspec.ValidationError("a game with neither date nor datetime")


def _team(team: wire.TeamBody) -> str:
    if not team.code:
        raise msgspec.ValidationError("a team without an abbreviation")
    return team.code.upper()


def announced(row: msgspec.Raw, league: League, at: Nanos) -> GameSeen:
    """Who plays, of a row of `/games` whatever else it says. Raises what REFUSABLE names."""
    return _seen(wire.GAME.decode(row)[0], league, at)


def _seen(game: wire.GameBody, league: League, at: Nanos) -> GameSeen:
    return GameSeen(
        game=reference_of(game, league),
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


def _score(game: wire.GameBody, reference: str, at: Nanos) -> Events:
    """The score of a game that has begun; 0-0 before the tip is not a score.

    A game that has just begun may have none yet; later a missing score is not zero but unknown.
    """
    phase = phase_of(game)
    if phase is GamePhase.SCHEDULED:
        return ()
    home, away, period = game.home_team_score, game.visitor_team_score, game.period or 0
    if home is None and away is None and period <= 1:
        home = away = 0
    if home is None or away is None:
        raise NotUnderstood("missing_field", "a game without its score")
    if not (0 <= home <= SCORE_MAX and 0 <= away <= SCORE_MAX and 0 <= period <= PERIOD_MAX):
        raise UnitError(f"not a score: {away}-{home} in period {period}")
    clock_ms = _clock_ms(game, phase)
    return (ScoreSeen(reference, SOURCE, phase, period, clock_ms, home, away, None, at),)


def phase_of(game: wire.GameBody) -> GamePhase:
    """Where a game stands: from `status_state` (2026 on) if it is there, else from the words of `status`."""
    words = _WORD.findall(game.status.lower())
    first = words[0] if words else ""
    if game.postponed or first in _POSTPONED:
        return GamePhase.POSTPONED
    if game.status_state == "final" or first == "final":
        return GamePhase.FINAL
    if first in ("half", "halftime"):
        return GamePhase.HALFTIME
    if game.status_state == "in":
        return GamePhase.LIVE
    if game.status_state == "scheduled":
        return GamePhase.SCHEDULED
    # Without the state: a period's name is in play, a moment or "7:30 pm ET" is not, and the period decides
    # what is neither.
    if any(word in _PERIODS for word in words):
        return GamePhase.LIVE
    return GamePhase.LIVE if game.period else GamePhase.SCHEDULED


def _clock_ms(game: wire.GameBody, phase: GamePhase) -> int | None:
    """What is left of the period: "3:44", "Q3 3:44", "45.2"; None where the service does not say."""
    if phase in (GamePhase.FINAL, GamePhase.HALFTIME):
        return 0
    return clock_ms((game.time or "").strip())


def clock_ms(text: str) -> int | None:
    """A clock as the service writes it, in milliseconds; None for what is none."""
    if found := _CLOCK.fullmatch(text):
        minutes, seconds, tenths = found.groups()
        return int(minutes) * 60_000 + int(seconds) * 1_000 + int(tenths or 0) * 100
    if found := _SECONDS.fullmatch(text):
        return int(found[1]) * 1_000 + int(found[2]) * 100
    return None


def _odds(row: msgspec.Raw, league: League, at: Nanos) -> Read:
    return _prices(row, league, at, opening=False)


def _opening_odds(row: msgspec.Raw, league: League, at: Nanos) -> Read:
    return _prices(row, league, at, opening=True)


def _prices(row: msgspec.Raw, league: League, at: Nanos, *, opening: bool) -> Read:
    """A spread belongs to the home team; where only the away team's is given its sign is turned.

    A number that is none is left out, and the others of its row stand.
    """
    odds, pieces = wire.ODDS.decode(row)
    odd: list[Refused] = []
    spread = _tenths("spread_home_value", odds.spread_home_value, odd)
    away = _tenths("spread_away_value", odds.spread_away_value, odd)
    if spread is None and away is not None:
        spread = Tenths(-away)
    stamp = odds.opened_at if opening else odds.updated_at
    seen = OddsSeen(
        game=f"{league.ids}bdl:{odds.game_id}",
        vendor=odds.vendor.strip().lower(),
        moneyline_home=odds.moneyline_home_odds,
        moneyline_away=odds.moneyline_away_odds,
        spread_home=spread,
        spread_home_odds=odds.spread_home_odds,
        spread_away_odds=odds.spread_away_odds,
        total=_tenths("total_value", odds.total_value, odd),
        over_odds=odds.total_over_odds,
        under_odds=odds.total_under_odds,
        at_venue=None if stamp is None else timestamps.from_text(stamp),
        at=at,
        opening=opening,
    )
    return (seen,), (*pieces, *odd)


def _tenths(place: str, text: str | None, odd: list[Refused]) -> Tenths | None:
    if text is None:
        return None
    try:
        return parse_tenths(text.removeprefix("+"))
    except UnitError as error:
        odd.append(Refused(place, str(error), "wrong_number"))
        return None
