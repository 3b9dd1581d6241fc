"""Orders, cancels and amends set out for the venue: when each will arrive.

Called by the paper exchange for approved commands and for operators. Delays are drawn per order id from the
seed, so a replay draws the same.
"""

from typing import assert_never

from engine.events import BookSide, PriceRange
from engine.exchange.orders import PaperOrder, Stage
from engine.exchange.rules import CENT_TICKS
from engine.exchange.step_context import StepContext
from engine.facts import OrderSubmitted
from engine.orders import (
    AmendOrder,
    CancelOrder,
    CancelReason,
    OrderCommand,
    PlaceOrder,
    RejectCode,
    TimeInForce,
)
from engine.units import NANOS_PER_HOUR, PRICE_ONE, Count, Nanos, Price
from engine.venue_facts import AmendSubmitted, CancelSubmitted

GAME_LENGTH = Nanos(3 * NANOS_PER_HOUR)
"""The venue expects a game's markets to expire this long after its scheduled start (kalshi.md §3)."""


def submit(desk: StepContext, command: OrderCommand, seed: int) -> bool:
    """Send a command on its way. False if the order id is known already, which changes nothing."""
    match command:
        case PlaceOrder():
            return _place(desk, command, seed)
        case CancelOrder():
            return _cancel(desk, command, seed)
        case AmendOrder():
            return _amend(desk, command, seed)
        case _:
            assert_never(command)


def _place(desk: StepContext, order: PlaceOrder, seed: int) -> bool:
    if order.order_id in desk.state.known:
        return False
    rules = desk.rules
    extra = rules.in_game_delay_ns if _may_take_in_play(desk, order) else 0
    base = _way_in(desk, seed, order.order_id, "entry") + extra
    pessimistic = rules.decide_to_send.pessimistic + rules.entry.pessimistic + extra
    arrives = Nanos(desk.now + base)
    later = Nanos(desk.now + pessimistic) if pessimistic > base else None
    desk.emit(OrderSubmitted(order, arrives, desk.now, later))
    return True


def _way_in(desk: StepContext, seed: int, order_id: str, what: str) -> int:
    """Decision to sending, and sending to arrival."""
    rules = desk.rules
    sent = rules.decide_to_send.draw(seed, f"decide_to_send:{what}", order_id)
    return sent + rules.entry.draw(seed, what, order_id)


def _may_take_in_play(desk: StepContext, order: PlaceOrder) -> bool:
    """Whether sports venues that delay takers during a game would delay this one."""
    terms = desk.state.market(order.ticker).terms
    if order.post_only or terms is None or terms.expected_expiration_at is None:
        return False
    return desk.now >= terms.expected_expiration_at - GAME_LENGTH


def _cancel(desk: StepContext, command: CancelOrder, seed: int) -> bool:
    if command.order_id not in desk.state.known:
        desk.refuse(command.order_id, command.strategy, RejectCode.ORDER_NOT_FOUND)
        return True
    order = desk.state.orders.get(command.order_id)
    if order is not None and order.cancel_at is not None:
        return False
    at = Nanos(desk.now + desk.rules.cancel.draw(seed, "cancel", command.order_id))
    desk.emit(CancelSubmitted(command.order_id, command.strategy, at, CancelReason.REQUESTED, desk.now))
    return True


def _amend(desk: StepContext, command: AmendOrder, seed: int) -> bool:
    order = desk.state.orders.get(command.order_id)
    if order is None:
        desk.refuse(command.order_id, command.strategy, RejectCode.ORDER_NOT_FOUND, amend=True)
        return True
    if order.amend is not None:
        return False
    at = Nanos(desk.now + _way_in(desk, seed, command.order_id, "amend"))
    desk.emit(AmendSubmitted(command, at, desk.now))
    return True


def cancel_many(desk: StepContext, strategy: str | None, reason: CancelReason, seed: int) -> None:
    """Send cancels for every living order of a strategy, or of all.

    Those still under way are cancelled on arrival.
    """
    for order in list(desk.state.orders.values()):
        if strategy is not None and order.strategy != strategy:
            continue
        if order.stage is Stage.DONE:
            desk.cancel(order, reason)
            continue
        at = _when_cancelled(desk, order, seed)
        if order.cancel_at is None or order.cancel_at > at or order.cancel_at < order.arrives_at:
            desk.emit(CancelSubmitted(order.order_id, order.strategy, at, reason, desk.now))


def _when_cancelled(desk: StepContext, order: PaperOrder, seed: int) -> Nanos:
    at = desk.now + desk.rules.cancel.draw(seed, "cancel", order.order_id)
    return Nanos(max(at, order.arrives_at) if order.stage is Stage.IN_FLIGHT else at)


def close_out(desk: StepContext, position: tuple[str, str], request_id: str, seed: int) -> None:
    """Send a reducing order at the worst price of the market, so that it takes whatever is displayed."""
    strategy, ticker = position
    count = desk.state.position(strategy, ticker).count
    if count == 0:
        return
    terms = desk.state.market(ticker).terms
    ranges = (terms.price_ranges if terms is not None else ()) or CENT_TICKS
    side = BookSide.ASK if count > 0 else BookSide.BID
    order = PlaceOrder(
        order_id=f"close:{request_id}",
        strategy=strategy,
        game=desk.state.games.get(ticker, ""),
        ticker=ticker,
        side=side,
        price=_worst(side, ranges),
        count=Count(abs(count)),
        tif=TimeInForce.IOC,
        decided_at=desk.now,
        signal_id=f"operator:{request_id}",
        reduce_only=True,
        exit=True,
    )
    _place(desk, order, seed)


def _worst(side: BookSide, ranges: tuple[PriceRange, ...]) -> Price:
    """The highest price that may be bid, or the lowest that may be asked; 0 and 1 dollar are no prices."""
    ticks = [tick for each in ranges for tick in (_lowest(each), _highest(each)) if 0 < tick < PRICE_ONE]
    return max(ticks) if side is BookSide.BID else min(ticks)


def _lowest(ticks: PriceRange) -> Price:
    """The first tick of a range that is a price at all: real ranges begin at 0.0000."""
    return ticks.start if ticks.start > 0 else Price(ticks.start + ticks.step)


def _highest(ticks: PriceRange) -> Price:
    """The last tick of a range that is a price at all: real ranges end at 1.0000."""
    last = ticks.end - (ticks.end - ticks.start) % ticks.step
    return Price(last if last < PRICE_ONE else last - ticks.step)
