"""What every strategy was worth through a run, a point a minute, under the three readings.

Marked at prices that could be had, as in `engine.tally`: the middle would hide the spread. Markets are
folded one after the other and add up; a market without a new bar, or with an empty book, keeps the value that
it had.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from itertools import repeat
from operator import mul, sub
from typing import Final, TypeAlias

import attrs

from engine.bars import BAR
from engine.events import BookSide
from engine.facts import BandMoved, MarketResultKnown
from engine.scoring.packed_bars import (
    ASK_UNIT,
    BID_UNIT,
    NO_PRICE,
    NUMBER_UNIT,
    PackedBars,
)
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


Quote: TypeAlias = tuple[int, int]
"""What a contract brings that is held, and what one costs that is owed."""

NOBODY: Final[Quote] = (0, PRICE_ONE)
"""What a contract fetches where nobody bids: nothing, and a short one costs the dollar that it owes."""

BASE: Final = READINGS.index("base")


@attrs.define
class _Holding:
    """A strategy's position in a market under the three readings; changes of it as (at, counts, cash)."""

    counts: list[int] = attrs.field(factory=lambda: [0, 0, 0])
    cash: list[int] = attrs.field(factory=lambda: [0, 0, 0])
    steps: list[tuple[int, Amounts, Amounts]] = attrs.field(factory=list)


@attrs.frozen
class _Quotes:
    """The quotes at the ends of the minutes in which they changed, and by how much, in the order of time."""

    minutes: Sequence[int]
    bids: Sequence[int]
    asks: Sequence[int]
    bid_steps: Sequence[int]
    ask_steps: Sequence[int]

    @classmethod
    def of(cls, minutes: Sequence[int], bids: Sequence[int], asks: Sequence[int]) -> "_Quotes":
        """From columns of the same length."""
        bid, ask = NOBODY
        bid_steps, ask_steps = list(map(sub, bids, [bid, *bids])), list(map(sub, asks, [ask, *asks]))
        return cls(minutes, bids, asks, bid_steps, ask_steps)

    def at(self, place: int) -> Quote:
        """The one before a place."""
        return (self.bids[place - 1], self.asks[place - 1]) if place else NOBODY

    def steps(self, count: int, span: slice) -> Iterator[int]:
        """What so many contracts gain at each change in a span, in its order."""
        steps = self.bid_steps if count > 0 else self.ask_steps
        return map(mul, repeat(count), steps[span])


@attrs.define
class _Changes:
    """How much a strategy's worth changed at the end of each minute.

    By the base reading, and how much more by the two others: mostly nothing, and a season has millions.
    """

    base: defaultdict[int, int] = attrs.field(factory=lambda: defaultdict(int))
    beside: tuple[defaultdict[int, int], ...] = attrs.field(
        factory=lambda: tuple(defaultdict(int) for _reading in READINGS)
    )

    def add(self, minute: int, amounts: Amounts) -> None:
        """One change under the three readings."""
        base = amounts[BASE]
        self.base[minute] += base
        for beside, amount in zip(self.beside, amounts, strict=True):
            if amount != base:
                beside[minute] += amount - base

    def drift(self, counts: Amounts, quotes: _Quotes, span: slice) -> None:
        """What a holding that stays gains and loses as the quote moves on through a span."""
        minutes, base = quotes.minutes[span], self.base
        # Steps one after the other and nothing else in the loop: a season has millions of these.
        for minute, gain in zip(minutes, quotes.steps(counts[BASE], span), strict=True):
            base[minute] += gain
        for beside, count in zip(self.beside, counts, strict=True):
            if count != counts[BASE]:
                gains = zip(quotes.steps(count, span), quotes.steps(counts[BASE], span), strict=True)
                for minute, (gain, without) in zip(minutes, gains, strict=True):
                    beside[minute] += gain - without

    def in_order(self) -> Iterator[tuple[int, Amounts]]:
        """Minutes in which something changed, and what."""
        one, two, three = self.beside
        for minute in sorted(self.base.keys() | one.keys() | two.keys() | three.keys()):
            base = self.base.get(minute, 0)
            change = (base + one.get(minute, 0), base + two.get(minute, 0), base + three.get(minute, 0))
            if any(change):
                yield minute, change


