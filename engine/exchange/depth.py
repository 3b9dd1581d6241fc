"""The displayed depth changed: decreases wait for their prints, new opposite depth may have met us.

Called by the paper exchange after the book has taken a delta or a snapshot, for markets where we rest or
took.
"""

from engine.events import BookDelta, BookSide, Side, Trust
from engine.exchange.market import Market, QueueLevel, Shortfall, VenueMarket
from engine.exchange.orders import PaperOrder
from engine.exchange.rules import TAKEN_MEMORY
from engine.exchange.step_context import FillBand, Source, StepContext, book_lag, book_time, trusted
from engine.orders import Liquidity
from engine.queueing import Matched, cancels_ahead, credit_total, live_prints, of_decrease
from engine.units import PRICE_ONE, Count, Nanos, Price


def yes_level(delta: BookDelta) -> tuple[BookSide, Price]:
    """Which level a change is about, in YES terms."""
    if delta.side is Side.YES:
        return BookSide.BID, delta.price
    return BookSide.ASK, Price(PRICE_ONE - delta.price)


def passes_by(market: VenueMarket, delta: BookDelta) -> bool:
    """Whether a change that is in the book is nothing to any account: then `depth_changed` would do nothing.

    Nobody's order is on its way, nobody took of the level, stands on it where it shrinks, or could be met
    where it grows.
    """
    if market.book.trust is not Trust.TRUSTED:
        return False
    yes, less = delta.side is Side.YES, delta.change < 0
    price = delta.price if yes else PRICE_ONE - delta.price
    for each in market.accounts.values():
        if not each.watched:
            continue
        if each.arriving or price in (each.taken_bids if yes else each.taken_asks):
            return False
        if less:
            if price in (each.bids if yes else each.asks):
                return False
        elif each.asks if yes else each.bids:
            return False
    return True


def depth_changed(context: StepContext, market: Market, delta: BookDelta) -> None:
    """One level's displayed size changed."""
    side, price = yes_level(delta)
    bids = side is BookSide.BID
    # Of most levels nothing was taken.
    if price in (market.taken_bids if bids else market.taken_asks):
        update_taken(context, market, side, price)
    if market.no_visibility_since is not None:
        # The queues are set right once, when the gap is decided.
        return
    if delta.change < 0:
        level = (market.bids if bids else market.asks).get(price)
        if level is not None:
            displayed = market.book.size(side, price)
            decreased(context, market, level, displayed - delta.change, delta.at_venue)
            bound_queue(context, market, level, "depth")
    elif (market.asks if bids else market.bids) and trusted(market):
        displayed = market.book.size(side, price)
        _opposed(context, market, side, price, min(delta.change, displayed))


def update_taken(context: StepContext, market: Market, side: BookSide, price: Price) -> None:
    """What we took of a level stays taken, also when the level shrinks or goes.

    Who pulled it may post it again: it is the same offer, of which we had our part. Noted is since when less
    is displayed than we took.
    """
    now = context.now
    short = market.shortfalls(side).get(price)
    displayed = market.book.size(side, price)
    if short is not None and displayed > short.most and now - short.since >= TAKEN_MEMORY:
        _expire(context, market, side, price)
        short = market.shortfalls(side).get(price)
    taken = market.taken(side).get(price)
    if taken is None:
        return
    if displayed >= taken:
        if short is not None:
            context.note_taken(market, side, price, taken)
    elif short is None:
        context.note_taken(market, side, price, taken, short=Shortfall(now, displayed))
    elif displayed > short.most:
        context.note_taken(market, side, price, taken, short=Shortfall(short.since, displayed))


def expire_taken(context: StepContext, market: Market, side: BookSide) -> None:
    """Forget what has not been displayed for so long that what comes now is somebody else's."""
    for price, short in list(market.shortfalls(side).items()):
        if context.now - short.since >= TAKEN_MEMORY:
            _expire(context, market, side, price)


def _expire(context: StepContext, market: Market, side: BookSide, price: Price) -> None:
    """No more of what we took is remembered than the level has displayed since it was short of it."""
    now, most = context.now, market.shortfalls(side)[price].most
    displayed = market.book.size(side, price)
    if displayed < most:
        context.note_taken(market, side, price, most, short=Shortfall(now, displayed))
    else:
        context.note_taken(market, side, price, most)


