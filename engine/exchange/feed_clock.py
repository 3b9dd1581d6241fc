"""Up to when the venue has been heard, and what its book was at a moment.

Used for everything that happens at the venue at a moment: an arrival, a cancel, an amend, an expiry. The
venue numbers a subscription over all its markets and sends it in order, so its *clock* is the latest venue
time in it: whatever happened before has been heard. A moment is decided when the clock is past it, and before
the event that brought the clock past it is applied: then the book is the one of that moment.

Where an event has no time it is placed where it is worst for us. Between the last event that was surely
before the moment and the first that was surely after it, changes of a level are *unclear*: any number of the
first of them may have been before. An arriving order takes no more than the least that the level had in
between, and stands behind the most. A print without a time happened after the one before it in its channel,
and fills nobody who may have come later than that, or may have left. The venue stamps whole milliseconds:
what is stamped with the millisecond of the moment is unclear too.

That a market was stopped is told by another channel, or polled. So an order is decided when something is
heard that only an open market does, or after a short wait; what the book did meanwhile is undone for it.

A polled book has no clock. What was asked for after the moment shows what came later, and a poll is sent
after the answer before it; so the second answer after the moment decides, and all books between are unclear,
less what was traded in between; the queue is what that answer shows. A book made of quotes knows the time of
each quote.
"""

from typing import Final, TypeAlias

from engine.book import POLLED
from engine.events import BookDelta, BookSide, BookSnapshot, TradePrinted
from engine.exchange.depth import yes_level
from engine.exchange.market import Market, VenueMarket
from engine.exchange.orders import NANOS_ZERO, PaperOrder, Stage
from engine.exchange.rules import PRINTS_KEPT, PUBLISHED, VENUE_TICK
from engine.exchange.state import ExchangeState
from engine.exchange.step_context import StepContext
from engine.units import PRICE_ONE, Count, Nanos, Price
from engine.venue_facts import DepthChange, DepthUnclear

NEVER: Final = Nanos(1 << 63)
"""Later than any time."""


def happened_by(event: BookSnapshot | TradePrinted) -> Nanos:
    """When an event happened at the venue; one without a time of its own no later than when it was heard."""
    return event.at if event.at_venue is None else event.at_venue


def stream_clock(state: ExchangeState, market: VenueMarket) -> Nanos:
    """The latest venue time that the stream which brings this market's book has shown; zero if none."""
    conn, sid = market.book.conn, market.book.sid
    latest = Nanos(0)
    for each in state.markets.values():
        book = each.book
        at = book.venue_at
        if at is not None and at > latest and book.conn == conn and book.sid == sid:
            latest = at
    return latest


def passed(context: StepContext, market: VenueMarket, moment: Nanos) -> bool:
    """Whether everything that happened in this market's book up to a moment has been heard.

    Of a book that nobody follows nothing more will be heard: then the gap decides.
    """
    book = market.book
    if not book.synced:
        return True
    if book.conn == POLLED:
        waits = NANOS_ZERO if book.pseudo else PUBLISHED
        return market.polled_to is not None and moment + waits < market.polled_to
    if context.heard is not None and context.heard[:2] == (book.conn, book.sid) and moment < context.heard[2]:
        return True
    return moment < stream_clock(context.state, market)


def venue_now(context: StepContext, ticker: str) -> Nanos:
    """What time it is at the venue, at least: its clock may be ahead of ours, as what it sent then shows."""
    market = context.state.market(ticker)
    if not market.book.synced or market.book.conn == POLLED:
        return context.now
    return max(context.now, stream_clock(context.state, market))


def arrivals(order: PaperOrder) -> tuple[Nanos, ...]:
    """When an order, or a reading of it, meets the book, as far as that is not decided."""
    found = (
        order.arrives_at if order.stage is Stage.IN_FLIGHT else None,
        order.pessimistic_at,
        order.amend_at if order.amend is not None else None,
    )
    return tuple(at for at in found if at is not None)


def note_delta(context: StepContext, market: Market, delta: BookDelta) -> None:
    """Remember a change of the book that was not surely before an arrival."""
    earliest = _earliest(context, market)
    moment = delta.at_venue
    if moment is not None and moment + VENUE_TICK <= earliest:
        # Everything before it in the channel is older than it, and so surely before the arrival.
        if market.unclear:
            context.emit(DepthUnclear(market.ticker, (), context.now, market.account))
        return
    change = DepthChange(*yes_level(delta), delta.change, moment)
    context.emit(DepthUnclear(market.ticker, (*market.unclear, change), context.now, market.account))


Levels: TypeAlias = dict[Price, Count]


