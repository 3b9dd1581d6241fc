"""A market that stands still: nothing of ours rests in it, nothing enters, and what is held stays as it was.

Used by the paper exchange for markets of which something could not be applied or decided on. Their books and
terms are followed, so that they can be released.
"""

from engine.events import (
    BookRefused,
    BookSnapshot,
    MarketDetermined,
    MarketSettled,
    TradePrinted,
    TradesRecovered,
    VenueEvent,
)
from engine.exchange import lifecycle
from engine.exchange.market import VenueMarket
from engine.exchange.orders import PaperOrder
from engine.exchange.state import ExchangeState
from engine.exchange.step_context import StepContext
from engine.exchange.timers import BEHIND, CLOSE, CREDIT, RECOVERY, TOLD, read_credit_subject, read_place
from engine.facts import OrderCancelled, OrderRejected, OrderSubmitted
from engine.orders import CancelReason, OrderCommand, PlaceOrder, RejectCode
from engine.units import Count
from engine.venue_facts import BandEnded, BlindnessEnded


def freeze(context: StepContext, market: VenueMarket) -> None:
    """Take back every order in it, in every reading, without a journey; what a gap did stays unknown."""
    for order in list(context.state.orders.values()):
        if order.ticker == market.ticker:
            _cancel(context, order)
    for each in market.accounts.values():
        since = each.no_visibility_since
        if since is not None:
            context.emit(BlindnessEnded(market.ticker, since, False, context.now, each.account))
        # A fact that failed half way may have left an order in a queue that no order's end finds.
        each.bids.clear()
        each.asks.clear()
    timers = context.state.timers
    for key in list(timers.due):
        if market_of_timer(context.state, key) == market.ticker:
            kind, _, subject = key.partition(":")
            timers.disarm(kind, subject)


def _cancel(context: StepContext, order: PaperOrder) -> None:
    left, reason = Count(order.remaining), CancelReason.MARKET_FROZEN
    ended = OrderCancelled(order.order_id, order.strategy, order.ticker, left, reason, context.now)
    fact = ended if left > 0 else BandEnded(order.order_id, context.now)
    try:
        context.emit(fact)
    # The state of this market is what failed; everybody else must hear all the same that the order is over.
    except Exception:  # noqa: BLE001
        context.facts.append(fact)
    context.state.orders.pop(order.order_id, None)


def kept_still(context: StepContext, market: VenueMarket, event: VenueEvent, *, settles: bool) -> bool:
    """Take in what is heard of a frozen market; False if it is for the exchange as for any other market.

    A result is booked if the position is known for certain (`settles`); else it waits for the release.
    """
    match event:
        case BookSnapshot():
            market.book.apply_snapshot(event)
            lifecycle.follow_status(context, market)
            return True
        case TradePrinted() | TradesRecovered():
            return True
        case BookRefused():
            if market.book.concerns(event):
                market.book.feed_gapped()
            return True
        case MarketDetermined() | MarketSettled():
            return not settles
        case _:
            return False


def refuse_new(context: StepContext, command: OrderCommand) -> bool:
    """Refuse an order for a frozen market; False for what may go its way: a cancel of what is over anyway."""
    if not isinstance(command, PlaceOrder) or command.order_id in context.state.known:
        return False
    # Sent as well as refused, or the next start would take it for an approval that never set out.
    context.emit(OrderSubmitted(command, context.now, context.now))
    detail = "the market stands still, since a fact or a decision of it failed"
    code = RejectCode.MARKET_FROZEN
    context.emit(OrderRejected(command.order_id, command.strategy, command.ticker, code, detail, context.now))
    return True


def place_of_timer(state: ExchangeState, key: str) -> tuple[str, str] | None:
    """The account and the market that a timer is about; None if its order was never heard of."""
    kind, _, subject = key.partition(":")
    if kind in (BEHIND, TOLD):
        return place_of_timer(state, subject)
    if kind == CREDIT:
        return read_place(read_credit_subject(subject)[2])
    if kind in (CLOSE, RECOVERY):
        return read_place(subject)
    order = state.known.get(subject)
    return None if order is None else (state.account_of(order.strategy), order.ticker)


def market_of_timer(state: ExchangeState, key: str) -> str | None:
    """The market that a timer is about; None if its order was never heard of."""
    place = place_of_timer(state, key)
    return None if place is None else place[1]


def market_of_command(state: ExchangeState, command: OrderCommand) -> str | None:
    """The market that a command is about; None if its order was never heard of."""
    if isinstance(command, PlaceOrder):
        return command.ticker
    order = state.known.get(command.order_id)
    return None if order is None else order.ticker
