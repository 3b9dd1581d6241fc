"""An order meets the book: refusals as at the venue, the taker's walk, and what rests of it.

Called by the paper exchange when an order has arrived, an amend sent it to the back, or its pessimistic
reading comes later.
"""

from collections.abc import Iterator, Mapping, Sequence

from engine.book import POLLED
from engine.events import BookSide
from engine.exchange.depth import expire_taken
from engine.exchange.feed_clock import offered_meanwhile, sizes_at
from engine.exchange.market import Market
from engine.exchange.orders import PaperOrder, Stage
from engine.exchange.refusals import Refusal, polled, refusal
from engine.exchange.step_context import FillBand, Source, StepContext, book_lag, trusted
from engine.exchange.timers import PESSIMISTIC, PESSIMISTIC_REFUSED
from engine.facts import OrderRested
from engine.orders import CancelReason, Liquidity, RejectCode, TimeInForce
from engine.positions import closable
from engine.queueing import Matched
from engine.taker_walk import Offer, OwnResting, SweptLevel, Walk, walk
from engine.units import COUNT_ONE, MONEY_ZERO, Count, Nanos, Price
from engine.venue_facts import BandEnded


def arrive(context: StepContext, order: PaperOrder) -> None:
    """An order on its way has arrived, and the feed has told everything up to then."""
    market = context.state.market_of(order)
    met = meeting(context, market, order)
    if isinstance(met, Refusal):
        context.reject(order, met.code, met.detail)
    else:
        meet(context, market, order, met)


def meeting(context: StepContext, market: Market, order: PaperOrder) -> Walk | Refusal:
    """What happens when an order meets the book of the moment: its walk, or why the venue refuses it."""
    refused = refusal(context, market, order)
    if refused is not None:
        return refused
    expire_taken(context, market, order.side.opposite)
    if order.order.post_only and crosses(context, market, order):
        return Refusal(RejectCode.POST_ONLY_CROSS, "it would trade at once")
    wanted = order.remaining
    if order.order.reduce_only:
        position = context.state.position(order.strategy, order.ticker).count
        wanted = min(wanted, closable(position, order.side))
    plan = walk(order.side, Count(wanted), offer(context, market, order), order.order.stp)
    if order.order.tif is TimeInForce.FOK and plan.count < wanted:
        detail = f"{plan.count} of {wanted} hundredths are to be had"
        return Refusal(RejectCode.FOK_INSUFFICIENT_RESTING_VOLUME, detail)
    return plan


def meet(context: StepContext, market: Market, order: PaperOrder, plan: Walk) -> None:
    """Do what the walk says, then rest what is left or let it go."""
    for order_id in plan.yields:
        context.cancel(context.state.orders[order_id], CancelReason.SELF_TRADE)
    _give(context, market, order, plan)
    if not order.remaining:
        return
    if plan.stopped:
        context.cancel(order, CancelReason.SELF_TRADE)
    elif order.order.tif is TimeInForce.GTC:
        _rest(context, market, order)
    else:
        context.cancel(order, CancelReason.IMMEDIATE_REMAINDER)


def _give(context: StepContext, market: Market, order: PaperOrder, plan: Walk) -> None:
    """Hand out what an arriving order takes, in the three readings, best price first.

    The pessimistic reading arrives by itself, but that of an amended order with the others.
    """
    wanted = order.optimistic_remaining
    if order.order.reduce_only:
        position = context.state.position(order.strategy, order.ticker).count
        wanted = min(wanted, closable(position, order.side))
    fast = _walk(order, Count(wanted), _best_offer(context, market, order))
    slow: Sequence[SweptLevel] = ()
    if order.pessimistic_at is None and plan.count:
        slow = _walk(order, plan.count, _worst_offer(context, market, order))
    readings = [{level.price: level for level in swept} for swept in (slow, plan.swept, fast)]
    prices = sorted({price for reading in readings for price in reading}, reverse=order.side is BookSide.ASK)
    for price in prices:
        swept = [reading.get(price, SweptLevel(price, Count(0), Count(0))) for reading in readings]
        pessimistic, base, optimistic = (level.count for level in swept)
        if base:
            context.take(market, order.side.opposite, price, base)
        band = FillBand(price, Liquidity.TAKER, pessimistic, base, optimistic)
        context.fill(order, band, _level(market, swept[1], ""))


