"""The rows that are folded from facts: a strategy, an order, a position, a strategy's sums, a limit.

Changed by `persistence.projections` only; the fields of each class are the columns of its table after `run`,
in their order (held by a test), so that a row turns into a tuple for the database without a look at names.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, ClassVar, Generic, Self, TypeVar

import attrs
from sqlalchemy import Table

from engine.events import BookSide
from engine.facts import OrderFilled, PositionSettled
from engine.orders import PlaceOrder
from engine.positions import Position, Trade, trade
from engine.units import PRICE_ONE, Count, Money
from persistence.tables import positions, risk_limits, simulated_orders, strategies, strategy_performance

Values = tuple[object, ...]


class _Folded:
    """A row as a tuple and a copy of a row; both are on the writer's hot path."""

    __slots__ = ()
    _get: ClassVar[Callable[[Any], Values]]

    def values(self) -> Values:
        """The row's columns after `run`."""
        return type(self)._get(self)  # noqa: SLF001 - its own class

    def copy(self) -> Self:
        """A copy of the row."""
        return type(self)(*type(self)._get(self))  # noqa: SLF001 - its own class


@attrs.define
class StrategyRow(_Folded):
    """A strategy's account and parameters as they are now."""

    TABLE: ClassVar[Table] = strategies
    strategy: str
    kind: str
    bankroll: int
    parameters: str
    enabled: int
    opened_at: int
    seq: int


@attrs.define
class OrderRow(_Folded):
    """An order from the wish to its end. A denied wish has no terms: its fact does not carry them."""

    TABLE: ClassVar[Table] = simulated_orders
    order_id: str
    strategy: str
    game: str
    ticker: str
    signal_id: str
    status: str
    reason: str | None = None
    side: str | None = None
    price: int | None = None
    count: int | None = None
    tif: str | None = None
    post_only: int = 0
    reduce_only: int = 0
    is_exit: int = 0
    expires_at: int | None = None
    leg_of: str | None = None
    p_fair: float | None = None
    decided_at: int | None = None
    arrives_at: int | None = None
    closed_at: int | None = None
    filled: int = 0
    remaining: int = 0
    ahead: int | None = None
    fees: int = 0
    pessimistic: int = 0
    base: int = 0
    optimistic: int = 0
    pessimistic_cash: int = 0
    base_cash: int = 0
    optimistic_cash: int = 0
    seq: int = 0

    @classmethod
    def of(cls, order: PlaceOrder, status: str) -> Self:
        """A row with the terms of a wish to place."""
        row = cls(order.order_id, order.strategy, order.game, order.ticker, order.signal_id, status)
        row.side = order.side.value
        row.price = order.price
        row.count = row.remaining = order.count
        row.tif = order.tif.value
        row.post_only = int(order.post_only)
        row.reduce_only = int(order.reduce_only)
        row.is_exit = int(order.exit)
        row.expires_at = order.expires_at
        row.leg_of = order.leg_of
        row.p_fair = finite(order.p_fair)
        row.decided_at = order.decided_at
        return row

    @property
    def open(self) -> bool:
        """Whether the order may still trade."""
        return self.status in OPEN_STATES


OPEN_STATES = ("approved", "submitted", "resting")


@attrs.define
class PositionRow(_Folded):
    """One strategy's signed contracts of one market: YES above zero, NO below.

    `cost` is what the open contracts were bought for (NO at 1 - price), at average cost; `realized` is before
    fees.
    """

    TABLE: ClassVar[Table] = positions
    strategy: str
    ticker: str
    game: str
    position: int = 0
    cost: int = 0
    realized: int = 0
    fees: int = 0
    bought: int = 0
    sold: int = 0
    settled_value: int | None = None
    settled_cost: int = 0
    changed_at: int = 0
    seq: int = 0

    def trade(self, fill: OrderFilled) -> int:
        """Take in a fill by the exchange's own arithmetic; returns what it realized before fees."""
        before = Position(Count(self.position), Money(self.cost), Money(self.realized), Money(self.fees))
        after = trade(before, Trade(fill.side, fill.price, fill.count, fill.fee)).position
        if fill.side is BookSide.BID:
            self.bought += fill.count
        else:
            self.sold += fill.count
        self.position = after.count
        self.cost = after.cost
        self.realized = after.realized
        self.fees = after.fees
        return after.realized - before.realized

    def settle(self, fact: PositionSettled) -> tuple[int, int]:
        """The venue's result pays the position, or a result is taken back and the contracts are open again.

        Returns what it realized and what was lost to rounding (booked as a fee).
        """
        count = fact.position
        gross = count * fact.value if count >= 0 else -count * (PRICE_ONE - fact.value)
        rest = gross - abs(fact.payout)
        if fact.reversal:
            gain, rest = self.settled_cost - gross, -rest
            self.position, self.cost = count, self.settled_cost
            self.settled_value, self.settled_cost = None, 0
        else:
            gain = gross - self.cost
            self.settled_value, self.settled_cost = fact.value, self.cost
            self.position = self.cost = 0
        self.realized += gain
        self.fees += rest
        return gain, rest


