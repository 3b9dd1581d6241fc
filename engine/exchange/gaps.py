"""What the exchange does when it could not see: orders freeze until the missing trades decide.

Otherwise they are given up. Called by the paper exchange for lost connections, missing frames, snapshots and
recovered trades. Nothing is filled from inside a gap unless all its trades are known.
"""

from engine.book import POLLED
from engine.events import BookSide, FeedConnected, FeedGapped, FeedLost, TradePrinted, TradesRecovered
from engine.exchange.cancels import amend_arrives, cancel_arrives, expires
from engine.exchange.depth import bound_queue, bound_taken, later
from engine.exchange.market import Market, QueueLevel
from engine.exchange.prints import use_trade
from engine.exchange.step_context import StepContext, book_time
from engine.exchange.timers import AMEND, CANCEL, EXPIRE, key_of
from engine.message import changed
from engine.orders import CancelReason
from engine.units import Count, Nanos
from engine.venue_facts import BlindnessBegan, BlindnessEnded, QueueLevelChanged


def feed_connected(desk: StepContext, event: FeedConnected) -> None:
    """A new connection: everything of older ones is void, also of those that an earlier process had.

    Polled books belong to none.
    """
    for market in desk.state.markets.values():
        book = market.book
        if book.conn != event.conn and not (book.synced and book.conn == POLLED):
            _lose(desk, market, "a new connection began")


def process_restarted(desk: StepContext) -> None:
    """Nobody looked since the last fact: every market where our orders stand must be recovered."""
    for market in desk.state.markets.values():
        _lose(desk, market, "the process was restarted")


def feed_lost(desk: StepContext, event: FeedLost) -> None:
    """A connection ended: its books are no longer current."""
    for market in desk.state.markets.values():
        if market.book.conn == event.conn:
            _lose(desk, market, event.reason)


def feed_gapped(desk: StepContext, event: FeedGapped) -> None:
    """Frames of a subscription are missing.

    If it is the books' subscription they are all suspect; if it is another of the same connection, prints may
    be missing.
    """
    for market in desk.state.markets.values():
        book = market.book
        if book.conn != event.conn:
            continue
        since = book.at
        if book.synced:
            _remember_display(desk, market)
        if book.sid == event.sid:
            book.feed_gapped()
        _blind(desk, market, since, f"frames {event.expected} to {event.got - 1} are missing")


def book_broke(desk: StepContext, market: Market) -> None:
    """A level fell below zero: the book is not the venue's, and nobody knows since when."""
    _remember_display(desk, market)
    _blind(desk, market, market.book.at, "a level fell below zero")


def _lose(desk: StepContext, market: Market, reason: str) -> None:
    since = market.book.at if market.book.synced else Nanos(0)
    if market.book.synced:
        _remember_display(desk, market)
    market.book.feed_lost()
    _blind(desk, market, since, reason)


def _blind(desk: StepContext, market: Market, since: Nanos, reason: str) -> None:
    """Freeze a market where our orders stand; `since` is when its book last changed, as far as is known."""
    if market.has_orders() and market.blind_since is None:
        began = min(since or desk.state.last_at, desk.now)
        desk.emit(BlindnessBegan(market.ticker, began, reason, desk.now))


def _remember_display(desk: StepContext, market: Market) -> None:
    """Keep what was displayed where we stand, before nobody looks any more."""
    for level in _levels(market):
        if level.displayed is None:
            _reset(desk, market, level, market.book.size(level.side, level.price))


def _levels(market: Market) -> list[QueueLevel]:
    return [*market.bids.values(), *market.asks.values()]


def _reset(desk: StepContext, market: Market, level: QueueLevel, displayed: Count | None) -> None:
    """Nothing waits to be explained across a gap."""
    cause = "gap" if displayed is not None else "resync"
    desk.emit(QueueLevelChanged(market.ticker, level.side, level.price, (), (), cause, desk.now, displayed))


def resynchronized(desk: StepContext, market: Market) -> None:
    """The market's book was taken anew: what we took and where we stand is bounded by what is displayed.

    The same book again changes nothing. A blind market's queues wait until its gap is decided.
    """
    for side in BookSide:
        for price in list(market.taken(side)):
            bound_taken(desk, market, side, price)
    if market.blind_since is None:
        for level in _levels(market):
            bound_queue(desk, market, level, "resync")


def recovered(desk: StepContext, market: Market, event: TradesRecovered) -> None:
    """All trades of the gap are known, or it is known that they cannot be had."""
    since = market.blind_since
    if since is None or event.since > since:
        return
    if event.trades is None:
        give_up(desk, market)
        return
    missing = {trade.trade_id: trade for trade in event.trades}
    for trade_id, held in market.held.items():
        missing.setdefault(trade_id, changed(held, recovered=True))
    for trade in sorted(missing.values(), key=_moment):
        use_trade(desk, market, trade, fills=True)
    _place_anew(desk, market)
    desk.emit(BlindnessEnded(market.ticker, since, recovered=True, at=desk.now))
    if market.book.synced:
        resume(desk, market)
    else:
        _blind(desk, market, event.until, "the book is still missing")


def _place_anew(desk: StepContext, market: Market) -> None:
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
            ahead = (base, min(order.optimistic_ahead, displayed))
            known_to = later(order.known_to, book_time(market))
            desk.move_queue(level, order, ahead, known_to, "resync")
        _reset(desk, market, level, None)


def _moment(trade: TradePrinted) -> tuple[int, str]:
    return (trade.at if trade.at_venue is None else trade.at_venue, trade.trade_id)


def give_up(desk: StepContext, market: Market) -> None:
    """Nobody will ever know what the gap did to these orders: they are cancelled and say so."""
    if market.blind_since is None:
        return
    for order in market.orders():
        desk.cancel(order, CancelReason.DOWNTIME_UNKNOWN)
    since = market.blind_since
    desk.emit(BlindnessEnded(market.ticker, since, recovered=False, at=desk.now))


def resume(desk: StepContext, market: Market) -> None:
    """The gap is decided: what came due meanwhile happens now, in the order in which it was due."""
    due = desk.state.timers.due
    for order in market.orders():
        if due.get(key_of(CANCEL, order.order_id), desk.now + 1) <= desk.now:
            cancel_arrives(desk, order.order_id)
        if due.get(key_of(AMEND, order.order_id), desk.now + 1) <= desk.now:
            amend_arrives(desk, order.order_id)
        if due.get(key_of(EXPIRE, order.order_id), desk.now + 1) <= desk.now:
            expires(desk, order)
