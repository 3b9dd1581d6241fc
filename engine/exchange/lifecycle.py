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
from engine.exchange.market import Market
from engine.exchange.state import Settled
from engine.exchange.step_context import StepContext
from engine.facts import MarketStateChanged, PositionSettled
from engine.fees import Member
from engine.message import changed
from engine.orders import CancelReason
from engine.units import Money, Price
from engine.venue_facts import (
    FeeTermsChanged,
    MarketResultKnown,
    MarketTermsChanged,
    PositionPaid,
    VenueStatusChanged,
)

OPEN = (MarketStatus.INITIALIZED, MarketStatus.ACTIVE, MarketStatus.INACTIVE)


def listed(desk: StepContext, market: Market, event: MarketListed) -> None:
    """The venue described the market; only what changed is remembered."""
    _set_terms(
        desk,
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
            at=desk.now,
        ),
    )


def status_changed(desk: StepContext, market: Market, event: MarketStatusChanged) -> None:
    """The market moved on in its life; of a market that was never listed nothing can be ordered anyway."""
    if market.terms is not None:
        _set_terms(desk, market, changed(market.terms, status=event.status, at=desk.now))


def close_time_changed(desk: StepContext, market: Market, event: CloseTimeChanged) -> None:
    """The venue rewrote the close time: games close minutes after the final whistle."""
    if market.terms is not None:
        _set_terms(desk, market, changed(market.terms, close_at=event.close_at, at=desk.now))


def ticks_changed(desk: StepContext, market: Market, event: PriceRangesChanged) -> None:
    """Other ticks are in force for orders that arrive from now on."""
    if market.terms is not None:
        _set_terms(desk, market, changed(market.terms, price_ranges=event.price_ranges, at=desk.now))


def _set_terms(desk: StepContext, market: Market, terms: MarketTermsChanged) -> None:
    before = market.terms
    if before is not None and changed(before, at=terms.at) == terms:
        return
    desk.emit(terms)
    status_before = None if before is None else before.status
    follow_status(market)
    if terms.status is status_before:
        return
    if market.has_orders():
        reason = "listed" if status_before is None else f"was {status_before.value}"
        # Why a book is not followed is not durable, so a restarted exchange could not say the same.
        trust = market.book.trust if market.book.synced else Trust.STALE
        desk.emit(MarketStateChanged(market.ticker, terms.status, trust, reason, desk.now))
    if status_before is MarketStatus.INACTIVE and terms.status is MarketStatus.ACTIVE:
        _end_orders(desk, market, CancelReason.MARKET_REACTIVATED)
    elif terms.status not in OPEN:
        _end_orders(desk, market, CancelReason.MARKET_CLOSED)


def follow_status(market: Market) -> None:
    """The book is paused while the market is inactive; after a restart this follows from the terms."""
    terms = market.terms
    if terms is not None and terms.status is MarketStatus.INACTIVE:
        market.book.pause()
    else:
        market.book.resume()


def close_reached(desk: StepContext, market: Market) -> None:
    """The close time has come, which the venue does not announce: resting orders go."""
    _end_orders(desk, market, CancelReason.MARKET_CLOSED)


def _end_orders(desk: StepContext, market: Market, reason: CancelReason) -> None:
    give_up(desk, market)
    for order in market.orders():
        desk.cancel(order, reason)


# Results


def determined(desk: StepContext, market: Market, event: MarketDetermined) -> None:
    """The venue's result: it is booked as a claim; a corrected one first takes the earlier one back."""
    result = market.result
    if result is not None and (result.result, result.value) == (event.result, event.value):
        return
    settled = result is not None and result.settled
    for found in _settled_in(desk, market):
        _take_back(desk, found)
    desk.emit(MarketResultKnown(market.ticker, event.result, event.value, settled, desk.now))
    _end_orders(desk, market, CancelReason.MARKET_CLOSED)
    for (strategy, ticker), position in list(desk.state.positions.items()):
        if ticker == market.ticker and position.count:
            _book(desk, strategy, market.ticker, event.result, event.value)
    if settled:
        _pay(desk, market)


