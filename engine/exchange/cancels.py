"""Cancels, amends and expiries arrive, each by its own way, and may lose the race against a fill.

Called by the paper exchange's timers and by operators. While a market cannot be followed nobody knows who
won: they wait until the gap is decided.
"""

import attrs

from engine.exchange.arrival import meet, meeting
from engine.exchange.market import Market
from engine.exchange.orders import PaperOrder, Stage
from engine.exchange.refusals import Refusal, closed, exchange_paused, refused_by_venue
from engine.exchange.step_context import StepContext
from engine.facts import OrderAmended
from engine.orders import AmendOrder, CancelReason, RejectCode
from engine.units import Count


def cancel_arrives(context: StepContext, order_id: str) -> None:
    """A cancel has arrived: the order may be resting, filled, or not yet there."""
    wish = context.state.known[order_id]
    order = context.state.orders.get(order_id)
    market = context.state.market_of(wish)
    if order is not None and market.no_visibility_since is not None:
        return
    terms = market.venue.terms
    if terms is not None:
        refused = exchange_paused(context, terms) or closed(context, terms)
        if refused is not None:
            context.refuse(order_id, wish.strategy, refused.code)
            return
    if order is not None and order.stage is Stage.RESTING:
        context.cancel(order, order.cancel_reason)
    elif order is not None and order.stage is Stage.DONE:
        # The other readings of a filled order heed the cancel; the strategy hears that it came too late.
        context.cancel(order, order.cancel_reason)
        context.refuse(order_id, wish.strategy, RejectCode.ORDER_NOT_FOUND)
        return
    if order is None or order.stage is Stage.IN_FLIGHT:
        context.refuse(order_id, wish.strategy, RejectCode.ORDER_NOT_FOUND)


def expires(context: StepContext, order: PaperOrder) -> None:
    """An order's time is over."""
    if context.state.market_of(order).no_visibility_since is None:
        context.cancel(order, CancelReason.EXPIRED)


def amend_arrives(context: StepContext, order_id: str) -> None:
    """An amend has arrived. Only a smaller count at the same price keeps the place in the queue."""
    wish = context.state.known[order_id]
    order = context.state.orders.get(order_id)
    if order is None or order.stage is not Stage.RESTING or order.amend is None:
        context.refuse(order_id, wish.strategy, RejectCode.ORDER_NOT_FOUND, amend=True)
        return
    market = context.state.market_of(order)
    if market.no_visibility_since is not None:
        return
    amend = order.amend
    if amend.count <= order.filled:
        context.cancel(order, CancelReason.AMENDED_TO_NOTHING)
    elif amend.price == order.price and amend.count <= order.count:
        _shrink(context, market, order, amend)
    elif context.moment < market.blind_to:
        # It met a book that nobody saw. Met with the book of now it might take what was not there then.
        context.cancel(order, CancelReason.DOWNTIME_UNKNOWN)
    else:
        _requeue(context, market, order, amend)


def _shrink(context: StepContext, market: Market, order: PaperOrder, amend: AmendOrder) -> None:
    """Less of the same keeps its place."""
    refused = refused_by_venue(context, market.venue)
    if refused is not None:
        context.refuse(order.order_id, order.strategy, refused.code, amend=True)
        return
    ahead = order.venue_ahead + market.own_levels(order.side)[order.price].own_ahead(order)
    context.emit(_amended(context, order, amend, Count(ahead)))


def _requeue(context: StepContext, market: Market, order: PaperOrder, amend: AmendOrder) -> None:
    """Another price or more contracts: the order meets the book like a new one, or stays as it was."""
    probe = attrs.evolve(order, price=amend.price, count=amend.count, stage=Stage.IN_FLIGHT)
    met = meeting(context, market, probe)
    if isinstance(met, Refusal):
        context.refuse(order.order_id, order.strategy, met.code, amend=True)
        return
    context.emit(_amended(context, order, amend, None))
    meet(context, market, order, met)


def _amended(context: StepContext, order: PaperOrder, amend: AmendOrder, kept: Count | None) -> OrderAmended:
    """What changed; `kept` is the place in the queue if it was kept."""
    return OrderAmended(
        order_id=order.order_id,
        strategy=order.strategy,
        price=amend.price,
        remaining=Count(amend.count - order.filled),
        ahead=Count(0) if kept is None else kept,
        at=context.now,
        count=amend.count,
        requeued=kept is None,
    )
