"""The market's life at the venue, and what each step of it does to orders and money.

Steps of it are listing, pauses, close, result and settlement. Called by the paper exchange. Settlement comes
from the venue's result only.
"""

from engine import ledger, settlement
from engine.events import (
    CloseTimeChanged,
    ExchangeStatusSeen,
    FeeChanged,
    MarketDetermined,
    MarketListed,
    MarketStatus,
    MarketStatusChanged,
    PriceRangesChanged,
    Trust,
)
from engine.exchange.balance import enforce
from engine.exchange.gaps import give_up
from engine.exchange.market import Market, VenueMarket
from engine.exchange.orders import Stage
from engine.exchange.refusals import stands_still
from engine.exchange.state import Settled
from engine.exchange.step_context import StepContext
from engine.facts import MarketStateChanged, PositionSettled
from engine.message import changed
from engine.orders import CancelReason
from engine.units import Money, Price
from engine.venue_facts import (
    FeeTermsChanged,
    MarketResultKnown,
    MarketTermsChanged,
    PositionPaid,
    VenueStatusChanged,
    said_terms,
)

OPEN = (MarketStatus.INITIALIZED, MarketStatus.ACTIVE, MarketStatus.INACTIVE)


def listed(context: StepContext, market: VenueMarket, event: MarketListed) -> None:
    """The venue described the market; only what changed is remembered."""
    if repeats(market, event):
        return
    _set_terms(
        context,
        market,
        MarketTermsChanged(
            ticker=event.ticker,
            event_ticker=event.event_ticker,
            series=event.series,
            status=event.status,
            price_ranges=event.price_ranges,
            fee_type=event.fee_type,
            fee_multiplier=event.fee_multiplier,
            open_at=event.open_at,
            close_at=event.close_at,
            expected_expiration_at=event.expected_expiration_at,
            exchange_index=event.exchange_index,
            binary=event.binary,
            at=context.now,
        ),
    )


def repeats(market: VenueMarket, event: MarketListed) -> bool:
    """Whether a listing says of its market what is known already: most do, for they are polled."""
    return market.terms is not None and market.terms.said == said_terms(event)


def status_changed(context: StepContext, market: VenueMarket, event: MarketStatusChanged) -> None:
    """The market moved on in its life; of a market that was never listed nothing can be ordered anyway."""
    if market.terms is not None:
        _set_terms(context, market, changed(market.terms, status=event.status, at=context.now))


def close_time_changed(context: StepContext, market: VenueMarket, event: CloseTimeChanged) -> None:
    """The venue rewrote the close time: games close minutes after the final whistle."""
    if market.terms is not None:
        _set_terms(context, market, changed(market.terms, close_at=event.close_at, at=context.now))


def ticks_changed(context: StepContext, market: VenueMarket, event: PriceRangesChanged) -> None:
    """Other ticks are in force for orders that arrive from now on."""
    if market.terms is not None:
        _set_terms(context, market, changed(market.terms, price_ranges=event.price_ranges, at=context.now))


def _set_terms(context: StepContext, market: VenueMarket, terms: MarketTermsChanged) -> None:
    before = market.terms
    if before is not None and before.said == terms.said:
        return
    context.emit(terms)
    if not context.priced(market):
        withdraw_unpriced(context)
    status_before = None if before is None else before.status
    follow_status(context, market)
    if terms.status is status_before:
        return
    if market.has_orders():
        reason = "listed" if status_before is None else f"was {status_before.value}"
        # Why a book is not followed is not durable, so a restarted exchange could not say the same.
        trust = market.book.trust if market.book.synced else Trust.STALE
        context.emit(MarketStateChanged(market.ticker, terms.status, trust, reason, context.now))
    if status_before is MarketStatus.INACTIVE and terms.status is MarketStatus.ACTIVE:
        _end_orders(context, market, CancelReason.MARKET_REACTIVATED)
    elif terms.status not in OPEN:
        _end_orders(context, market, CancelReason.MARKET_CLOSED)


def follow_status(context: StepContext, market: VenueMarket) -> None:
    """The book is paused while the market is inactive or the venue stands still.

    Nothing can trade then, whatever is heard. After a restart this follows from the terms and the venue's
    status.
    """
    terms = market.terms
    if terms is not None and (terms.status is MarketStatus.INACTIVE or stands_still(context, terms)):
        market.book.pause()
    else:
        market.book.resume()


def close_reached(context: StepContext, market: Market) -> None:
    """The close time has come, which the venue does not announce: resting orders go."""
    _end_orders_of(context, market, CancelReason.MARKET_CLOSED)


def _end_orders(context: StepContext, market: VenueMarket, reason: CancelReason) -> None:
    for each in market.accounts.values():
        _end_orders_of(context, each, reason)


def _end_orders_of(context: StepContext, market: Market, reason: CancelReason) -> None:
    give_up(context, market)
    for order in market.orders():
        context.cancel(order, reason)


# Results


