"""A public trade is heard: it fills what it went through, moves the queues at its price, and is used once.

Called by the paper exchange for live prints and, after a gap, for recovered ones.
"""

import attrs

from engine.events import TradePrinted
from engine.exchange.depth import bound_queue
from engine.exchange.feed_clock import arrivals, happened_by
from engine.exchange.market import Market, QueueLevel
from engine.exchange.orders import PaperOrder, Stage
from engine.exchange.step_context import FillBand, Source, StepContext, trusted
from engine.orders import Liquidity
from engine.queueing import Waiting, advance, live_prints, of_print
from engine.units import Count, Nanos
from engine.venue_facts import TradeHeld, TradeReleased


@attrs.frozen
class Share:
    """What a print may give to one order: to its base reading, and how much of it the other readings see
    come.

    `pessimistic` and `optimistic` are what would be theirs if nobody shared it with them.
    """

    order: PaperOrder
    base: int
    pessimistic: int
    optimistic: int
    queue_before: int = 0
    queue_after: int = 0


def on_trade(context: StepContext, market: Market, print_: TradePrinted) -> None:
    """A live print.

    While the market cannot be followed it is put aside until the gap is decided; and if an order reached the
    venue before it, until that is decided.
    """
    if print_.block or print_.trade_id in market.used_trades or _told_before(context, market, print_):
        return
    if market.no_visibility_since is not None or _waits(context, market, print_):
        if print_.trade_id not in market.held:
            context.emit(TradeHeld(print_, context.now, market.account))
        return
    use_trade(context, market, print_, fills=trusted(market))


def _told_before(context: StepContext, market: Market, print_: TradePrinted) -> bool:
    """Whether the trade was told already, or may have been.

    Of one with a time its time tells what it may do. One without is taken for news only while all that was
    told is remembered; what was fetched after a gap is not.
    """
    if context.state.prints.include(print_):
        return True
    return print_.at_venue is None and (market.blind_to > 0 or not context.state.knows_all_prints())


def _waits(context: StepContext, market: Market, print_: TradePrinted) -> bool:
    """Whether an order that the trade may have met is not in the queue yet."""
    if print_.at_venue is None:
        return False
    for order_id in market.arriving:
        order = context.state.orders.get(order_id)
        if order is None or not (order.stage is Stage.IN_FLIGHT or order.amend is not None):
            continue
        if min(arrivals(order)) < print_.at_venue:
            return True
    return False


def release(context: StepContext, market: Market) -> None:
    """Let the prints work that had waited for a decision, in the order in which they happened."""
    if market.no_visibility_since is not None:
        return
    for print_ in sorted(market.held.values(), key=moment_of):
        if not _waits(context, market, print_):
            use_trade(context, market, print_, fills=trusted(market))
            context.emit(TradeReleased(market.ticker, print_.trade_id, context.now, market.account))


def moment_of(trade: TradePrinted) -> tuple[int, str]:
    """When a trade happened, as far as is known; its id decides between equals."""
    return (happened_by(trade), trade.trade_id)


def use_trade(context: StepContext, market: Market, print_: TradePrinted, *, fills: bool) -> None:
    """Let one print work on our orders: strictly through first, then the queue at its price.

    All fills together never exceed its size, in any reading.
    """
    if print_.block or print_.trade_id in market.used_trades:
        return
    side = print_.taker.opposite
    if not market.own_levels(side):
        # Mostly something was taken there, and nothing rests.
        return
    shares: list[Share] = []
    left = _through(context, market, print_, shares) if fills else print_.count
    level = market.own_levels(side).get(print_.price)
    if level is not None and not all(
        predates(context, print_, order, order.known_to) for order in level.orders
    ):
        _explain(context, market, level, print_)
        shares += _advance(context, level, print_, Count(left), fills=fills)
        if market.book.synced and market.no_visibility_since is None:
            bound_queue(context, market, level, print_.trade_id)
    if fills:
        _give(context, print_, shares)


