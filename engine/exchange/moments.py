"""What happens at the venue at a moment, decided once the feed has told everything up to then.

Called by the paper exchange when a timer is due and whenever the feed's clock may have passed a moment. The
wait is bounded: an order whose moment the feed never passes is refused, never filled; a cancel or an expiry
then ends its order all the same.
"""

from engine.exchange.arrival import arrive, arrive_pessimistic
from engine.exchange.cancels import amend_arrives, cancel_arrives, expires
from engine.exchange.feed_clock import goes_on, passed
from engine.exchange.market import VenueMarket
from engine.exchange.orders import Stage
from engine.exchange.prints import release
from engine.exchange.rules import QUOTE_WAIT_NS_MAX
from engine.exchange.step_context import StepContext
from engine.exchange.timers import AMEND, ARRIVE, BEHIND, CANCEL, ENDS, EXPIRE, PESSIMISTIC, key_of
from engine.orders import RejectCode
from engine.units import NANOS_PER_MILLISECOND, Nanos


def settle(context: StepContext, only: str | None = None, account: str | None = None) -> None:
    """Decide what has come to the venue and can be decided now, in the order in which it came.

    Of frozen markets nothing is decided, with `only` nothing but of this one, with `account` nothing but of
    this account: a timer of one must not wake another.
    """
    moments = context.state.timers.moments
    # A list, since a generator is a call for each: this is asked for every change while something waits.
    due = sorted(
        [
            (moment, number, key)
            for number, (key, moment) in enumerate(moments.items())
            if moment <= context.now
        ]
    )
    waiting: set[str] = set()
    for moment, _, key in due:
        kind, _, order_id = key.partition(":")
        order = context.state.known.get(order_id)
        if order is None or order.ticker in context.frozen or only not in (None, order.ticker):
            continue
        if account is not None and context.state.account_of(order.strategy) != account:
            continue
        # Another decision of this step may have settled it; and nothing overtakes what came before it.
        if moments.get(key) == moment and order_id not in waiting:
            _settle_one(context, kind, order_id, moment)
            if moments.get(key) == moment:
                waiting.add(order_id)
    context.moment = context.now


def _settle_one(context: StepContext, kind: str, order_id: str, moment: Nanos) -> None:
    order = context.state.known[order_id]
    market = context.state.market(order.ticker)
    if passed(context, market, moment):
        ready = (
            _prints_complete(context, market, moment) if kind in ENDS else goes_on(context, market, moment)
        )
        if market.book.synced and not ready:
            return
        context.moment = moment
        _decide(context, kind, order_id)
    elif context.now >= moment + context.rules.feed_wait_ns:
        _give_up(context, market, (kind, order_id), moment)
    else:
        return
    release(context, market.of(context.state.account_of(order.strategy)))


def _prints_complete(context: StepContext, market: VenueMarket, moment: Nanos) -> bool:
    """Whether the trades up to then have been told, or been waited for as long as a decrease waits for its
    print.
    """
    waited = context.now >= moment + context.rules.credit_window_ns
    return waited or max(context.state.prints.to, market.trades_to) > moment


def _decide(context: StepContext, kind: str, order_id: str) -> None:
    orders = context.state.orders
    if kind == ARRIVE:
        order = orders[order_id]
        if order.stage is Stage.IN_FLIGHT:
            arrive(context, order)
    elif kind == PESSIMISTIC:
        arrive_pessimistic(context, orders[order_id])
    elif kind == AMEND:
        amend_arrives(context, order_id)
    elif kind == CANCEL:
        cancel_arrives(context, order_id)
    elif kind == EXPIRE:
        expires(context, orders[order_id])


def _give_up(context: StepContext, market: VenueMarket, what: tuple[str, str], moment: Nanos) -> None:
    """The feed has not passed the moment in time: nobody knows what the venue had then."""
    kind, order_id = what
    ends = Nanos(moment + QUOTE_WAIT_NS_MAX)
    if market.book.pseudo and context.now < ends:
        context.again[key_of(BEHIND, key_of(kind, order_id))] = ends
    elif kind == ARRIVE:
        waited = (context.now - moment) // NANOS_PER_MILLISECOND
        detail = f"the feed has not passed its arrival in {waited} ms"
        context.reject(context.state.orders[order_id], RejectCode.FEED_BEHIND, detail)
    elif kind == AMEND:
        strategy = context.state.known[order_id].strategy
        context.refuse(order_id, strategy, RejectCode.FEED_BEHIND, amend=True)
    elif kind == PESSIMISTIC:
        arrive_pessimistic(context, context.state.orders[order_id], takes=False)
    else:
        _decide(context, kind, order_id)
