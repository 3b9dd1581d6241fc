"""What the exchange does when it could not see: orders freeze until the missing trades decide.

Otherwise they are given up. Called by the paper exchange for lost connections, missing frames, snapshots and
recovered trades. Nothing is filled from inside a gap unless all its trades are known.
"""

from collections.abc import Iterable

from engine.book import POLLED
from engine.events import (
    BookRefused,
    BookSide,
    FeedConnected,
    FeedGapped,
    FeedLost,
    TradesRecovered,
)
from engine.exchange.depth import bound_queue, decreased, later, update_taken
from engine.exchange.feed_clock import Levels
from engine.exchange.market import Market, QueueLevel, VenueMarket
from engine.exchange.orders import Stage
from engine.exchange.prints import moment_of, use_trade
from engine.exchange.step_context import StepContext, book_time
from engine.message import changed
from engine.orders import CancelReason, RejectCode
from engine.queueing import Matched
from engine.units import PRICE_ONE, Count, Nanos, Price
from engine.venue_facts import BlindnessBegan, BlindnessEnded


def feed_connected(context: StepContext, event: FeedConnected) -> None:
    """A new connection: everything of older ones is void, also of those that an earlier process had.

    Polled books belong to none.
    """
    for market in context.state.markets.values():
        book = market.book
        if book.conn != event.conn and not (book.synced and book.conn == POLLED):
            _lose(context, market, "a new connection began")


def missed(context: StepContext, market: Market, seen_to: Nanos) -> None:
    """A book is followed anew, from after what reached the venue: what it had then nobody can say.

    An amend waits with its order for the trades of the gap.
    """
    detail = "its book was not followed when it arrived"
    for order_id in list(market.arriving):
        order = context.state.orders.get(order_id)
        if order is not None and order.stage is Stage.IN_FLIGHT and order.arrives_at < seen_to:
            context.reject(order, RejectCode.BOOK_UNTRUSTED, detail)


def process_restarted(context: StepContext, markets: Iterable[VenueMarket]) -> None:
    """Nobody looked since the last fact: every market where our orders stand must be recovered.

    What came to the venue meanwhile met a book that nobody saw.
    """
    detail = "the process was down when it arrived"
    for market in markets:
        arriving = [order_id for each in market.accounts.values() for order_id in each.arriving]
        for order in [context.state.orders[order_id] for order_id in arriving]:
            if order.stage is Stage.IN_FLIGHT and order.arrives_at <= context.now:
                context.reject(order, RejectCode.DOWNTIME_UNKNOWN, detail)
        _lose(context, market, "the process was restarted")


def feed_lost(context: StepContext, event: FeedLost) -> None:
    """A connection ended: its books are no longer current."""
    for market in context.state.markets.values():
        if market.book.conn == event.conn:
            _lose(context, market, event.reason)


def feed_gapped(context: StepContext, event: FeedGapped) -> None:
    """Frames of a subscription are missing.

    If it is the books' subscription they are all suspect; if it is another of the same connection, prints may
    be missing.
    """
    for market in context.state.markets.values():
        book = market.book
        if book.conn != event.conn:
            continue
        since = book.at
        if book.synced:
            _record_display(context, market)
        if book.sid == event.sid:
            book.feed_gapped()
        _lose_visibility(context, market, since, f"frames {event.expected} to {event.got - 1} are missing")


def book_refused(context: StepContext, event: BookRefused) -> None:
    """A frame about one book could not be understood: this market waits for its snapshot, no other does."""
    market = context.state.markets.get(event.ticker)
    if market is None or not market.book.concerns(event):
        return
    since = market.book.at
    if market.book.synced:
        _record_display(context, market)
    market.book.feed_gapped()
    _lose_visibility(context, market, since, "a frame about its book could not be understood")


def book_broke(context: StepContext, market: VenueMarket) -> None:
    """A level fell below zero: the book is not the venue's, and nobody knows since when."""
    _record_display(context, market)
    _lose_visibility(context, market, market.book.at, "a level fell below zero")


def _lose(context: StepContext, market: VenueMarket, reason: str) -> None:
    since = market.book.at if market.book.synced else Nanos(0)
    if market.book.synced:
        _record_display(context, market)
    market.book.feed_lost()
    _lose_visibility(context, market, since, reason)