def predates(context: StepContext, print_: TradePrinted, order: PaperOrder, known_to: Nanos | None) -> bool:
    """Whether the trade may have happened before what is known of the order already, or after it had left.

    At its price that is what its place in the queue accounts for, through its price that it had joined.

    A print without a venue time is later than the one before it in its channel, and that is all.
    """
    if print_.at_venue is not None:
        return known_to is None or print_.at_venue <= known_to or order.gone_by(print_.at_venue)
    if print_.recovered or known_to is None:
        return True
    return context.state.prints.to <= known_to or order.gone_by(context.now)


def _through(context: StepContext, market: Market, print_: TradePrinted, shares: list[Share]) -> int:
    """Orders priced better than the trade would have been filled before it.

    Returns what is left of its size.
    """
    left: int = print_.count
    moment = context.state.prints.to if print_.at_venue is None else print_.at_venue
    # Not left when nothing is left: the pessimistic reading of an order before may have come after the
    # trade, and then one behind it has its share.
    for level in market.through(print_.taker.opposite, print_.price):
        for order in level.orders:
            if predates(context, print_, order, order.joined_at):
                continue
            base = min(left, order.remaining)
            # However late the trade is told: a reading that came after it has no part in it.
            slow = order.pessimistic_remaining if moment > order.pessimistic_joined_at else 0
            shares.append(Share(order, base, slow, left))
            left -= base
    return left


def _explain(context: StepContext, market: Market, level: QueueLevel, print_: TradePrinted) -> None:
    """Pair the print with the decrease it caused, whichever came first."""
    until = Nanos(context.now + context.rules.credit_window_ns)
    printed = live_prints(level.printed, context.now)
    context.explain(market, level, of_print(level.credits, printed, print_.count, until), print_.trade_id)


def _advance(
    context: StepContext, level: QueueLevel, print_: TradePrinted, left: Count, *, fills: bool
) -> list[Share]:
    """Move the queue at the print's price; what exceeds the contracts ahead of an order is its share."""
    orders = list(level.orders)
    queue = [
        Waiting(order.venue_ahead, order.remaining, not predates(context, print_, order, order.known_to))
        for order in orders
    ]
    shares: list[Share] = []
    own = 0
    for order, waiting, advanced in zip(orders, queue, advance(queue, left, fills=fills), strict=True):
        if not waiting.counts:
            continue
        reaching = left - own
        own += advanced.fill
        optimistic = max(reaching - order.optimistic_ahead, 0)
        before = order.venue_ahead
        ahead = (advanced.venue_ahead, max(order.optimistic_ahead - reaching, 0))
        context.move_queue(level, order, ahead, order.known_to, print_.trade_id)
        shares.append(Share(order, advanced.fill, 0, optimistic, before, advanced.venue_ahead))
    return shares


def _give(context: StepContext, print_: TradePrinted, shares: list[Share]) -> None:
    """Hand the print out.

    The base reading has its share; the others share what is printed among themselves.
    """
    pool_pessimistic: int = print_.count
    pool_optimistic: int = print_.count - sum(share.base for share in shares)
    kind = "recovered_print" if print_.recovered else "print"
    for share in shares:
        order = share.order
        # Never more than the base reading has, or the three were no band.
        ceiling = order.bands.base + share.base - order.bands.pessimistic
        pessimistic = min(share.pessimistic, pool_pessimistic, ceiling)
        pool_pessimistic -= pessimistic
        extra = min(pool_optimistic, share.optimistic - share.base)
        optimistic = min(order.optimistic_remaining, share.base + extra)
        pool_optimistic -= max(optimistic - share.base, 0)
        band = FillBand(order.price, Liquidity.MAKER, pessimistic, share.base, optimistic)
        source = Source(
            kind,
            print_.trade_id,
            print_.trade_id,
            print_.price,
            print_.count,
            print_.at_venue,
            share.queue_before,
            share.queue_after,
            None if print_.at_venue is None else print_.at - print_.at_venue,
        )
        context.fill(order, band, source)
