"""What every strategy was worth through a run, a point a minute, under the three readings.

Marked at prices that could be had, as in `engine.tally`: the middle would hide the spread. Markets are folded
one after the other and add up; a market without a new bar keeps the value that it had.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import Sequence
from operator import itemgetter
from typing import Final, TypeAlias

import attrs

from engine.events import BookSide
from engine.facts import BandMoved, PositionSettled
from engine.scoring.prices import BarRow
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


Quote: TypeAlias = tuple[int, int, int]
"""From the end of a minute on: what a contract brings that is held, and what one costs that is owed."""


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
        self._changes: dict[str, defaultdict[int, list[int]]] = {}

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

    def take(self, ticker: str, bars: Sequence[BarRow]) -> None:
        """All bars of one market, in the order of time."""
        holdings = self._holdings.get(ticker)
        if not holdings:
            return
        quotes = _by_minute(bars)
        for strategy, holding in holdings.items():
            if holding.steps:
                self._add(strategy, holding, quotes)

    def of(self, strategy: str) -> tuple[EquityPoint, ...]:
        """The curve of a strategy, from the first change of its worth on."""
        worth = [0, 0, 0]
        points: list[EquityPoint] = []
        for minute, change in sorted(self._changes.get(strategy, {}).items()):
            if any(change):
                worth = [old + new for old, new in zip(worth, change, strict=True)]
                points.append(EquityPoint(Nanos(minute * NANOS_PER_MINUTE), *map(Money, worth)))
        return tuple(points)

    def _holding(self, strategy: str, ticker: str) -> _Holding:
        return self._holdings.setdefault(ticker, {}).setdefault(strategy, _Holding())

    def _add(self, strategy: str, holding: _Holding, quotes: Sequence[Quote]) -> None:
        """Walk the moments at which the holding changed, and the quotes between them."""
        changes = self._changes.setdefault(strategy, defaultdict(_nothing))
        steps, results = deque(holding.steps), deque(holding.settled)
        moments = sorted(
            {_minute_of(at) for at in (*(row[0] for row in steps), *(row[0] for row in results))}
        )
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
            place = bisect_right(quotes, minute, key=itemgetter(0))
            _minute, bid, ask = quotes[place - 1] if place else NOBODY
            now = _worth(counts, cash, (bid, ask) if value is None else (value, value))
            change = changes[minute]
            for reading in range(3):
                change[reading] += now[reading] - before[reading]
            before = now
            if value is None and counts != (0, 0, 0):
                following = moments[number + 1] if number + 1 < len(moments) else None
                end = len(quotes) if following is None else bisect_left(quotes, following, key=itemgetter(0))
                if end > place:
                    _drift(changes, counts, [(minute, bid, ask), *quotes[place:end]])
                    before = _worth(counts, cash, quotes[end - 1][1:])


def _drift(changes: dict[int, list[int]], counts: Amounts, quotes: Sequence[Quote]) -> None:
    """What a holding that stays gains and loses as the quote moves on from the first of these."""
    held_one, held_two, held_three = (max(count, 0) for count in counts)
    owed_one, owed_two, owed_three = (min(count, 0) for count in counts)
    _minute, bid, ask = quotes[0]
    for minute, new_bid, new_ask in quotes[1:]:
        # Written out: a season has millions of these.
        up, down = new_bid - bid, new_ask - ask
        bid, ask = new_bid, new_ask
        change = changes[minute]
        change[0] += held_one * up + owed_one * down
        change[1] += held_two * up + owed_two * down
        change[2] += held_three * up + owed_three * down


def _nothing() -> list[int]:
    return [0, 0, 0]


def _worth(counts: Amounts, cash: Amounts, prices: tuple[int, int]) -> Amounts:
    """Money at what contracts bring that are held, and what they cost that are owed."""
    bought, sold = prices
    one, two, three = counts
    first, second, third = cash
    return (
        first + one * (bought if one > 0 else sold),
        second + two * (bought if two > 0 else sold),
        third + three * (bought if three > 0 else sold),
    )


NOBODY: Final[Quote] = (0, 0, PRICE_ONE)
"""What a contract fetches where nobody bids: nothing, and a short one costs the dollar that it owes."""


def _minute_of(at: int) -> int:
    """The first minute that ends at or after a moment."""
    return -(-at // NANOS_PER_MINUTE)


def _by_minute(bars: Sequence[BarRow]) -> list[Quote]:
    """The quote at the end of every minute in which it changed, in the order of time."""
    # The last bar of a minute is the one that stays.
    latest = {-(-bar[0] // NANOS_PER_MINUTE): bar for bar in bars}
    found: list[Quote] = []
    _none, bid, ask = NOBODY
    for minute, (_at, yes_bid, yes_ask, *_rest) in latest.items():
        new_bid = NOBODY[1] if yes_bid is None else yes_bid
        new_ask = NOBODY[2] if yes_ask is None else yes_ask
        if new_bid != bid or new_ask != ask:
            bid, ask = new_bid, new_ask
            found.append((minute, bid, ask))
    return found