@attrs.define
class PerformanceRow(_Folded):
    """A strategy's sums. The band fields sum the cash of its orders under the three readings; marks are not
    in them.
    """

    TABLE: ClassVar[Table] = strategy_performance
    strategy: str
    signals: int = 0
    approved: int = 0
    denied: int = 0
    orders: int = 0
    rejected: int = 0
    cancelled: int = 0
    fills: int = 0
    contracts: int = 0
    fees: int = 0
    realized: int = 0
    pessimistic_cash: int = 0
    base_cash: int = 0
    optimistic_cash: int = 0
    changed_at: int = 0
    seq: int = 0


@attrs.define
class LimitRow(_Folded):
    """A limit changed while running, or (`name` "halt") whether a scope is halted."""

    TABLE: ClassVar[Table] = risk_limits
    scope: str
    name: str
    value: str
    set_by: str
    why: str
    at: int
    seq: int


_KINDS: tuple[type[_Folded], ...] = (StrategyRow, OrderRow, PositionRow, PerformanceRow, LimitRow)
for _kind in _KINDS:
    _kind._get = attrgetter(*(field.name for field in attrs.fields(_kind)))  # type: ignore[arg-type]  # noqa: SLF001


def finite(number: float | None) -> float | None:
    """None for what no database keeps alike: infinities and what is not a number."""
    return number if number is not None and number - number == 0.0 else None


R = TypeVar("R", bound=_Folded)
K = TypeVar("K")


class TableCache(Generic[K, R]):
    """The rows of one table by key, with what a batch changed, so that a failed batch can be taken back.

    `elsewhere` are the keys of rows that are in the database and perhaps not here; `load` fetches one when it
    is needed.
    """

    def __init__(self, load: Callable[[K], R | None] | None = None) -> None:
        self.rows: dict[K, R] = {}
        self.elsewhere: set[K] = set()
        self._load = load
        self._before: dict[K, R | None] = {}

    def find(self, key: K) -> R | None:
        """The row, about to be changed; from the database if it is no longer remembered."""
        row = self.rows.get(key)
        if row is None and key in self.elsewhere and self._load is not None:
            row = self._load(key)
            if row is not None:
                self.rows[key] = row
        if row is not None and key not in self._before:
            self._before[key] = row.copy()
        return row

    def put(self, key: K, row: R) -> R:
        """A new row."""
        self._before.setdefault(key, None)
        self.rows[key] = row
        return row

    def changed(self) -> list[Values]:
        """The rows that the batch changed, in the order of their first change."""
        return [self.rows[key].values() for key in self._before]

    def commit(self) -> None:
        """The batch is durable."""
        self._before.clear()

    def rollback(self) -> None:
        """The batch failed: everything is as before it."""
        for key, row in self._before.items():
            if row is None:
                del self.rows[key]
            else:
                self.rows[key] = row
        self._before.clear()

    def forget(self, done: Callable[[R], bool], keep_max: int) -> None:
        """Drop rows that are done, oldest first, until no more than `keep_max` are left. Between batches
        only.
        """
        surplus = len(self.rows) - keep_max
        if surplus <= 0 or self._load is None:
            return
        for key in [key for key, row in self.rows.items() if done(row)][:surplus]:
            del self.rows[key]
            self.elsewhere.add(key)
