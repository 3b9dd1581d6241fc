"""What every strategy was worth through a run, a point a minute, under the three readings.

Marked at prices that could be had, as in `engine.tally`: the middle would hide the spread. Markets are folded
one after the other and add up; a market without a new bar keeps the value that it had.
"""

from bisect import bisect_right
from collections.abc import Sequence

import attrs

from engine.events import BookSide
from engine.facts import BandMoved, PositionSettled
from engine.positions import liquidation_value
from engine.scoring.prices import BarPrices
from engine.tally import READINGS
from engine.units import NANOS_PER_MINUTE, PRICE_ONE, Count, Money, Nanos, Price


@attrs.frozen
class EquityPoint:
    """Profit and loss so far at a moment, closed and open positions together."""

    at: Nanos
    pessimistic: Money
    base: Money
    optimistic: Money


@attrs.define
class _Holding:
    """A strategy's position in a market under the three readings; changes of it as (at, counts, cash)."""

    counts: list[int] = attrs.field(factory=lambda: [0, 0, 0])
    cash: list[int] = attrs.field(factory=lambda: [0, 0, 0])
    steps: list[tuple[int, tuple[int, ...], tuple[int, ...]]] = attrs.field(factory=list)
    settled: list[tuple[int, int | None]] = attrs.field(factory=list)


class EquityCurve:
    """The changes of positions first, then the bars of each market, then the curves."""

    def __init__(self) -> None:
        """Begin with nothing held."""
        self._orders: dict[str, BandMoved] = {}
        self._holdings: dict[str, dict[str, _Holding]] = {}
        self._changes: dict[str, dict[int, list[int]]] = {}

    @property
    def tickers(self) -> frozenset[str]:
        """Markets that were held, whose bars are needed."""
        return frozenset(self._holdings)

    def on_band(self, fact: BandMoved, side: BookSide) -> None:
        """An order's readings moved; the fact carries totals of the order, of which the difference is new."""
        before = self._orders.get(fact.order_id)
        self._orders[fact.order_id] = fact
        sign = 1 if side is BookSide.BID else -1
        holding = self._holding(fact.strategy, fact.ticker)
        for place, reading in enumerate(READINGS):
            was, paid = (
                (0, 0) if before is None else (getattr(before, reading), getattr(before, f"{reading}_cash"))
            )
            holding.counts[place] += sign * (getattr(fact, reading) - was)
            holding.cash[place] += getattr(fact, f"{reading}_cash") - paid
        holding.steps.append((fact.at, tuple(holding.counts), tuple(holding.cash)))

    def on_settled(self, fact: PositionSettled) -> None:
        """The venue's value of a market, or its withdrawal."""
        value = None if fact.reversal else int(fact.value)
        self._holding(fact.strategy, fact.ticker).settled.append((fact.at, value))

    def take(self, ticker: str, bars: Sequence[BarPrices]) -> None:
        """All bars of one market, in the order of time."""
        ends = [bar.at for bar in bars]
        for strategy, holding in self._holdings.get(ticker, {}).items():
            self._add(strategy, holding, bars, ends)

    def of(self, strategy: str) -> tuple[EquityPoint, ...]:
        """The curve of a strategy, from the first change of its worth on."""
        changes, worth = self._changes.get(strategy, {}), [0, 0, 0]
        points: list[EquityPoint] = []
        for minute in sorted(changes):
            worth = [old + new for old, new in zip(worth, changes[minute], strict=True)]
            points.append(EquityPoint(Nanos(minute * NANOS_PER_MINUTE), *map(Money, worth)))
        return tuple(points)

    def _holding(self, strategy: str, ticker: str) -> _Holding:
        return self._holdings.setdefault(ticker, {}).setdefault(strategy, _Holding())

    def _add(self, strategy: str, holding: _Holding, bars: Sequence[BarPrices], ends: Sequence[int]) -> None:
        """Walk the minutes from the first trade until nothing changes any more."""
        if not holding.steps:
            return
        moments = [at for at, _counts, _cash in holding.steps]
        settled_at = [at for at, _value in holding.settled]
        final = [*settled_at[-1:], moments[-1]] if settled_at else [*ends[-1:], moments[-1]]
        changes = self._changes.setdefault(strategy, {})
        before: tuple[int, ...] = (0, 0, 0)
        seen: tuple[object, ...] = ()
        for minute in range(moments[0] // NANOS_PER_MINUTE + 1, max(final) // NANOS_PER_MINUTE + 2):
            until = minute * NANOS_PER_MINUTE
            step = bisect_right(moments, until) - 1
            ended = bisect_right(settled_at, until) - 1
            value = holding.settled[ended][1] if ended >= 0 else None
            place = -1 if value is not None else bisect_right(ends, until) - 1
            quote = (None, None) if place < 0 else bars[place][1:3]
            # Most minutes change nothing: the same position at the same prices.
            if seen == (step, value, quote):
                continue
            seen = (step, value, quote)
            _at, counts, cash = holding.steps[step]
            now = _worths(counts, cash, value, quote)
            if now != before:
                change = changes.setdefault(minute, [0, 0, 0])
                for reading, (new, old) in enumerate(zip(now, before, strict=True)):
                    change[reading] += new - old
                before = now


def _worths(
    counts: tuple[int, ...], cash: tuple[int, ...], value: int | None, quote: tuple[int | None, int | None]
) -> tuple[int, ...]:
    """Cash and what is held under each reading, which mostly are the same."""
    if counts[0] == counts[1] == counts[2]:
        worth = _worth(counts[0], value, quote)
        return tuple([paid + worth for paid in cash])
    return tuple([paid + _worth(count, value, quote) for count, paid in zip(counts, cash, strict=True)])


def _worth(count: int, value: int | None, quote: tuple[int | None, int | None]) -> int:
    """Contracts in YES terms: settled, else sold at once; a short one owes a dollar less what NO brings."""
    if value is not None or count == 0:
        return count * (value or 0)
    bid, ask = (None if price is None else Price(price) for price in quote)
    return liquidation_value(Count(count), bid, ask) + min(count, 0) * PRICE_ONE
