"""What is asked where: which days, which games, on which side of the cutoff between live data and archive.

Pure; used by `tipoff.download.session`.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from enum import Enum
from typing import Final
from urllib.parse import quote, urlencode

import attrs

from engine.leagues import League
from engine.tickers import Ticker, parse_event_ticker
from engine.units import NANOS_PER_HOUR, NANOS_PER_SECOND, Nanos
from venues.importers.past_day import Hours
from venues.kalshi.rest import MARKETS_PER_PAGE, TRADES_PER_PAGE
from venues.kalshi.results import HistoricalCutoff

DAYS_MAX: Final = 366
MARGIN: Final = Nanos(2 * 24 * NANOS_PER_HOUR)
"""So near to the cutoff both sides are asked: it moves while we ask, and the markets of one game are paid at
different hours."""


class Side(Enum):
    """Where the venue keeps something; the value is what the path begins with."""

    LIVE = ""
    ARCHIVE = "/historical"

    @property
    def other(self) -> "Side":
        """The other one."""
        return Side.ARCHIVE if self is Side.LIVE else Side.LIVE


def sides(since: int, until: int, cutoff: int) -> tuple[Side, ...]:
    """Where what happened between two moments may be: one side, or both near the cutoff."""
    found: list[Side] = []
    if until > cutoff - MARGIN:
        found.append(Side.LIVE)
    if since < cutoff + MARGIN:
        found.append(Side.ARCHIVE)
    return tuple(found)


def days_of(first: date, last: date) -> tuple[date, ...]:
    """From one day to another, both included."""
    return tuple(first + timedelta(days=number) for number in range((last - first).days + 1))


@attrs.frozen
class GameWords:
    """Which games were asked for, as they were typed; none is all.

    A word is a team (BOS), a pair (WASLAC, WAS@LAC), or a pair with its date (26JAN14WASLAC).
    """

    words: tuple[str, ...] = ()

    @classmethod
    def of(cls, texts: Sequence[str]) -> "GameWords":
        """From the command line, in any letter case."""
        words = (word.strip().upper().replace("@", "") for text in texts for word in text.split(","))
        return cls(tuple(word for word in words if word))

    def have(self, event: Ticker) -> bool:
        """Whether a game was asked for."""
        away, home = event.away or "", event.home or ""
        code = event.event.partition("-")[2]
        return not self.words or any(word in {away, home, away + home, code} for word in self.words)


@attrs.frozen(order=True)
class GameEvent:
    """One game by the event of its winner, such as KXNBAGAME-26JAN14WASLAC."""

    ticker: str
    league: League = attrs.field(order=False)
    settled_at: Nanos | None = attrs.field(default=None, order=False)
    """When the winner was paid; None if it has not been."""

    @property
    def parsed(self) -> Ticker:
        """What its ticker says."""
        return parse_event_ticker(self.ticker)

    def events(self, series: Sequence[str]) -> Iterator[str]:
        """Its event in each of the series of its league."""
        code = self.ticker.partition("-")[2]
        for each in series:
            if each.startswith(self.league.series_prefix):
                yield f"{each}-{code}"


def series_target(side: Side, series: str) -> str:
    """All markets of a series."""
    return f"{side.value}/markets?{urlencode({'series_ticker': series, 'limit': MARKETS_PER_PAGE})}"


def event_target(side: Side, event: str) -> str:
    """All markets of an event."""
    return f"{side.value}/markets?{urlencode({'event_ticker': event, 'limit': MARKETS_PER_PAGE})}"


def candles_target(side: Side, ticker: str, hours: Hours) -> str:
    """The minutes of a market within a day."""
    path = f"/markets/{quote(ticker)}/candlesticks"
    if side is Side.LIVE:
        path = f"/series/{quote(ticker.partition('-')[0])}{path}"
    span = {"start_ts": hours.since // NANOS_PER_SECOND, "end_ts": hours.until // NANOS_PER_SECOND}
    return f"{side.value}{path}?{urlencode(span | {'period_interval': 1})}"


def trades_target(side: Side, ticker: str, hours: Hours) -> str:
    """The trades of a market within a day."""
    path = "/historical/trades" if side is Side.ARCHIVE else "/markets/trades"
    span = {"min_ts": hours.since // NANOS_PER_SECOND, "max_ts": hours.until // NANOS_PER_SECOND}
    return f"{path}?{urlencode({'ticker': ticker} | span | {'limit': TRADES_PER_PAGE})}"


def market_sides(game: GameEvent, cutoff: HistoricalCutoff) -> tuple[Side, ...]:
    """Where the markets of a game may be: they are paid about when its winner is."""
    paid = game.settled_at
    # One that nobody was paid of is live, however old.
    return (Side.LIVE,) if paid is None else sides(paid, paid, cutoff.market_settled_at)


def trade_sides(hours: Hours, cutoff: HistoricalCutoff) -> tuple[Side, ...]:
    """Where the trades of a day may be."""
    return sides(hours.since, hours.until, cutoff.trades_created_at)
