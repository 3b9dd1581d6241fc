"""A strategy's portfolio: its positions, its open orders, its counters and its cooldowns.

Folded from the strategy's own facts, live and after a restart alike, so that both give the same portfolio.
Used by strategies only.
"""

from collections.abc import Iterable
from typing import Final, TypeVar

import attrs

from engine.events import BookSide
from engine.facts import (
    ORDER_EVIDENCE,
    Fact,
    OrderAmended,
    OrderApproved,
    OrderCancelled,
    OrderDenied,
    OrderFilled,
    OrderRejected,
    PositionSettled,
    SignalAction,
    SignalRaised,
)
from engine.message import changed
from engine.orders import PlaceOrder
from engine.reasons import DenialReason
from engine.units import COUNT_ZERO, MONEY_ZERO, PRICE_ONE, Count, Money, Nanos

LASTING: Final = (
    DenialReason.ORDERS_PER_HOUR,
    DenialReason.ORDERS_PER_DAY,
    DenialReason.LOSS_PER_DAY,
    DenialReason.LOSS_PER_WEEK,
    DenialReason.DRAWDOWN_STRATEGY,
    DenialReason.DRAWDOWN_TOTAL,
)
"""Denials that another try in a few minutes would only meet again. Halts are not among them: after `resume`
trading goes on at once.
"""

K = TypeVar("K")


@attrs.define
class Holding:
    """A position in one market: `count` is + YES, - NO; `cost` what it cost with fees, in the held side's
    terms.
    """

    count: Count = COUNT_ZERO
    cost: Money = MONEY_ZERO
    opened_at: Nanos = Nanos(0)
    p_entry_fair: float | None = None
    halved: bool = False

    def p_cost(self) -> float:
        """Cost of one contract of the held side in dollars, fees included."""
        return self.cost / (abs(self.count) * PRICE_ONE) if self.count else 0.0


@attrs.define
class OpenOrder:
    """An order of ours that may still trade; `cancelling` once its cancel is on its way."""

    order: PlaceOrder
    remaining: Count
    cancelling: bool = False


