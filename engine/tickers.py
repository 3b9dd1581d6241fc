"""What a ticker of the venue says: series, kind, game date, teams, strike.

Called by the schedule when it matches markets to games, by the importers and by `tipoff ticker`. The venue
warns not to parse tickers, so this is evidence to check its own fields against (`event_ticker`,
`floor_strike`), never the truth: a postponed game keeps the old date. Which series there are is
the leagues' word.

    game    KXNBAGAME-26JAN14WASLAC-LAC              away and home, US Eastern date, the team that YES is for
    spread  KXNBASPREAD-26MAR09DENOKC-DEN4           the team wins by more than 3.5
    total   KXNBATOTAL-26MAR09PHICLE-210             more than 209.5 points together
    player  KXNBAPTS-26MAR09DENOKC-DENNJOKIC15-25    25 points or more, so more than 24.5
            KXNBA2D-26FEB11PORMIN-MINAEDWARDS5       a double double: no number
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cache, lru_cache
from typing import Final

import attrs

from engine.leagues import LEAGUES, League
from engine.units import TENTHS_ONE, Tenths

TICKER_LENGTH_MAX: Final = 128
"""Longer texts are no tickers and are not looked at."""


class TickerKind(Enum):
    """The shapes that we know; OTHER is everything else."""

    GAME = "game"
    SPREAD = "spread"
    TOTAL = "total"
    PLAYER = "player"
    OTHER = "other"


@attrs.frozen
class Ticker:
    """What a ticker says. Fields that its kind does not have are None.

    `ticker` is the canonical upper-case text. `strike` is the market's floor: YES needs more than that.
    `league` is that of the series, if both teams are of it. `event` is the ticker of the market's event,
    which is `ticker` itself for an event.
    """

    ticker: str
    series: str
    kind: TickerKind
    event: str
    date: dt.date | None = None
    away: str | None = None
    home: str | None = None
    team: str | None = None
    player: str | None = None
    strike: Tenths | None = None
    league: League | None = None

    @property
    def game(self) -> str | None:
        """The part that all events of a game share, such as "26JAN14WASLAC", behind what the league's ids
        begin with; None unless both teams are known.
        """
        if self.away is None or self.league is None:
            return None
        return f"{self.league.ids}{self.event.partition('-')[2]}"


_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"), 1
    )
}

_TICKER: Final = re.compile(r"[^\s-]+(?:-[^\s-]+)*", re.ASCII)
_GAME_PART: Final = re.compile(r"(\d\d)([A-Z]{3})(\d\d)([A-Z]{4,8})")
_SPREAD_PART: Final = re.compile(r"([A-Z]{2,4})([1-9]\d?)")
_TOTAL_PART: Final = re.compile(r"[1-9]\d{1,2}")
_PLAYER: Final = re.compile(r"[A-Z.]+\d{1,2}")
_NUMBER_PART: Final = re.compile(r"[1-9]\d?")


def parse_ticker(text: str, leagues: Sequence[League] = LEAGUES) -> Ticker:
    """Read a market's ticker, in any letter case. Never fails: what is not understood is of kind OTHER."""
    # The same few hundred are read at every listing, by whoever hears of it.
    return _parsed(text) if leagues is LEAGUES else _parse(text, leagues)


@lru_cache(maxsize=8_192)
def _parsed(text: str) -> Ticker:
    return _parse(text, LEAGUES)


def _parse(text: str, leagues: Sequence[League]) -> Ticker:
    canonical, parts = _split(text)
    event = "-".join(parts[:2])
    game = _game_event(canonical, event, parts, leagues)
    if game is None or len(parts) < 3:
        return _other(canonical, parts)
    if game.kind is TickerKind.GAME:
        market = _game_market(game, parts)
    elif game.kind is TickerKind.SPREAD:
        market = _spread_market(game, parts)
    elif game.kind is TickerKind.TOTAL:
        market = _total_market(game, parts)
    else:
        market = _player_market(game, parts)
    return market or _other(canonical, parts)


def parse_event_ticker(text: str, leagues: Sequence[League] = LEAGUES) -> Ticker:
    """Read an event's ticker such as "KXNBATOTAL-26MAR09PHICLE"; team and strike stay None. Never fails."""
    canonical, parts = _split(text)
    game = _game_event(canonical, canonical, parts, leagues)
    if game is None or len(parts) != 2:
        return attrs.evolve(_other(canonical, parts), event=canonical)
    return game


def read_ticker(text: str, leagues: Sequence[League] = LEAGUES) -> Ticker:
    """Read a ticker of which it is not known whether it is a market's or an event's. Never fails."""
    market = parse_ticker(text, leagues)
    return parse_event_ticker(text, leagues) if market.kind is TickerKind.OTHER else market


def floor_of(number: int) -> Tenths:
    """The floor of "at least `number`": half a point below it."""
    return Tenths(number * TENTHS_ONE - 5)