class EquityCurve:
    """The changes of positions first, then the bars of each market, then the curves."""

    def __init__(self) -> None:
        """Begin with nothing held."""
        self._orders: dict[str, BandMoved] = {}
        self._holdings: dict[str, dict[str, _Holding]] = {}
        self._results: dict[str, list[tuple[int, int]]] = {}
        self._changes: dict[str, _Changes] = {}

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

    def on_result(self, fact: MarketResultKnown) -> None:
        """The venue's value of a market, the first one or a corrected one.

        It is that of every reading, and a reading may hold what the base one does not.
        """
        self._results.setdefault(fact.ticker, []).append((fact.at, int(fact.value)))

    def take(self, ticker: str, bars: PackedBars) -> None:
        """All bars of one market."""
        holdings = self._holdings.get(ticker)
        if not holdings:
            return
        quotes, results = _by_minute(bars), self._results.get(ticker, ())
        for strategy, holding in holdings.items():
            if holding.steps:
                _walk(holding, results, quotes, self._changes.setdefault(strategy, _Changes()))

    def of(self, strategy: str) -> tuple[EquityPoint, ...]:
        """The curve of a strategy, from the first change of its worth on."""
        worth = [0, 0, 0]
        points: list[EquityPoint] = []
        changes = self._changes.get(strategy)
        for minute, change in () if changes is None else changes.in_order():
            worth = [old + new for old, new in zip(worth, change, strict=True)]
            points.append(EquityPoint(Nanos(minute * NANOS_PER_MINUTE), *map(Money, worth)))
        return tuple(points)

    def _holding(self, strategy: str, ticker: str) -> _Holding:
        return self._holdings.setdefault(ticker, {}).setdefault(strategy, _Holding())


def _walk(holding: _Holding, known: Sequence[tuple[int, int]], quotes: _Quotes, changes: _Changes) -> None:
    """Go through the moments at which a holding changed, and the quotes between them."""
    steps, results = deque(holding.steps), deque(known)
    moments = sorted({_minute_of(at) for at in (*(row[0] for row in steps), *(row[0] for row in results))})
    counts: Amounts = (0, 0, 0)
    cash: Amounts = (0, 0, 0)
    value: int | None = None
    before: Amounts = (0, 0, 0)
    for number, minute in enumerate(moments):
        until = minute * NANOS_PER_MINUTE
        while steps and steps[0][0] <= until:
            _at, counts, cash = steps.popleft()
        while results and results[0][0] <= until:
            _at, value = results.popleft()
        place = bisect_right(quotes.minutes, minute)
        now = _worth(counts, cash, quotes.at(place) if value is None else (value, value))
        (one, two, three), (was_one, was_two, was_three) = now, before
        changes.add(minute, (one - was_one, two - was_two, three - was_three))
        before = now
        if value is None and counts != (0, 0, 0):
            following = moments[number + 1] if number + 1 < len(moments) else None
            end = len(quotes.minutes) if following is None else bisect_left(quotes.minutes, following)
            if end > place:
                changes.drift(counts, quotes, slice(place, end))
                before = _worth(counts, cash, quotes.at(end))


def _worth(counts: Amounts, cash: Amounts, prices: Quote) -> Amounts:
    """Money at what contracts bring that are held, and what they cost that are owed."""
    bought, sold = prices
    one, two, three = counts
    first, second, third = cash
    return (
        first + one * (bought if one > 0 else sold),
        second + two * (bought if two > 0 else sold),
        third + three * (bought if three > 0 else sold),
    )


def _minute_of(at: int) -> int:
    """The first minute that ends at or after a moment."""
    return -(-at // NANOS_PER_MINUTE)


def _by_minute(bars: PackedBars) -> _Quotes:
    """The quote at the end of every minute in which it changed; an empty book quotes nothing new."""
    packed, whole = bars.packed, len(bars)
    minutes: list[int] = []
    bids: list[int] = []
    asks: list[int] = []
    before: int | None = None
    place = 0
    while place < whole:
        minute = -(-(packed[place] // NUMBER_UNIT) // A_MINUTE)
        # The last bar of a minute is the one that stays.
        end = (minute * A_MINUTE + 1) * NUMBER_UNIT
        place = bisect_left(packed, end, place + 1, min(place + A_MINUTE, whole))
        quote = packed[place - 1] % NUMBER_UNIT // ASK_UNIT
        if quote not in (before, EMPTY):
            before = quote
            bid, ask = divmod(quote, BID_UNIT // ASK_UNIT)
            minutes.append(minute)
            bids.append(NOBODY[0] if bid == NO_PRICE else bid)
            asks.append(NOBODY[1] if ask == NO_PRICE else ask)
    return _Quotes.of(minutes, bids, asks)


EMPTY: Final = NO_PRICE * (BID_UNIT // ASK_UNIT) + NO_PRICE
"""The quote of a bar that ended with an empty book."""

A_MINUTE: Final = NANOS_PER_MINUTE // BAR
"""Bars of a minute."""