class Portfolio:
    """The state of one strategy's own trading."""

    def __init__(self, name: str) -> None:
        """Begin with nothing."""
        self.name = name
        self.holdings: dict[str, Holding] = {}
        self.orders: dict[str, OpenOrder] = {}
        self.entered_at: dict[str, Nanos] = {}
        self.left_at: dict[str, Nanos] = {}
        self.denied_at: dict[str, Nanos] = {}
        self.missed_at: dict[tuple[str, str], Nanos] = {}
        self._signals = 0
        self._orders = 0
        self._fills: set[str] = set()
        self._ended: set[str] = set()

    def next_signal(self) -> str:
        """A new signal's id."""
        self._signals += 1
        return f"{self.name}/s{self._signals}"

    def next_order(self) -> str:
        """A new order's id."""
        self._orders += 1
        return f"{self.name}-{self._orders}"

    def sent(self, order: PlaceOrder) -> None:
        """Note an order that was sent to the gate; it is open until it is denied, cancelled or filled."""
        # Before the gate has judged it: until then no second order for the same reason may follow.
        self.orders[order.order_id] = OpenOrder(order, order.count)

    def held(self, ticker: str) -> Count:
        """The position in a market, signed."""
        holding = self.holdings.get(ticker)
        return COUNT_ZERO if holding is None else holding.count

    def open_in(self, ticker: str) -> list[OpenOrder]:
        """Own orders of a market that may still trade."""
        orders = self.orders
        return [each for each in orders.values() if each.order.ticker == ticker] if orders else []

    def at_risk(self, tickers: Iterable[str]) -> Money:
        """What the positions and open entries of these markets can lose together, each taken for itself."""
        wanted = set(tickers)
        risk: int = sum(holding.cost for ticker, holding in self.holdings.items() if ticker in wanted)
        for open_order in self.orders.values():
            order = open_order.order
            if order.ticker in wanted and not order.exit:
                price = order.price if order.side is BookSide.BID else PRICE_ONE - order.price
                risk += price * open_order.remaining
        return Money(risk)

    def apply(self, fact: Fact) -> bool:
        """Fold one fact; returns whether it was about this portfolio."""
        match fact:
            case SignalRaised() if fact.strategy == self.name:
                self._signalled(fact)
            case OrderApproved(command=PlaceOrder() as order) if order.strategy == self.name:
                self._count(order.order_id)
                # After a restart an approval may be heard again when its order has ended already.
                if order.order_id not in self._ended:
                    self.orders.setdefault(order.order_id, OpenOrder(order, order.count))
            case OrderDenied(ticker="") if fact.strategy == self.name:
                # A cancel or an amend was denied: its order stands as it was.
                if fact.order_id in self.orders:
                    self.orders[fact.order_id].cancelling = False
            case OrderDenied() | OrderRejected() | OrderCancelled() if fact.strategy == self.name:
                if isinstance(fact, OrderDenied) and fact.reason in LASTING:
                    _latest(self.denied_at, fact.ticker, fact.at)
                self._count(fact.order_id)
                self._end(fact.order_id)
            case OrderFilled() if fact.strategy == self.name:
                self._filled(fact)
            case OrderAmended() if fact.strategy == self.name:
                self._amended(fact)
            case PositionSettled() if fact.strategy == self.name:
                self.holdings.pop(fact.ticker, None)
            case _:
                return False
        return True

    def take_over(self, other: object) -> None:
        """Be as a portfolio that is not used any further."""
        assert isinstance(other, Portfolio)  # noqa: S101 - a memory of one
        vars(self).update(vars(other))

    def restore(self, facts: Iterable[Fact]) -> None:
        """Fold the facts of an earlier life."""
        for fact in facts:
            self.apply(fact)

    def _signalled(self, fact: SignalRaised) -> None:
        self._signals = max(self._signals, _number(fact.signal_id, "/s"))
        match fact.action:
            case SignalAction.NO_TRADE:
                _latest(self.missed_at, (fact.ticker, fact.reason), fact.at)
            case SignalAction.ENTER:
                _latest(self.entered_at, fact.ticker, fact.at)
            case SignalAction.EXIT:
                _latest(self.left_at, fact.ticker, fact.at)
        for name, value in fact.evidence:
            if name == ORDER_EVIDENCE:
                self._count(value)

    def _end(self, order_id: str) -> None:
        self.orders.pop(order_id, None)
        self._ended.add(order_id)

    def _count(self, order_id: str) -> None:
        # Numbers are taken from what was sent: after a restart the next id must be one that was never used.
        self._orders = max(self._orders, _number(order_id, "-"))

    def _filled(self, fact: OrderFilled) -> None:
        if fact.fill_id in self._fills:
            # Remembered before a restart, heard after it: the same fact may come twice.
            return
        self._fills.add(fact.fill_id)
        self._count(fact.order_id)
        open_order = self.orders.get(fact.order_id)
        if open_order is not None:
            open_order.remaining = fact.remaining
        if fact.remaining <= 0:
            self._end(fact.order_id)
        holding = self.holdings.setdefault(fact.ticker, Holding())
        change = fact.count if fact.side is BookSide.BID else -fact.count
        before = holding.count
        if before == 0:
            holding.opened_at = fact.at
            holding.halved = False
        closing = min(abs(change), abs(before)) if before * change < 0 else 0
        if closing:
            holding.cost = Money(holding.cost - holding.cost * closing // abs(before))
            holding.halved = True
        opening = abs(change) - closing
        if opening:
            price = fact.price if fact.side is BookSide.BID else PRICE_ONE - fact.price
            # A fill that closes and opens pays one fee: only the opening part belongs to the new position's
            # cost.
            fee = fact.fee * opening // abs(change)
            base = 0 if closing else holding.cost
            holding.cost = Money(base + price * opening + fee)
            if closing:
                holding.opened_at = fact.at
        holding.count = Count(before + change)
        if open_order is not None and opening:
            holding.p_entry_fair = open_order.order.p_fair
        if holding.count == 0:
            del self.holdings[fact.ticker]

    def _amended(self, fact: OrderAmended) -> None:
        open_order = self.orders.get(fact.order_id)
        if open_order is not None:
            open_order.order = changed(open_order.order, price=fact.price)
            open_order.remaining = fact.remaining


def ticker_of(fact: Fact) -> str:
    """The market of a fact that ends or changes an order or a position; empty for others."""
    match fact:
        case OrderApproved(command=PlaceOrder() as order):
            return order.ticker
        case OrderDenied() | OrderRejected() | OrderCancelled() | OrderFilled() | PositionSettled():
            return fact.ticker
        case OrderAmended():
            return ""
        case _:
            return ""


def _latest(moments: dict[K, Nanos], key: K, at: Nanos) -> None:
    """Keep the later moment: a fact is folded when it is decided and heard again when it is committed."""
    moments[key] = max(at, moments.get(key, at))


def _number(text: str, mark: str) -> int:
    """The counter at the end of an id of ours; 0 for ids that are not."""
    digits = text.rpartition(mark)[2]
    return int(digits) if digits.isascii() and digits.isdigit() else 0