def decreased(
    context: StepContext, market: Market, level: QueueLevel, before: int, at_venue: Nanos | None = None
) -> None:
    """A decrease is a trade if a print says so, before or within the window; until then it is credit."""
    now = context.now
    less = before - market.book.size(level.side, level.price)
    if less <= 0:
        return
    # Without a time of its own it happened when it was heard, at the latest.
    moment = now if at_venue is None else at_venue
    credit = (Nanos(now + context.rules.credit_window_ns), moment)
    printed = live_prints(level.printed, now)
    context.explain(market, level, of_decrease(level.credits, printed, Count(less), credit), "depth")


def bound_queue(
    context: StepContext, market: Market, level: QueueLevel, cause: str, since: Nanos | None = None
) -> None:
    """No more can be ahead of us than is displayed and what left the display but may turn out a trade.

    Whom this moves, it moves by all that the book showed up to `since` (else by now): a print from before
    then must not move him again.
    """
    most = market.book.size(level.side, level.price) + credit_total(level.credits)
    known_to = book_time(market) if since is None else since
    for order in list(level.orders):
        if order.venue_ahead > most:
            ahead = (most, order.optimistic_ahead)
            context.move_queue(level, order, ahead, later(order.known_to, known_to), cause)


def later(one: Nanos | None, other: Nanos | None) -> Nanos | None:
    """The later of two moments, one of which may not be known."""
    if one is None or other is None:
        return one if other is None else other
    return max(one, other)


def credit_expired(context: StepContext, market: Market, level: QueueLevel) -> None:
    """Decreases that no print explained in time were cancels: now, and only now, they bound the queue.

    The optimistic reading lets a share of them have been ahead of us. A gap ends all credit, so whoever has
    some sees the book.
    """
    now = context.now
    gone = [credit for credit in level.credits if credit[1] <= now]
    kept = tuple(credit for credit in level.credits if credit[1] > now)
    cancelled = credit_total(tuple(gone))
    known_to = max((credit[2] for credit in gone if credit[2] is not None), default=None)
    context.explain(market, level, Matched(kept, level.printed), "credit_expired")
    displayed = market.book.size(level.side, level.price)
    for order in list(level.orders):
        behind = displayed + cancelled - order.optimistic_ahead
        share = cancels_ahead(order.optimistic_ahead, behind, cancelled, context.rules.optimistic_power)
        ahead = (order.venue_ahead, order.optimistic_ahead - share)
        context.move_queue(level, order, ahead, order.known_to, "credit_expired")
    bound_queue(context, market, level, "credit_expired", known_to)


def _opposed(context: StepContext, market: Market, side: BookSide, price: Price, added: int) -> None:
    """New depth of the other side came to rest where our orders would have met it: it fills them, each
    contract once.

    The venue does not see our orders, so what would have traded with us is displayed instead.
    """
    moment = book_time(market)
    orders = [each for each in _crossed(market, side.opposite, price) if not each.gone_by(moment)]
    if not orders:
        return
    displayed = market.book.size(side, price)
    untaken = max(0, displayed - market.taken(side).get(price, 0))
    left, pool = min(added, untaken), untaken
    pool -= left
    for order in orders:
        base = min(left, order.remaining)
        left -= base
        optimistic = min(order.optimistic_remaining, base + pool)
        pool -= max(optimistic - base, 0)
        band = FillBand(order.price, Liquidity.MAKER, 0, base, optimistic)
        if base:
            context.take(market, side, price, base)
        venue_at, ahead = market.book.venue_at, order.venue_ahead
        source = Source("book_cross", "", None, price, displayed, venue_at, ahead, lag=book_lag(market))
        context.fill(order, band, source)


def _crossed(market: Market, side: BookSide, price: Price) -> list[PaperOrder]:
    """Our orders of one side that a price of the other side meets, in the order of meeting."""
    levels = market.own_levels(side)
    if side is BookSide.BID:
        prices = sorted((at for at in levels if at >= price), reverse=True)
    else:
        prices = sorted(at for at in levels if at <= price)
    return [order for at in prices for order in levels[at].orders]
