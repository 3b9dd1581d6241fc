"""Prices at wanted moments, looked up in the bars of a run, one market after the other.

A price counts only from a trusted book with both sides, and from a bar that is not too old; everything else
is a price that is not known.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import attrs

from engine.bars import QUIET_MAX, bar_of
from engine.units import PRICE_ONE, Nanos


class BarPrices(NamedTuple):
    """What scores need of a `MarketBar`; `trusted` is 1 where the book was trusted at its end."""

    at: int
    yes_bid: int | None
    yes_ask: int | None
    trusted: int
    period: int | None
    p_books: float | None


BarRow: TypeAlias = tuple[int, int | None, int | None, int, int | None, float | None]
"""The same without names, as it comes from a driver: a season has millions, of which few are looked at."""


@attrs.frozen
class Close:
    """The last of a market before the tip: the middle of its quote, and the sportsbooks' fair value."""

    p_market: float | None
    p_books: float | None


class PriceLookup:
    """Wanted moments first, then the bars of each market, then answers."""

    def __init__(self) -> None:
        """Begin with nothing wanted."""
        self._wanted: dict[str, set[Nanos]] = {}
        self._found: dict[tuple[str, Nanos], BarPrices] = {}
        self._closes: dict[str, Close] = {}
        self._tips: dict[str, int] = {}

    def want(self, ticker: str, at: Nanos) -> None:
        """The price at this moment will be asked for."""
        self._wanted.setdefault(ticker, set()).add(bar_of(at))

    @property
    def tickers(self) -> frozenset[str]:
        """Markets whose bars are needed."""
        return frozenset(self._wanted)

    def take(self, ticker: str, game: str, bars: Sequence[BarRow]) -> None:
        """All bars of one market, in the order of time."""
        ends = [bar[0] for bar in bars]
        for end in self._wanted.get(ticker, ()):
            place = bisect_right(ends, end) - 1
            if place >= 0 and end - ends[place] < QUIET_MAX:
                self._found[ticker, end] = BarPrices._make(bars[place])
        # By the score and not by the schedule: games begin late, and the close is the last price before
        # play.
        begun = next((place for place, bar in enumerate(bars) if bar[4]), None)
        if begun is not None:
            # A market that stood still says it a minute late, so the first of the game's markets is right.
            self._tips[game] = min(ends[begun], self._tips.get(game, ends[begun]))
            self._closes[ticker] = _close(bars[:begun])

    def p_mid(self, ticker: str, at: Nanos) -> float | None:
        """The middle of the market at the end of the first bar that knows `at`; None if it is not known."""
        bar = self._found.get((ticker, bar_of(at)))
        return None if bar is None else middle(bar)

    def period(self, ticker: str, at: Nanos) -> int | None:
        """The period that was played then, 0 before the tip; None if no score was known."""
        bar = self._found.get((ticker, bar_of(at)))
        return None if bar is None else bar.period

    def close(self, ticker: str) -> Close:
        """The last prices before the tip."""
        return self._closes.get(ticker, Close(None, None))

    def tip_at(self, game: str) -> int | None:
        """The end of the first bar in which the game was on; None if that was not seen."""
        return self._tips.get(game)


def middle(bar: BarPrices) -> float | None:
    """The middle of a trusted, two-sided bar."""
    if not bar.trusted or bar.yes_bid is None or bar.yes_ask is None:
        return None
    return (bar.yes_bid + bar.yes_ask) / (2 * PRICE_ONE)


def _close(before: Sequence[BarRow]) -> Close:
    """The last known prices of bars before the tip; a quote may be as old as a bar may be, books older."""
    p_books = next((bar[5] for bar in reversed(before) if bar[5] is not None), None)
    p_market = None
    if before:
        latest = before[-1][0]
        fresh = (BarPrices._make(bar) for bar in reversed(before) if latest - bar[0] < QUIET_MAX)
        p_market = next((p for bar in fresh if (p := middle(bar)) is not None), None)
    return Close(p_market, p_books)
