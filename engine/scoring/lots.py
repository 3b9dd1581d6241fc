"""What each fill that opened a position brought: its contracts are closed first in, first out.

The sum over all fills is the strategy's realized result, to the last digit. The average cost of the ledger
would give the same sum, but no answer to what a single fill brought.
"""

from collections import deque

import attrs

from engine.events import BookSide
from engine.facts import OrderFilled, PositionSettled
from engine.units import COUNT_ZERO, MONEY_ZERO, Count, Money


@attrs.define
class Lot:
    """The part of a fill that opened a position: how much of it is closed by now, and its gain after fees."""

    fill_id: str
    sign: int
    price: int
    opened: Count
    fee: Money
    closed: Count = COUNT_ZERO
    gain: Money = MONEY_ZERO

    @property
    def open(self) -> int:
        """Contracts that are still held."""
        return self.opened - self.closed

    def close(self, count: int, price: int, fee: int) -> None:
        """Close some of it at a YES price; `fee` is what closing costs."""
        own_fee = _share(self.fee, self.closed + count, self.opened) - _share(
            self.fee, self.closed, self.opened
        )
        self.closed = Count(self.closed + count)
        self.gain = Money(self.gain + self.sign * (price - self.price) * count - fee - own_fee)


class Lots:
    """The lots of every strategy and market."""

    def __init__(self) -> None:
        """Begin flat."""
        self.by_fill: dict[str, Lot] = {}
        self._open: dict[tuple[str, str], deque[Lot]] = {}
        self._settled: dict[tuple[str, str], list[tuple[Lot, Lot]]] = {}

    def on_filled(self, fact: OrderFilled) -> None:
        """Close what is held the other way, oldest first; what is left opens a lot."""
        key = (fact.strategy, fact.ticker)
        held = self._open.setdefault(key, deque())
        sign = 1 if fact.side is BookSide.BID else -1
        left, paid = int(fact.count), 0
        while left and held and held[0].sign != sign:
            count = min(left, held[0].open)
            done = fact.count - left
            fee = _share(fact.fee, done + count, fact.count) - _share(fact.fee, done, fact.count)
            held[0].close(count, fact.price, fee)
            left, paid = left - count, paid + fee
            if not held[0].open:
                held.popleft()
        if left:
            lot = Lot(fact.fill_id, sign, fact.price, Count(left), Money(fact.fee - paid))
            self.by_fill[fact.fill_id] = lot
            held.append(lot)

    def on_settled(self, fact: PositionSettled) -> None:
        """Close all of a market at the venue's value; a corrected result opens it again."""
        key = (fact.strategy, fact.ticker)
        if fact.reversal:
            for lot, before in self._settled.pop(key, ()):
                lot.closed, lot.gain = before.closed, before.gain
                self._open.setdefault(key, deque()).append(lot)
            return
        held = self._open.pop(key, deque())
        self._settled[key] = [(lot, attrs.evolve(lot)) for lot in held]
        for lot in held:
            lot.close(lot.open, fact.value, 0)


def _share(amount: int, part: int, whole: int) -> int:
    """The part's share of an amount, rounded down; all of it for the whole, so that shares add up."""
    return amount * part // whole
