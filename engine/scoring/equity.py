"""What every strategy was worth through a run, a point a minute, under the three readings.

Marked at prices that could be had, as in `engine.tally`: the middle would hide the spread. Markets are folded
one after the other and add up; a market without a new bar keeps the value that it had.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from typing import Final, TypeAlias

import attrs

from engine.events import BookSide
from engine.facts import BandMoved, PositionSettled
from engine.scoring.prices import BarPrices
from engine.tally import READINGS
from engine.units import NANOS_PER_MINUTE, PRICE_ONE, Money, Nanos


@attrs.frozen
class EquityPoint:
    """Profit and loss so far at a moment, closed and open positions together."""

    at: Nanos
    pessimistic: Money
    base: Money
    optimistic: Money


Amounts: TypeAlias = tuple[int, int, int]
"""A number under the pessimistic, the base and the optimistic reading."""


@attrs.define
class _Holding:
    """A strategy's position in a market under the three readings; changes of it as (at, counts, cash)."""

    counts: list[int] = attrs.field(factory=lambda: [0, 0, 0])
    cash: list[int] = attrs.field(factory=lambda: [0, 0, 0])
    steps: list[tuple[int, Amounts, Amounts]] = attrs.field(factory=list)
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
        (one, two, three), (first, second, third) = holding.counts, holding.cash
        holding.steps.append((fact.at, (one, two, three), (first, second, third)))

    def on_settled(self, fact: PositionSettled) -> None:
        """The venue's value of a market, or its withdrawal."""
        value = None if fact.reversal else int(fact.value)
        self._holding(fact.strategy, fact.ticker).settled.append((fact.at, value))

    def take(self, ticker: str, bars: Sequence[BarPrices]) -> None:
        """All bars of one market, in the order of time."""
        ends = [bar.at for bar in bars]
        quotes: dict[int, tuple[int, int]] = {}
        for strategy, holding in self._holdings.get(ticker, {}).items():
            if not holding.steps:
                continue
            changed_at = [at for at, _counts, _cash in holding.steps]
            settled_at = [at for at, _value in holding.settled]
            last = max([*(settled_at[-1:] or ends[-1:]), changed_at[-1]])
            minutes = range(changed_at[0] // NANOS_PER_MINUTE + 1, last // NANOS_PER_MINUTE + 2)
            for minute in minutes:
                if minute not in quotes:
                    place = bisect_right(ends, minute * NANOS_PER_MINUTE) - 1
                    quotes[minute] = NOBODY if place < 0 else _fetches(bars[place])
            self._add(strategy, holding, [(minute, quotes[minute]) for minute in minutes])

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

    def _add(self, strategy: str, holding: _Holding, minutes: Sequence[tuple[int, tuple[int, int]]]) -> None:
        """Walk the minutes from the first trade until nothing changes any more."""
        changes = self._changes.setdefault(strategy, {})
        steps, results = deque(holding.steps), deque(holding.settled)
        counts: Amounts = (0, 0, 0)
        cash: Amounts = (0, 0, 0)
        value: int | None = None
        before: Amounts = (0, 0, 0)
        for minute, quote in minutes:
            until = minute * NANOS_PER_MINUTE
            while steps and steps[0][0] <= until:
                _at, counts, cash = steps.popleft()
            while results and results[0][0] <= until:
                _at, value = results.popleft()
            # With a result a contract pays that, whatever anybody still bids.
            bought, sold = quote if value is None else (value, value)
            one, two, three = counts
            now = (
                cash[0] + one * (bought if one > 0 else sold),
                cash[1] + two * (bought if two > 0 else sold),
                cash[2] + three * (bought if three > 0 else sold),
            )
            if now != before:
                change = changes.setdefault(minute, [0, 0, 0])
                for reading, (new, old) in enumerate(zip(now, before, strict=True)):
                    change[reading] += new - old
                before = now


NOBODY: Final = (0, PRICE_ONE)
"""What a contract fetches where nobody bids: nothing, and a short one costs the dollar that it owes."""


def _fetches(bar: BarPrices) -> tuple[int, int]:
    """What a contract brings that is held, and what one costs that is owed: the bid, and the ask."""
    bid, ask = bar.yes_bid, bar.yes_ask
    return NOBODY[0] if bid is None else bid, NOBODY[1] if ask is None else ask
