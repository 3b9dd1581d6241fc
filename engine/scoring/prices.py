"""Prices at wanted moments, looked up in the bars of a run, one market after the other.

A price counts only from a trusted book with both sides, and from a bar that is not too old; everything else
is a price that is not known.
"""

from bisect import bisect_left
from collections.abc import Iterable

import attrs

from engine.bars import BAR, QUIET_MAX, bar_of
from engine.scoring.packed_bars import BarPrices, PackedBars, end_of, from_end, is_played
from engine.units import PRICE_ONE, Nanos


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

    def take(self, ticker: str, game: str, bars: PackedBars) -> None:
        """All bars of one market."""
        packed = bars.packed
        for end in self._wanted.get(ticker, ()):
            place = bisect_left(packed, from_end(end + BAR)) - 1
            if place >= 0 and end - end_of(packed[place]) < QUIET_MAX:
                self._found[ticker, end] = bars[place]
        # By the score and not by the schedule: games begin late, and the close is the last price before
        # play.
        begun = next((place for place, number in enumerate(packed) if is_played(number)), None)
        if begun is not None:
            # A market that stood still says it a minute late, so the first of the game's markets is right.
            tip_at = end_of(packed[begun])
            self._tips[game] = min(tip_at, self._tips.get(game, tip_at))
            self._closes[ticker] = _close(bars, begun)

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


def _close(bars: PackedBars, begun: int) -> Close:
    """The last known prices of bars before the tip; a quote may be as old as a bar may be, books older."""
    p_books = next((p for p in reversed(bars.p_books[:begun]) if p is not None), None)
    return Close(_last_middle(bars.before(begun)), p_books)


def _last_middle(latest_first: Iterable[BarPrices]) -> float | None:
    """The middle of the latest bar that has one and is no older than a bar may be."""
    latest: int | None = None
    for bar in latest_first:
        latest = bar.at if latest is None else latest
        if latest - bar.at >= QUIET_MAX:
            return None
        p_mid = middle(bar)
        if p_mid is not None:
            return p_mid
    return None