def _walk(order: PaperOrder, wanted: Count, found: Offer) -> Sequence[SweptLevel]:
    return walk(order.side, wanted, found, order.order.stp).swept


def _best_offer(context: StepContext, market: Market, order: PaperOrder) -> Offer:
    """The best that was there between the fast end of the delays and the arrival: for the optimistic."""
    if polled(market.venue):
        return offer(context, market, order)
    since = context.moment if order.optimistic_at is None else order.optimistic_at
    most = {key: most for key, (_, most) in sizes_at(context, market, since).items()}
    levels = _levels(market, order, most)
    return _offer_of(market, order, levels)


def _worst_offer(context: StepContext, market: Market, order: PaperOrder) -> Offer:
    """The worst that was there since the order was sent, and of that a part: for the pessimistic reading."""
    if polled(market.venue):
        return offer(context, market, order)
    least = {key: least for key, (least, _) in sizes_at(context, market, order.sent_at).items()}
    percent = context.rules.pessimistic_depth_percent
    levels = {
        price: Count(min(size, COUNT_ONE) + max(0, size - COUNT_ONE) * percent // 100)
        for price, size in _levels(market, order, least).items()
    }
    return _offer_of(market, order, levels)


def _levels(
    market: Market, order: PaperOrder, sizes: Mapping[tuple[BookSide, Price], int]
) -> dict[Price, Count]:
    """What is displayed within the order's limit, with other sizes where they are said."""
    side = order.side.opposite
    levels = dict(market.book.levels_within(side, order.price))
    for (which, price), size in sizes.items():
        if which is side and _crosses(order, price):
            levels[price] = Count(size)
    return levels


def offer(context: StepContext, market: Market, order: PaperOrder) -> Offer:
    """The other side as the order finds it, within its limit; where that is not clear, the least of it.

    Of a polled book that is nothing: what it shows may have been away in between.
    """
    levels: dict[Price, Count] = {}
    if not polled(market.venue):
        least = {key: least for key, (least, _) in sizes_at(context, market).items()}
        levels = _levels(market, order, least)
    return _offer_of(market, order, levels)


def _offer_of(market: Market, order: PaperOrder, levels: Mapping[Price, Count]) -> Offer:
    """Levels as an offer, beside what was taken of them and our own orders there."""
    side = order.side.opposite
    own = [
        OwnResting(other.order_id, other.price, Count(other.venue_ahead))
        for level in market.own_levels(side).values()
        for other in level.orders
        if other.resting and _crosses(order, other.price)
    ]
    shown = [level for level in levels.items() if level[1]]
    return Offer(shown, market.taken(side), own)


def _crosses(order: PaperOrder, price: Price) -> bool:
    return price <= order.price if order.side is BookSide.BID else price >= order.price


def crosses(context: StepContext, market: Market, order: PaperOrder) -> bool:
    """Whether the order would trade at once, or may.

    With what is displayed, taken by us or not, or with ourselves.
    """
    side = order.side.opposite
    sizes = sizes_at(context, market)
    shown = (price for price, _ in market.book.levels_within(side, order.price))
    may = (most and which is side and _crosses(order, price) for (which, price), (_, most) in sizes.items())
    return (
        any((side, price) not in sizes for price in shown)
        or any(may)
        or bool(offer(context, market, order).own)
        or offered_meanwhile(context, market, order)
    )


def _rest(context: StepContext, market: Market, order: PaperOrder) -> None:
    """Join the very back.

    Behind everything displayed at the price and behind our own earlier orders there.
    """
    book = market.book
    level = market.own_levels(order.side).get(order.price)
    own = sum(other.remaining for other in level.orders) if level else 0
    displayed = book.size(order.side, order.price)
    _, most = sizes_at(context, market).get((order.side, order.price), (displayed, displayed))
    known_to = context.moment
    if book.conn == POLLED:
        # Whoever was ahead is displayed by the poll that was asked for later; older trades say nothing.
        most, known_to = displayed, max(known_to, book.at)
    ahead = most + own
    context.emit(
        OrderRested(
            order_id=order.order_id,
            strategy=order.strategy,
            ticker=order.ticker,
            side=order.side,
            price=order.price,
            remaining=Count(order.remaining),
            ahead=Count(ahead),
            book_seq=book.seq,
            at=context.now,
            own_ahead=Count(own),
            known_to=known_to,
            joined_at=context.moment,
        )
    )
    _fast_ahead(context, market, order)
    if most > displayed:
        # It may have left after we joined: then its print is still to come.
        level = market.own_levels(order.side)[order.price]
        until = Nanos(context.now + context.rules.credit_window_ns)
        left = (*level.credits, (Count(most - displayed), until, context.now))
        context.explain(market, level, Matched(left, level.printed), "depth")


def _fast_ahead(context: StepContext, market: Market, order: PaperOrder) -> None:
    """At the fast end of the delays fewer may have stood ahead: so the optimistic reading has it."""
    if order.optimistic_at is None or polled(market.venue):
        return
    key = order.side, order.price
    least, _ = sizes_at(context, market, order.optimistic_at).get(key, (order.venue_ahead, order.venue_ahead))
    level = market.own_levels(order.side)[order.price]
    ahead = order.venue_ahead, min(order.optimistic_ahead, least)
    context.move_queue(level, order, ahead, order.known_to, "fast")


def arrive_pessimistic(context: StepContext, order: PaperOrder, *, takes: bool = True) -> None:
    """The pessimistic reading of an order arrives, later than the base reading: it takes what is left by
    then.

    It never gets more than the base reading has, so the readings stay a band. What the base reading of this
    very order took in between is there for it. Without `takes` it finds nothing: the feed did not tell.
    """
    market = context.state.market_of(order)
    if order.stage is Stage.DONE and not trusted(market):
        # It would be the only thing of ours in a market that nobody can follow: it gets nothing.
        context.emit(BandEnded(order.order_id, context.now))
        return
    wanted = order.bands.base - order.bands.pessimistic - order.forgone
    expires_at = order.order.expires_at
    expired = expires_at is not None and expires_at <= context.moment
    refused = not takes or expired or (order.order.post_only and crosses(context, market, order))
    if wanted and not refused and trusted(market):
        expire_taken(context, market, order.side.opposite)
        found = walk(order.side, Count(wanted), _offer_without(context, market, order), order.order.stp)
        refused = order.order.tif is TimeInForce.FOK and found.count < order.count
        for level in () if refused else _no_better(order, found.swept):
            band = FillBand(level.price, Liquidity.TAKER, level.count, 0, 0)
            context.move_bands(order, band, _level(market, level, ""), MONEY_ZERO)
    arrived = SweptLevel(order.price, Count(0), Count(0))
    nothing = FillBand(order.price, Liquidity.TAKER, 0, 0, 0)
    cause = PESSIMISTIC_REFUSED if refused else PESSIMISTIC
    context.move_bands(order, nothing, _level(market, arrived, cause), MONEY_ZERO)


def _offer_without(context: StepContext, market: Market, order: PaperOrder) -> Offer:
    """The worst of the other side, as if the base reading of this order had not taken from it."""
    found = _worst_offer(context, market, order)
    taken = {
        price: Count(max(0, count - order.taken_here.get(price, 0))) for price, count in found.taken.items()
    }
    return Offer(found.levels, taken, found.own)


def _no_better(order: PaperOrder, swept: Sequence[SweptLevel]) -> Iterator[SweptLevel]:
    """Contract by contract at no better a price than the base reading got, taking or resting.

    What was taken of a level may have been forgotten meanwhile.
    """
    paid = sorted(order.taken_here.items(), reverse=order.side is BookSide.ASK)
    worse = max if order.side is BookSide.BID else min
    for level in swept:
        rest: int = level.count
        while rest and paid:
            price, count = paid[0]
            part = min(rest, count)
            yield SweptLevel(worse(level.price, price), level.displayed, Count(part))
            rest -= part
            paid[0] = price, count - part
            if count == part:
                del paid[0]
        if rest:
            # What the base reading has beyond came to it as it rested, at the order's own price.
            yield SweptLevel(order.price, level.displayed, Count(rest))


def _level(market: Market, level: SweptLevel, cause: str) -> Source:
    """A displayed level as the source of a fill."""
    return Source(
        "book_level", cause, None, level.price, level.displayed, market.book.venue_at, lag=book_lag(market)
    )