def paid_out(desk: StepContext, market: Market) -> None:
    """The venue paid out. If its result was never heard the claim stays open until it is."""
    result = market.result
    if result is None or result.settled:
        return
    desk.emit(changed(result, settled=True, at=desk.now))
    _pay(desk, market)


def _settled_in(desk: StepContext, market: Market) -> list[Settled]:
    return [found for (_, ticker), found in desk.state.settled.items() if ticker == market.ticker]


def _book(desk: StepContext, strategy: str, ticker: str, result: str, value: Price) -> None:
    """Turn one position into a claim."""
    position = desk.state.position(strategy, ticker)
    grid = settlement.GRID_DIRECT if desk.rules.member is Member.DIRECT else settlement.GRID_BROKER
    paid = settlement.payout(position.count, value, grid)
    entry = f"settle:{ticker}:{strategy}:{desk.state.ledger.entries_of.get(strategy, 0)}"
    desk.post(entry, strategy, f"result {result}", settlement.booking(strategy, ticker, position, paid))
    game = desk.state.games.get(ticker, "")
    desk.emit(
        PositionSettled(
            strategy=strategy,
            game=game,
            ticker=ticker,
            position=position.count,
            value=value,
            result=result,
            payout=paid.amount,
            reversal=False,
            at=desk.now,
        )
    )


def _take_back(desk: StepContext, found: Settled) -> None:
    """Reverse a settlement by new entries: the payment if there was one, then the booking."""
    fact = found.fact
    number = desk.state.ledger.entries_of.get(fact.strategy, 0)
    if found.paid:
        paid = settlement.payment(fact.strategy, fact.ticker, fact.payout)
        entry = f"repay:{fact.ticker}:{fact.strategy}:{number}"
        desk.post(entry, fact.strategy, "result corrected", ledger.reversed_postings(paid))
    grid = settlement.GRID_DIRECT if desk.rules.member is Member.DIRECT else settlement.GRID_BROKER
    booked = settlement.booking(
        fact.strategy, fact.ticker, found.before, settlement.payout(fact.position, fact.value, grid)
    )
    entry = f"unsettle:{fact.ticker}:{fact.strategy}:{number}"
    desk.post(entry, fact.strategy, "result corrected", ledger.reversed_postings(booked))
    payout = Money(-fact.payout)
    desk.emit(changed(fact, payout=payout, reversal=True, at=desk.now))


def _pay(desk: StepContext, market: Market) -> None:
    """Claims of the market become cash."""
    for found in _settled_in(desk, market):
        if found.paid:
            continue
        fact = found.fact
        postings = settlement.payment(fact.strategy, fact.ticker, fact.payout) if fact.payout else ()
        entry = f"pay:{fact.ticker}:{fact.strategy}:{desk.state.ledger.entries_of.get(fact.strategy, 0)}"
        desk.post(entry, fact.strategy, "settled", postings)
        desk.emit(PositionPaid(fact.strategy, fact.ticker, fact.payout, desk.now))


# Fees and the venue


def fees_changed(desk: StepContext, event: FeeChanged) -> None:
    """Other fee terms hold from now on; what rests is reserved for anew."""
    before = desk.state.fee_terms.get(event.scope)
    fact = FeeTermsChanged(event.scope, event.fee_type, event.fee_multiplier, desk.now)
    if before is not None and changed(before, at=desk.now) == fact:
        return
    desk.emit(fact)
    for strategy in desk.state.accounts:
        enforce(desk, strategy)


def venue_status_seen(desk: StepContext, event: ExchangeStatusSeen) -> None:
    """The venue, or a shard of it, opened or stopped."""
    fact = VenueStatusChanged(event.exchange_index, event.exchange_active, event.trading_active, desk.now)
    before = desk.state.venue.get(event.exchange_index)
    if before is None or changed(before, at=desk.now) != fact:
        desk.emit(fact)