def _lose_visibility(context: StepContext, market: VenueMarket, since: Nanos, reason: str) -> None:
    """Freeze a market where our orders stand; `since` is when its book last changed, as far as is known."""
    for each in market.accounts.values():
        _freeze(context, each, since, reason)


def _freeze(context: StepContext, market: Market, since: Nanos, reason: str) -> None:
    if market.has_orders() and market.no_visibility_since is None:
        began = min(since or context.state.decided_to(market.account), context.now)
        context.emit(BlindnessBegan(market.ticker, began, reason, context.now, market.account))


def _record_display(context: StepContext, market: VenueMarket) -> None:
    """Keep what was displayed where we stand, before nobody looks any more."""
    for each in market.accounts.values():
        for level in _levels(each):
            if level.displayed is None:
                _reset(context, each, level, market.book.size(level.side, level.price))


def _levels(market: Market) -> list[QueueLevel]:
    return [*market.bids.values(), *market.asks.values()]


def _reset(context: StepContext, market: Market, level: QueueLevel, displayed: Count | None) -> None:
    """Nothing waits to be explained across a gap."""
    cause = "gap" if displayed is not None else "resync"
    context.note_level(market, level, Matched((), ()), cause, displayed)


def resynchronized(context: StepContext, market: Market, before: tuple[Levels, Levels] | None) -> None:
    """The market's book was taken anew: what we took and where we stand is bounded by what is displayed.

    Of a book that was followed all along (its levels were those of `before`, YES and NO) what became less may
    turn out a trade, as with any decrease. The same book again changes nothing. While nothing is visible the
    queues wait until the gap is decided.
    """
    for side in BookSide:
        for price in list(market.taken(side)):
            update_taken(context, market, side, price)
    if market.no_visibility_since is None:
        for level in _levels(market):
            if before is not None:
                decreased(context, market, level, _shown(level, before))
            bound_queue(context, market, level, "resync")


def _shown(level: QueueLevel, levels: tuple[Levels, Levels]) -> int:
    if level.side is BookSide.BID:
        return levels[0].get(level.price, 0)
    return levels[1].get(Price(PRICE_ONE - level.price), 0)


def recovered(context: StepContext, market: Market, event: TradesRecovered) -> None:
    """All trades of the gap are known, or it is known that they cannot be had."""
    since = market.no_visibility_since
    # What was asked for before another account lost sight of the market does not tell of its gap.
    if since is None or not event.since <= since <= event.until:
        return
    if event.trades is None:
        give_up(context, market)
        return
    market.venue.trades_to = max(market.venue.trades_to, event.until)
    missing = {trade.trade_id: trade for trade in event.trades}
    for trade_id, held in market.held.items():
        # What was heard during the gap counts once, as the venue's list has it: the list knows the time.
        missing.setdefault(trade_id, changed(held, recovered=True))
    for trade in sorted(missing.values(), key=moment_of):
        use_trade(context, market, trade, fills=True)
    _place_anew(context, market)
    context.emit(BlindnessEnded(market.ticker, since, True, context.now, market.account))
    if not market.book.synced:
        _freeze(context, market, event.until, "the book is still missing")


def _place_anew(context: StepContext, market: Market) -> None:
    """After the trades of a gap: bounded by what is displayed now, and at the back of what grew meanwhile.

    A level that grew while nobody looked was replaced for all we know. Whatever the book shows now is
    accounted for, so a print from before it moves nothing any more.
    """
    if not market.book.synced:
        return
    for level in _levels(market):
        displayed = market.book.size(level.side, level.price)
        grew = level.displayed is None or displayed > level.displayed
        for order in list(level.orders):
            base = displayed if grew else min(order.venue_ahead, displayed)
            known_to = later(order.known_to, book_time(market))
            context.move_queue(level, order, (base, order.optimistic_ahead), known_to, "resync")
        _reset(context, market, level, None)


def give_up(context: StepContext, market: Market) -> None:
    """Nobody will ever know what the gap did to these orders: they are cancelled and say so."""
    if market.no_visibility_since is None:
        return
    for order in market.orders():
        context.cancel(order, CancelReason.DOWNTIME_UNKNOWN)
    since = market.no_visibility_since
    context.emit(BlindnessEnded(market.ticker, since, False, context.now, market.account))