def determined(context: StepContext, market: VenueMarket, event: MarketDetermined) -> None:
    """The venue's result: it is booked as a claim; a corrected one first takes the earlier one back."""
    result = market.result
    # Told twice as a rule: by the stream and by the next poll.
    if result is not None and (result.result, result.value) == (event.result, event.value):
        return
    settled = result is not None and result.settled
    for found in _settled_in(context, market):
        _reverse(context, found)
    context.emit(MarketResultKnown(market.ticker, event.result, event.value, settled, context.now))
    _end_orders(context, market, CancelReason.MARKET_CLOSED)
    for (strategy, ticker), position in list(context.state.positions.items()):
        if ticker == market.ticker and position.count:
            _book(context, strategy, market.ticker, event.result, event.value)
    if settled:
        _pay(context, market)


def paid_out(context: StepContext, market: VenueMarket) -> None:
    """The venue paid out. If its result was never heard the claim stays open until it is."""
    result = market.result
    if result is None or result.settled:
        return
    context.emit(changed(result, settled=True, at=context.now))
    _pay(context, market)


def _settled_in(context: StepContext, market: VenueMarket) -> list[Settled]:
    return [found for (_, ticker), found in context.state.settled.items() if ticker == market.ticker]


def _book(context: StepContext, strategy: str, ticker: str, result: str, value: Price) -> None:
    """Turn one position into a claim."""
    position = context.state.position(strategy, ticker)
    paid = settlement.payout(position.count, value, context.rules.rounding.grid(context.now))
    # Numbered, because a market is booked again when its result is corrected.
    entry = f"settle:{ticker}:{strategy}:{_number(context, strategy)}"
    context.post(entry, strategy, f"result {result}", settlement.booking(strategy, ticker, position, paid))
    game = context.state.games.get((strategy, ticker), "")
    context.emit(
        PositionSettled(
            strategy=strategy,
            game=game,
            ticker=ticker,
            position=position.count,
            value=value,
            result=result,
            payout=paid.amount,
            reversal=False,
            at=context.now,
        )
    )


def _number(context: StepContext, strategy: str) -> int:
    """What tells a strategy's entries apart: how many it has, with the opening at least."""
    return context.state.ledger.entries_of[strategy]


def _reverse(context: StepContext, found: Settled) -> None:
    """Reverse a settlement by new entries: the payment if there was one, then the booking."""
    fact = found.fact
    number = _number(context, fact.strategy)
    if found.paid:
        paid = settlement.payment(fact.strategy, fact.ticker, fact.payout)
        entry = f"repay:{fact.ticker}:{fact.strategy}:{number}"
        context.post(entry, fact.strategy, "result corrected", ledger.reversed_postings(paid))
    # From what was booked then: how payouts are rounded may have changed since.
    former = settlement.paid_out(fact.position, fact.value, fact.payout)
    booked = settlement.booking(fact.strategy, fact.ticker, found.before, former)
    entry = f"unsettle:{fact.ticker}:{fact.strategy}:{number}"
    context.post(entry, fact.strategy, "result corrected", ledger.reversed_postings(booked))
    payout = Money(-fact.payout)
    context.emit(changed(fact, payout=payout, reversal=True, at=context.now))


def _pay(context: StepContext, market: VenueMarket) -> None:
    """Claims of the market become cash."""
    for found in _settled_in(context, market):
        if found.paid:
            continue
        fact = found.fact
        postings = settlement.payment(fact.strategy, fact.ticker, fact.payout) if fact.payout else ()
        entry = f"pay:{fact.ticker}:{fact.strategy}:{_number(context, fact.strategy)}"
        context.post(entry, fact.strategy, "settled", postings)
        context.emit(PositionPaid(fact.strategy, fact.ticker, fact.payout, context.now))


# Fees and the venue


def fees_changed(context: StepContext, event: FeeChanged) -> None:
    """Other fee terms hold from now on; what rests is reserved for anew."""
    before = context.state.fee_terms.get(event.scope)
    fact = FeeTermsChanged(event.scope, event.fee_type, event.fee_multiplier, context.now)
    if before is not None and changed(before, at=context.now) == fact:
        return
    context.emit(fact)
    withdraw_unpriced(context)
    for strategy in context.state.accounts:
        enforce(context, strategy)


def withdraw_unpriced(context: StepContext) -> None:
    """Take back what rests where nobody knows the fees any more, in every reading.

    A fill whose fee is unknown cannot be booked, so nothing may rest there. What is on its way is refused
    when it arrives. Called whenever terms may have changed, and at the start, for an earlier program left
    such orders resting.
    """
    for order in list(context.state.orders.values()):
        if order.stage is not Stage.IN_FLIGHT and not context.priced(context.state.market(order.ticker)):
            context.cancel(order, CancelReason.FEES_UNKNOWN)


def venue_status_seen(context: StepContext, event: ExchangeStatusSeen) -> None:
    """The venue, or a shard of it, opened or stopped."""
    fact = VenueStatusChanged(event.exchange_index, event.exchange_active, event.trading_active, context.now)
    before = context.state.venue.get(event.exchange_index)
    if before is None or changed(before, at=context.now) != fact:
        context.emit(fact)
        for market in context.state.markets.values():
            follow_status(context, market)