def _split(text: str) -> tuple[str, list[str]]:
    """The canonical text and its parts; no parts if it has not even the form of a ticker."""
    # Only ASCII letters may change: upper() would turn a sharp s into two letters.
    canonical = text.strip().upper() if text.isascii() else text
    if len(canonical) > TICKER_LENGTH_MAX or not text.isascii() or not _TICKER.fullmatch(canonical):
        return canonical, []
    return canonical, canonical.split("-")


def _other(canonical: str, parts: list[str]) -> Ticker:
    """A ticker of which no more than the series is understood."""
    event = "-".join(parts[:-1]) if len(parts) > 2 else canonical
    return Ticker(canonical, parts[0] if parts else "", TickerKind.OTHER, event)


def _game_event(canonical: str, event: str, parts: list[str], leagues: Sequence[League]) -> Ticker | None:
    """The event of a game between two teams of a league, or None."""
    league, kind = _series(parts[0], leagues) if parts else (None, None)
    match = _GAME_PART.fullmatch(parts[1]) if kind is not None and len(parts) > 1 else None
    if league is None or kind is None or match is None:
        return None
    year, month, day, codes = match.groups()
    date = _date(int(year), _MONTHS.get(month, 0), int(day))
    teams = _teams(codes, league)
    # Preseason has guests from abroad (25OCT13GUAMIN): they are nobody's game here.
    if date is None or teams is None:
        return None
    away, home = teams
    return Ticker(canonical, parts[0], kind, event, date=date, away=away, home=home, league=league)


def _teams(codes: str, league: League) -> tuple[str, str] | None:
    """Away and home from their codes in one word, which a league may give two to four letters."""
    found = [(codes[:end], codes[end:]) for end in range(2, len(codes) - 1)]
    found = [teams for teams in found if teams[0] != teams[1] and league.are_teams(*teams)]
    # A word that can be read in two ways says nothing.
    return found[0] if len(found) == 1 else None


def _series(name: str, leagues: Sequence[League]) -> tuple[League | None, TickerKind | None]:
    """Whose series it is, and of which kind; a league's prefix may begin like another's."""
    for league in leagues:
        kind = _kinds_of(league).get(name.removeprefix(league.series_prefix))
        # `removeprefix` leaves a name without the prefix as it is, and that may be a suffix by chance.
        if kind is not None and name.startswith(league.series_prefix):
            return league, kind
    return None, None


@cache
def _kinds_of(league: League) -> Mapping[str, TickerKind]:
    """What stands behind the league's prefix in the name of a series."""
    players = (*league.player_suffixes, *league.player_suffixes_without_number)
    return dict.fromkeys(players, TickerKind.PLAYER) | {
        league.winner_suffix: TickerKind.GAME,
        league.spread_suffix: TickerKind.SPREAD,
        league.total_suffix: TickerKind.TOTAL,
    }


def _date(year: int, month: int, day: int) -> dt.date | None:
    """A date of this century, or None if there is no such day."""
    try:
        return dt.date(2000 + year, month, day)
    except ValueError:
        return None


def _plays(game: Ticker, team: str) -> bool:
    """Whether a team is one of the two."""
    return team in (game.away, game.home)


def _game_market(game: Ticker, parts: list[str]) -> Ticker | None:
    """KXNBAGAME-…-TEAM."""
    if len(parts) != 3 or not _plays(game, parts[2]):
        return None
    return attrs.evolve(game, team=parts[2])


def _spread_market(game: Ticker, parts: list[str]) -> Ticker | None:
    """KXNBASPREAD-…-TEAM and the least winning margin."""
    match = _SPREAD_PART.fullmatch(parts[2])
    if len(parts) != 3 or match is None or not _plays(game, match[1]):
        return None
    return attrs.evolve(game, team=match[1], strike=floor_of(int(match[2])))


def _total_market(game: Ticker, parts: list[str]) -> Ticker | None:
    """KXNBATOTAL-…-the least number of points."""
    if len(parts) != 3 or not _TOTAL_PART.fullmatch(parts[2]):
        return None
    return attrs.evolve(game, strike=floor_of(int(parts[2])))


def _player_market(game: Ticker, parts: list[str]) -> Ticker | None:
    """KXNBA…-TEAM, initial, last name and jersey, and the least number unless the series has none."""
    # The longer code first, where one begins with the other.
    codes = sorted((code for code in (game.away, game.home) if code), key=len, reverse=True)
    for code in codes:
        player = parts[2].removeprefix(code)
        if player != parts[2] and _PLAYER.fullmatch(player):
            return _player(attrs.evolve(game, team=code, player=player), parts)
    return None


def _player(market: Ticker, parts: list[str]) -> Ticker | None:
    """The market with its number, where its series has one."""
    league = market.league
    suffix = "" if league is None else market.series.removeprefix(league.series_prefix)
    if league is not None and suffix in league.player_suffixes_without_number:
        return market if len(parts) == 3 else None
    if len(parts) != 4 or not _NUMBER_PART.fullmatch(parts[3]):
        return None
    return attrs.evolve(market, strike=floor_of(int(parts[3])))
