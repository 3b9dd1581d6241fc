"""Why the venue would refuse an order, in the order in which it would look.

Used when an order arrives and when an amend does.
"""

import attrs

from engine.book import POLLED
from engine.calendar import trading_paused
from engine.events import MarketStatus
from engine.exchange.balance import affordable
from engine.exchange.market import Market, VenueMarket
from engine.exchange.orders import NANOS_ZERO, PaperOrder
from engine.exchange.rules import on_tick
from engine.exchange.step_context import StepContext, trusted
from engine.fees import FeeTermsUnknown
from engine.orders import RejectCode, TimeInForce
from engine.positions import closable
from engine.units import Count, Price, format_count, format_price
from engine.venue_facts import MarketTermsChanged


@attrs.frozen
class Refusal:
    """The venue's code and what a person should know."""

    code: RejectCode
    detail: str


def refusal(context: StepContext, market: Market, order: PaperOrder) -> Refusal | None:
    """Everything that stops an order before the book is asked; None lets it on."""
    return (
        refused_by_venue(context, market.venue)
        or _refused_by_terms(context, market.venue, order)
        or _refused_by_life(context, order)
        or refused_by_trust(market)
        or _refused_by_polling(market.venue, order)
        or _refused_by_money(context, order)
    )


def refused_by_venue(context: StepContext, market: VenueMarket) -> Refusal | None:
    """The venue or its shard is paused, or the market is not open: this also stops amends."""
    terms = market.terms
    if terms is None:
        return Refusal(RejectCode.MARKET_NOT_FOUND, f"{market.ticker} was never listed")
    stopped = exchange_paused(context, terms)
    if stopped is not None:
        return stopped
    if stands_still(context, terms):
        return Refusal(RejectCode.TRADING_PAUSED, "the venue takes no orders")
    if context.rules.thursday_pause and trading_paused(context.now):
        return Refusal(RejectCode.TRADING_PAUSED, "it is the venue's weekly pause")
    shards = (context.state.open_since.get(index, NANOS_ZERO) for index in (None, terms.exchange_index))
    if context.moment < max(market.open_since, *shards):
        return Refusal(RejectCode.TRADING_PAUSED, "it was not open again when the order arrived")
    if market.result is not None:
        return Refusal(RejectCode.MARKET_INACTIVE, f"its result is {market.result.result}")
    return closed(context, terms) or _inactive(terms)


def stands_still(context: StepContext, terms: MarketTermsChanged) -> bool:
    """Whether nothing trades at the whole venue or on the market's shard."""
    seen = (context.state.venue.get(index) for index in (None, terms.exchange_index))
    return any(one is not None and not (one.exchange_active and one.trading_active) for one in seen)


def exchange_paused(context: StepContext, terms: MarketTermsChanged) -> Refusal | None:
    """The whole venue, or the market's shard, stands still: nothing works, cancels neither."""
    for index in (None, terms.exchange_index):
        seen = context.state.venue.get(index)
        if seen is not None and not seen.exchange_active:
            return Refusal(RejectCode.EXCHANGE_PAUSED, "the venue stands still")
    return None


def closed(context: StepContext, terms: MarketTermsChanged) -> Refusal | None:
    """After the close nothing works any more, not even a cancel."""
    if terms.close_at is not None and context.now >= terms.close_at:
        return Refusal(RejectCode.MARKET_INACTIVE, "its close time has passed")
    if terms.status not in (MarketStatus.INITIALIZED, MarketStatus.ACTIVE, MarketStatus.INACTIVE):
        return Refusal(RejectCode.MARKET_INACTIVE, f"it is {terms.status.value}")
    return None


def _inactive(terms: MarketTermsChanged) -> Refusal | None:
    if terms.status is not MarketStatus.ACTIVE:
        return Refusal(RejectCode.MARKET_INACTIVE, f"it is {terms.status.value}")
    return None


def refused_by_tick(market: VenueMarket, price: Price) -> Refusal | None:
    """The price is not one of the market's."""
    if market.terms is None or on_tick(price, market.terms.price_ranges):
        return None
    return Refusal(RejectCode.INVALID_PRICE, f"{format_price(price)} is not on the market's ticks")


def _refused_by_terms(context: StepContext, market: VenueMarket, order: PaperOrder) -> Refusal | None:
    if market.terms is not None and not market.terms.binary:
        return Refusal(RejectCode.MARKET_NOT_BINARY, "only markets that pay one dollar or nothing")
    try:
        context.fee_terms(market)
    except FeeTermsUnknown as unknown:
        return Refusal(RejectCode.UNKNOWN_FEE_TYPE, str(unknown))
    if order.count < context.rules.count_min:
        return Refusal(RejectCode.INVALID_COUNT, f"{format_count(Count(order.count))} is below the minimum")
    return refused_by_tick(market, order.price)


def _refused_by_life(context: StepContext, order: PaperOrder) -> Refusal | None:
    wish = order.order
    if wish.expires_at is not None and wish.tif is not TimeInForce.GTC:
        return Refusal(RejectCode.EXPIRATION_NOT_ALLOWED, "only orders that rest expire")
    if wish.expires_at is not None and wish.expires_at <= context.moment:
        return Refusal(RejectCode.EXPIRATION_IN_PAST, "it expired on its way")
    if wish.post_only and wish.tif is not TimeInForce.GTC:
        return Refusal(RejectCode.POST_ONLY_NEEDS_GTC, "an order that may not take cannot be immediate")
    if wish.reduce_only and wish.tif is not TimeInForce.IOC:
        return Refusal(RejectCode.REDUCE_ONLY_NEEDS_IOC, "reduce only works at once or not at all")
    if not (wish.reduce_only or wish.exit):
        return None
    position = context.state.position(order.strategy, order.ticker).count
    if closable(position, order.side) == 0:
        return Refusal(RejectCode.REDUCE_ONLY_WITHOUT_POSITION, "there is nothing to reduce")
    return None


def refused_by_trust(market: Market) -> Refusal | None:
    """Nobody knows what the book was when the order came: it is not guessed."""
    if trusted(market):
        return None
    why = market.book.trust.value if market.book.synced else "not followed"
    return Refusal(RejectCode.BOOK_UNTRUSTED, f"the book is {why}")


def polled(market: VenueMarket) -> bool:
    """Whether the market's depth is known from polls alone: of the moments in between nobody knows it."""
    return market.book.conn == POLLED and not market.book.pseudo


def _refused_by_polling(market: VenueMarket, order: PaperOrder) -> Refusal | None:
    """Whether it would have taken, or crossed, no poll can show; what can rest and be taken may come."""
    wish = order.order
    if not polled(market) or (wish.tif is TimeInForce.GTC and not wish.post_only):
        return None
    return Refusal(RejectCode.FEED_BEHIND, "a polled book does not show what was there at its arrival")


def _refused_by_money(context: StepContext, order: PaperOrder) -> Refusal | None:
    if affordable(context, order):
        return None
    return Refusal(RejectCode.INSUFFICIENT_BALANCE, "the strategy's cash does not cover it")