def note_snapshot(context: StepContext, market: Market, before: tuple[Levels, Levels]) -> None:
    """Remember in what a book taken whole differs from the levels (YES, NO) that were known.

    Nobody knows when that happened; but a quote holds from its time until that of the next.
    """
    changes = list(market.unclear)
    book = market.book
    moment = book.venue_at if book.pseudo else None
    for side, old, new in ((BookSide.BID, before[0], book.yes), (BookSide.ASK, before[1], book.no)):
        for price in sorted({*old, *new}):
            change = new.get(price, 0) - old.get(price, 0)
            shown = price if side is BookSide.BID else Price(PRICE_ONE - price)
            if change:
                changes.append(DepthChange(side, shown, Count(change), moment))
    if len(changes) != len(market.unclear):
        context.emit(DepthUnclear(market.ticker, tuple(changes), context.now, market.account))


def _earliest(context: StepContext, market: Market) -> Nanos:
    """From when on a change may still matter: the readings of an order look back to when it was sent."""
    orders = (context.state.orders.get(order_id) for order_id in market.arriving)
    times = [min(at, order.sent_at) for order in orders if order is not None for at in arrivals(order)]
    return min(times, default=NEVER)


Sizes: TypeAlias = dict[tuple[BookSide, Price], tuple[int, int]]


def sizes_at(context: StepContext, market: Market, since: int | None = None) -> Sizes:
    """The least and the most that levels had at the moment, where that is not what is displayed now.

    What came surely later is undone; of what is unclear any number of the first may have been before. With
    `since`, the least and the most that they had at any time from then to the moment.
    """
    changes, moment = market.unclear, context.moment
    begins = moment if since is None else min(since, moment)
    # The channel is in order: what follows the first change that is surely later is later too, stamped or
    # not.
    later = [each.at_venue is not None and each.at_venue > moment for each in changes]
    first_later = later.index(True) if True in later else len(changes)
    found: dict[tuple[BookSide, Price], tuple[int, int, int]] = {}
    # From the newest back, level by level, starting at what is displayed: the book itself is never wound
    # back.
    for number in range(len(changes) - 1, -1, -1):
        change = changes[number]
        if change.at_venue is not None and change.at_venue + VENUE_TICK <= begins:
            break
        key = (change.side, change.price)
        shown = market.book.size(*key)
        size, least, most = found.get(key, (shown, shown, shown))
        size = max(0, size - change.change)
        if number >= first_later:
            found[key] = (size, size, size)
        else:
            found[key] = (size, min(least, size), max(most, size))
    sizes = {key: (least, most) for key, (_, least, most) in found.items()}
    if market.book.conn == POLLED:
        _less_the_listed(market, moment, sizes)
    return sizes


def _less_the_listed(market: Market, moment: Nanos, sizes: Sizes) -> None:
    """Between two polls a level may have been traded away and filled again: the trades tell.

    A trade took from its own level, and all that is better had gone by then, on both sides of it: nobody
    buys at 52 while there are offers at 51, or bids at 52.
    """
    for trade in market.venue.listed:
        if happened_by(trade) + PRINTS_KEPT < moment:
            continue
        for side in BookSide:
            _less_one(market, side, trade, sizes)


def _less_one(market: Market, side: BookSide, trade: TradePrinted, sizes: Sizes) -> None:
    """What one trade leaves of one side, at the least."""
    for price, size in market.book.levels(side):
        least, most = sizes.get((side, price), (size, size))
        if price == trade.price and side is not trade.taker:
            sizes[side, price] = (max(0, least - trade.count), most)
        elif price == trade.price or (price < trade.price) is (side is BookSide.ASK):
            sizes[side, price] = (0, most)


def offered_meanwhile(context: StepContext, market: Market, order: PaperOrder) -> bool:
    """Whether the trades of a polled market show that it could have been met between two polls."""
    for trade in market.venue.listed:
        better = trade.price <= order.price if order.side is BookSide.BID else trade.price >= order.price
        if trade.taker is order.side and better and happened_by(trade) + PRINTS_KEPT >= context.moment:
            return True
    return False


def note_listed(market: VenueMarket, trade: TradePrinted) -> None:
    """Keep a trade of a polled market for a while."""
    kept = [each for each in market.listed if each.at + 2 * PRINTS_KEPT > trade.at]
    market.listed = [*kept, trade]


def goes_on(context: StepContext, market: VenueMarket, moment: Nanos) -> bool:
    """Whether the market was open at a moment, for all that would have been heard by now."""
    return context.now >= moment + context.rules.status_wait_ns or market.active_to > moment
