"""Orders, cancels and amends set out for the venue: when each will arrive.

Called by the paper exchange for approved commands and for operators. Delays are drawn per order id from the
seed, so a replay draws the same.
"""

from typing import assert_never

from engine.events import BookSide, PriceRange
from engine.exchange.feed_clock import venue_now
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
"""The venue expects a game's markets to expire this long after its scheduled start."""


def submit(context: StepContext, command: OrderCommand, seed: int) -> bool:
    """Send a command on its way. False if the order id is known already, which changes nothing."""
    match command:
        case PlaceOrder():
            return _place(context, command, seed)
        case CancelOrder():
            return _cancel(context, command, seed)
        case AmendOrder():
            return _amend(context, command, seed)
        case _:
            assert_never(command)


def _place(context: StepContext, order: PlaceOrder, seed: int) -> bool:
    if order.order_id in context.state.known:
        return False
    rules = context.rules
    extra = rules.in_game_delay_ns if _may_take_in_play(context, order) else 0
    base = _way_in(context, seed, order.order_id, "entry") + extra
    pessimistic = rules.decide_to_send.pessimistic + rules.entry.pessimistic + extra
    sent = venue_now(context, order.ticker)
    arrives = Nanos(sent + base)
    # A drawn delay may lie beyond the percentile: the pessimistic reading is never the faster one.
    later = Nanos(sent + max(pessimistic, base))
    fast = rules.fast_way_in + extra
    earlier = Nanos(sent + fast) if fast < base else None
    context.emit(OrderSubmitted(order, arrives, context.now, later, earlier))
    return True


def _way_in(context: StepContext, seed: int, order_id: str, what: str) -> int:
    """Decision to sending, and sending to arrival."""
    rules = context.rules
    # Drawn apart for an order and its amend, which would else always take the same time.
    sent = rules.decide_to_send.draw(seed, f"decide_to_send:{what}", order_id)
    return sent + rules.entry.draw(seed, what, order_id)


def _may_take_in_play(context: StepContext, order: PlaceOrder) -> bool:
    """Whether sports venues that delay takers during a game would delay this one."""
    terms = context.state.market(order.ticker).terms
    if order.post_only or terms is None or terms.expected_expiration_at is None:
        return False
    return context.now >= terms.expected_expiration_at - GAME_LENGTH


def _cancel(context: StepContext, command: CancelOrder, seed: int) -> bool:
    if command.order_id not in context.state.known:
        context.refuse(command.order_id, command.strategy, RejectCode.ORDER_NOT_FOUND)
        return True
    order = context.state.orders.get(command.order_id)
    if order is not None and order.cancel_at is not None:
        return False
    sent = venue_now(context, context.state.known[command.order_id].ticker)
    at = Nanos(sent + context.rules.cancel.draw(seed, "cancel", command.order_id))
    context.emit(CancelSubmitted(command.order_id, command.strategy, at, CancelReason.REQUESTED, context.now))
    return True


def _amend(context: StepContext, command: AmendOrder, seed: int) -> bool:
    order = context.state.orders.get(command.order_id)
    if order is None:
        context.refuse(command.order_id, command.strategy, RejectCode.ORDER_NOT_FOUND, amend=True)
        return True
    if order.amend is not None:
        return False
    sent = venue_now(context, order.ticker)
    at = Nanos(sent + _way_in(context, seed, command.order_id, "amend"))
    context.emit(AmendSubmitted(command, at, context.now))
    return True


def cancel_many(context: StepContext, strategy: str | None, reason: CancelReason, seed: int) -> None:
    """Send cancels for every living order of a strategy, or of all.

    Those still under way are cancelled on arrival.
    """
    for order in list(context.state.orders.values()):
        if strategy is not None and order.strategy != strategy:
            continue
        if order.stage is Stage.DONE:
            context.cancel(order, reason)
            continue
        at = _when_cancelled(context, order, seed)
        # A cancel under way that would come before its order finds nothing, so it is sent again.
        if order.cancel_at is None or order.cancel_at > at or order.cancel_at < order.arrives_at:
            context.emit(CancelSubmitted(order.order_id, order.strategy, at, reason, context.now))


def _when_cancelled(context: StepContext, order: PaperOrder, seed: int) -> Nanos:
    sent = venue_now(context, order.ticker)
    at = sent + context.rules.cancel.draw(seed, "cancel", order.order_id)
    return Nanos(max(at, order.arrives_at) if order.stage is Stage.IN_FLIGHT else at)


def close_out(context: StepContext, position: tuple[str, str], request_id: str, seed: int) -> None:
    """Send a reducing order at the worst price of the market, so that it takes whatever is displayed."""
    strategy, ticker = position
    count = context.state.position(strategy, ticker).count
    if count == 0:
        return
    terms = context.state.market(ticker).terms
    ranges = (terms.price_ranges if terms is not None else ()) or CENT_TICKS
    side = BookSide.ASK if count > 0 else BookSide.BID
    order = PlaceOrder(
        # Named after the request: asked for twice it is one order, for an id is taken only once.
        order_id=f"close:{request_id}",
        strategy=strategy,
        game=context.state.games.get((strategy, ticker), ""),
        ticker=ticker,
        side=side,
        price=_worst(side, ranges),
        count=Count(abs(count)),
        tif=TimeInForce.IOC,
        decided_at=context.now,
        signal_id=f"operator:{request_id}",
        reduce_only=True,
        exit=True,
    )
    _place(context, order, seed)


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
