"""The market's life as at the venue: settlement, money and fees over time.

Covers: engine.exchange.balance, engine.exchange.lifecycle.
"""

import pytest

from engine import ledger
from engine.calendar import parse_time
from engine.events import (
    BookSide,
    CloseTimeChanged,
    ExchangeStatusSeen,
    FeeChanged,
    MarketDetermined,
    MarketSettled,
    MarketStatus,
    MarketStatusChanged,
    PriceRange,
    PriceRangesChanged,
)
from engine.facts import CancelRefused, LedgerPosted, OrderFilled, OrderSubmitted, PositionSettled
from engine.orders import CancelReason, RejectCode, TimeInForce
from engine.units import MONEY_ONE, NANOS_PER_MILLISECOND, Count, Money, Nanos, Price
from engine.venue_facts import MarketTermsChanged, PositionPaid
from tests.engine.exchange.floor import ASK, BID, ELSEWHERE, MARKET, Floor, cents, listing, rules

IOC = TimeInForce.IOC


def _status(floor: Floor, status: MarketStatus) -> None:
    floor.on_venue_event(MarketStatusChanged(MARKET, status, floor.now, floor.now))


def _resting(floor: Floor) -> None:
    floor.book(bids={40: 10}, asks={50: 100})
    floor.place("a", BID, 40, 5)


def _holding(floor: Floor, count: float = 10) -> None:
    """`ann` holds YES bought at 50, `bob` as many NO bought at 60 (YES sold at 40)."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("yes", BID, 50, count, tif=IOC)
    floor.place("no", ASK, 40, count, tif=IOC, strategy="bob")


def _determined(floor: Floor, result: str, value: float) -> None:
    floor.on_venue_event(MarketDetermined(MARKET, result, cents(value), floor.now, floor.now))


def _settled(floor: Floor) -> None:
    floor.on_venue_event(MarketSettled(MARKET, floor.now, floor.now))


# Lifecycle


def test_reactivation_of_a_paused_market_cancels_all_resting_orders(floor: Floor) -> None:
    """They survive the pause, and die when it ends."""
    _resting(floor)
    _status(floor, MarketStatus.INACTIVE)
    assert floor.live("a").resting
    _status(floor, MarketStatus.ACTIVE)
    assert floor.cancelled("a") is CancelReason.MARKET_REACTIVATED


def test_a_paused_market_takes_no_orders_but_cancels(floor: Floor) -> None:
    """A resting order can be taken back."""
    _resting(floor)
    _status(floor, MarketStatus.INACTIVE)
    floor.place("b", BID, 40, 5)
    floor.cancel("a")
    floor.wait()
    assert floor.rejected("b") is RejectCode.MARKET_INACTIVE
    assert floor.cancelled("a") is CancelReason.REQUESTED


def test_after_the_close_time_orders_and_amends_are_rejected(floor: Floor) -> None:
    """Resting orders are cancelled soon after, here at once."""
    _resting(floor)
    floor.on_venue_event(
        CloseTimeChanged(MARKET, Nanos(floor.now + NANOS_PER_MILLISECOND // 2), floor.now, floor.now)
    )
    floor.send("b", BID, 50, 5)
    floor.amend("a", 40, 3)
    assert floor.rejected("b") is RejectCode.MARKET_INACTIVE
    assert floor.cancelled("a") is CancelReason.MARKET_CLOSED
    assert [fact.amend for fact in floor.of(CancelRefused)] == [True]


def test_a_resting_order_ends_at_the_close_time_that_nobody_announces(floor: Floor) -> None:
    """There is no event when a close time is reached."""
    floor.relist(close_at=Nanos(floor.now + 10 * NANOS_PER_MILLISECOND))
    _resting(floor)
    floor.wait(5)
    assert floor.live("a").resting
    floor.wait(5)
    assert floor.cancelled("a") is CancelReason.MARKET_CLOSED


def test_a_cancel_after_the_close_is_refused_as_inactive() -> None:
    """The close comes while it travels."""
    floor = Floor(rules(cancel=10 * NANOS_PER_MILLISECOND))
    floor.relist(close_at=Nanos(floor.now + 10 * NANOS_PER_MILLISECOND))
    _resting(floor)
    floor.cancel("a")
    floor.wait(20)
    assert floor.cancelled("a") is CancelReason.MARKET_CLOSED
    assert [fact.code for fact in floor.of(CancelRefused)] == [RejectCode.MARKET_INACTIVE]


@pytest.mark.parametrize("status", [MarketStatus.CLOSED, MarketStatus.DETERMINED, MarketStatus.FINALIZED])
def test_a_market_past_its_close_ends_resting_orders(floor: Floor, status: MarketStatus) -> None:
    """Whichever of its later states we hear of first."""
    _resting(floor)
    _status(floor, status)
    assert floor.cancelled("a") is CancelReason.MARKET_CLOSED
    floor.place("b", BID, 40, 5)
    assert floor.rejected("b") is RejectCode.MARKET_INACTIVE


def test_in_the_thursday_pause_cancels_work_and_new_orders_and_amends_do_not(floor: Floor) -> None:
    """Three to five in the morning, Eastern."""
    floor.now = parse_time("2026-10-22T06:59:59Z")
    _resting(floor)
    floor.wait(2_000)
    floor.place("b", BID, 40, 5)
    floor.amend("a", 40, 3)
    assert floor.rejected("b") is RejectCode.TRADING_PAUSED
    assert [(fact.code, fact.amend) for fact in floor.of(CancelRefused)] == [
        (RejectCode.TRADING_PAUSED, True)
    ]
    floor.cancel("a")
    floor.wait()
    assert floor.cancelled("a") is CancelReason.REQUESTED


def test_when_the_exchange_stands_still_nothing_works(floor: Floor) -> None:
    """Not even a cancel; a pause of another shard is none of ours."""
    _resting(floor)
    floor.on_venue_event(ExchangeStatusSeen(False, False, 2, floor.now))
    floor.place("b", BID, 40, 1)
    assert floor.live("b").resting
    floor.on_venue_event(ExchangeStatusSeen(False, False, 3, floor.now))
    floor.place("c", BID, 40, 1)
    floor.cancel("a")
    floor.wait()
    assert floor.rejected("c") is RejectCode.EXCHANGE_PAUSED
    assert [fact.code for fact in floor.of(CancelRefused)] == [RejectCode.EXCHANGE_PAUSED]
    assert floor.live("a").resting


def test_new_ticks_hold_for_orders_that_arrive_from_now_on(floor: Floor) -> None:
    """What rests stays."""
    _resting(floor)
    tenths = (PriceRange(Price(10), Price(9_990), Price(10)),)
    floor.on_venue_event(PriceRangesChanged(MARKET, tenths, floor.now, floor.now))
    floor.place("b", BID, 40.1, 5)
    assert floor.live("a").resting
    assert floor.live("b").resting


def test_a_listing_that_says_nothing_new_is_not_remembered_again(floor: Floor) -> None:
    """The venue lists its markets every minute."""
    floor.relist()
    floor.relist(title="Spurs")
    assert len(floor.of(MarketTermsChanged)) == 1


# Settlement


@pytest.mark.parametrize(
    ("result", "value", "ann", "bob"), [("yes", 100, 10, 0), ("no", 0, 0, 10), ("scalar", 30.6, 3.06, 6.94)]
)
def test_the_venues_result_pays_yes_its_value_and_no_the_rest(
    floor: Floor, result: str, value: float, ann: float, bob: float
) -> None:
    """Booked when it is determined, cash when it is settled."""
    _holding(floor)
    before = (floor.cash("ann"), floor.cash("bob"))
    _determined(floor, result, value)
    assert (floor.cash("ann"), floor.cash("bob")) == before
    assert floor.held_on(ledger.claim("ann", MARKET)) == round(ann * 1_000_000)
    _settled(floor)
    assert floor.cash("ann") - before[0] == round(ann * 1_000_000)
    assert floor.cash("bob") - before[1] == round(bob * 1_000_000)
    assert (floor.position("ann"), floor.position("bob"), floor.exchange.state.ledger.verify()) == (0, 0, 0)


def test_a_scalar_payout_is_rounded_down_to_the_balance_grid(floor: Floor) -> None:
    """100.01 contracts at 0.3060 pay 30.6030, and the rest is a fee (the venue's example)."""
    floor.book(bids={40: 100}, asks={50: 1_000})
    floor.place("a", BID, 50, 100.01, tif=IOC)
    fees = floor.tally.fees("ann")
    _determined(floor, "scalar", 30.6)
    assert floor.of(PositionSettled)[0].payout == 30_603_000
    assert floor.tally.fees("ann") - fees == 60


def test_a_disputed_result_is_reversed_by_new_entries(floor: Floor) -> None:
    """Nothing is deleted; the claim follows the new result."""
    _holding(floor)
    _determined(floor, "yes", 100)
    _status(floor, MarketStatus.DISPUTED)
    assert floor.held_on(ledger.claim("ann", MARKET)) == 10_000_000
    entries = len(floor.of(LedgerPosted))
    _determined(floor, "no", 0)
    assert len(floor.of(LedgerPosted)) > entries
    assert [fact.reversal for fact in floor.of(PositionSettled)] == [False, False, True, True, False, False]
    claims = [floor.held_on(ledger.claim(strategy, MARKET)) for strategy in ("ann", "bob")]
    assert claims == [0, 10_000_000]


def test_a_result_amended_after_payment_takes_the_cash_back(floor: Floor) -> None:
    """And pays whom it should have paid."""
    _holding(floor)
    cash = {name: floor.cash(name) for name in ("ann", "bob")}
    _determined(floor, "yes", 100)
    _settled(floor)
    _determined(floor, "no", 0)
    assert floor.cash("ann") == cash["ann"]
    assert floor.cash("bob") == cash["bob"] + 10_000_000
    assert floor.exchange.state.ledger.verify() == 0


@pytest.mark.promise("settlement-comes-venue-alone")
def test_rule_12_settlement_comes_from_the_venue_alone_and_pays_once(floor: Floor) -> None:
    """A settlement without a result waits for it; heard again, neither does anything."""
    _holding(floor)
    _settled(floor)
    assert floor.of(PositionPaid) == []
    before = {strategy: floor.cash(strategy) for strategy in ("ann", "bob")}
    for _ in range(2):
        _determined(floor, "yes", 100)
        _settled(floor)
    assert len(floor.of(PositionPaid)) == 2
    assert floor.cash("ann") - before["ann"] == 10 * MONEY_ONE
    assert floor.cash("bob") == before["bob"]


def test_a_result_settles_what_is_held_in_its_market_and_nothing_else(floor: Floor) -> None:
    """Not what is held elsewhere, nor what was sold before."""
    _holding(floor)
    floor.place("sold", ASK, 40, 10, tif=IOC)
    floor.on_venue_event(listing(ELSEWHERE))
    floor.book(bids={40: 100}, asks={50: 100}, ticker=ELSEWHERE)
    floor.place("elsewhere", BID, 50, 10, tif=IOC, ticker=ELSEWHERE)
    assert floor.position("ann") == 0
    _determined(floor, "yes", 100)
    assert [(fact.strategy, fact.ticker) for fact in floor.of(PositionSettled)] == [("bob", MARKET)]
    assert floor.exchange.state.position("ann", ELSEWHERE).count == 1_000


def test_a_result_ends_what_still_rests(floor: Floor) -> None:
    """And nothing can be ordered any more."""
    _resting(floor)
    _determined(floor, "yes", 100)
    assert floor.cancelled("a") is CancelReason.MARKET_CLOSED
    floor.place("b", BID, 40, 5)
    assert floor.rejected("b") is RejectCode.MARKET_INACTIVE


# Money


def test_yes_and_no_of_a_market_cancel_into_a_dollar(floor: Floor) -> None:
    """Selling what was bought closes the position: 50 paid, 40 got."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("buy", BID, 50, 10, tif=IOC)
    floor.place("sell", ASK, 40, 10, tif=IOC)
    assert (floor.position(), floor.held_on(ledger.collateral("ann", MARKET))) == (0, 0)
    assert floor.held_on(ledger.result("ann")) == 1_000_000, "a loss"
    assert floor.cash() == 1_000_000_000 - 1_000_000 - floor.tally.fees("ann")


def test_a_no_position_locks_one_dollar_minus_the_price(floor: Floor) -> None:
    """Selling YES at 40 without holding any is buying NO at 60."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", ASK, 40, 10, tif=IOC)
    assert (floor.position(), floor.held_on(ledger.collateral("ann", MARKET))) == (-10, 6_000_000)


@pytest.mark.promise("positions-valued-bid-never")
def test_positions_are_valued_at_the_bid_never_at_the_middle(floor: Floor) -> None:
    """YES at the YES bid, NO at the NO bid; nothing where nobody bids."""
    _holding(floor)
    assert floor.unrealized() == -1_000_000
    assert floor.unrealized("bob") == -1_000_000
    floor.depth(BID, 40, -100)
    assert floor.unrealized() == -5_000_000


def test_what_closes_a_position_needs_no_cash(floor: Floor) -> None:
    """A strategy that is fully invested can get out."""
    floor.book(bids={49: 5_000}, asks={50: 5_000})
    floor.place("in", BID, 50, 1_930, tif=IOC)
    assert floor.available() < 2_000_000
    floor.place("out", ASK, 60, 1_930)
    assert floor.live("out").resting
    floor.place("more", ASK, 60, 100)
    assert floor.rejected("more") is RejectCode.INSUFFICIENT_BALANCE


def test_orders_that_close_share_what_there_is_to_close(floor: Floor) -> None:
    """To the hundredth: what they close together costs nothing, one more does."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("in", BID, 50, 20, tif=IOC)
    floor.place("out", ASK, 60, 10)
    floor.place("rest", ASK, 61, 10)
    assert floor.reserved() == 0
    floor.place("more", ASK, 62, 0.01)
    assert floor.reserved() > 0


def test_an_order_that_was_to_close_is_cancelled_when_it_would_open_uncovered(floor: Floor) -> None:
    """Another order closes the position first, and there is no cash for a short one."""
    floor.book(bids={10: 5_000}, asks={50: 5_000})
    floor.place("in", BID, 50, 1_930, tif=IOC)
    floor.place("out", ASK, 51, 1_930)
    floor.place("first", ASK, 10, 1_930, tif=IOC, reduce_only=True)
    assert floor.cancelled("out") is CancelReason.INSUFFICIENT_BALANCE
    assert floor.available() >= 0


def test_each_strategy_has_its_own_cash(floor: Floor) -> None:
    """What one loses is not the other's."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 50, 10, tif=IOC)
    assert floor.cash("ann") < floor.cash("bob") == 1_000_000_000


def test_a_position_can_be_closed_by_hand(floor: Floor) -> None:
    """At whatever the book gives, by an order that is known to be an exit."""
    _holding(floor)
    for strategy in ("ann", "bob"):
        floor.do(floor.exchange.close_position(strategy, MARKET, f"r-{strategy}", floor.now))
        assert floor.of(OrderSubmitted)[-1].order.exit
    floor.wait()
    assert (floor.position("ann"), floor.position("bob")) == (0, 0)


def test_what_closes_by_hand_needs_no_cash_and_leaves_in_the_book_what_is_not_held_any_more(
    floor: Floor,
) -> None:
    """A sale overtakes it: it takes the six that are left to close, and another finds the rest."""
    floor.book(bids={1: 2_000}, asks={99: 2_000})
    floor.place("in", BID, 99, 1_000, tif=IOC)
    assert floor.position() == 1_000
    floor.send("sale", ASK, 1, 400, tif=IOC)
    floor.do(floor.exchange.close_position("ann", MARKET, "r", floor.now))
    floor.wait()
    assert (floor.fills("sale"), floor.fills("close:r")) == ([(400, 1)], [(600, 1)])
    floor.place("another", ASK, 1, 500, tif=IOC, strategy="bob")
    floor.place("more", ASK, 1, 505, tif=IOC, strategy="bob")
    assert floor.filled("another") + floor.filled("more") == 1_000


def test_where_nothing_is_held_there_is_nothing_to_close(floor: Floor) -> None:
    """And nothing is sent."""
    floor.book(bids={40: 100}, asks={50: 100})
    assert floor.do(floor.exchange.close_position("ann", MARKET, "r", floor.now)) == ()


def test_a_hundredth_of_a_contract_is_a_position_and_can_be_closed(floor: Floor) -> None:
    """The least that anybody can hold."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 50, 0.01, tif=IOC)
    assert floor.position() == 0.01
    floor.do(floor.exchange.close_position("ann", MARKET, "r", floor.now))
    floor.wait()
    assert floor.position() == 0


def test_the_ledger_books_every_fill_with_its_fee(floor: Floor) -> None:
    """Cash, collateral, fees: the sum is zero."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 50, 10, tif=IOC)
    entry = floor.of(LedgerPosted)[-1]
    assert {posting.account: posting.amount for posting in entry.postings} == {
        ledger.cash("ann"): -5_175_000,
        ledger.collateral("ann", MARKET): 5_000_000,
        ledger.fees("ann"): 175_000,
    }


# Fees


def test_an_events_fee_terms_win_over_the_series_and_can_be_taken_away(floor: Floor) -> None:
    """Heard in the middle of a game."""
    floor.book(bids={40: 100}, asks={50: 1_000})
    fees = []
    for number, multiplier in enumerate((None, "0.5", None)):
        floor.on_venue_event(FeeChanged("KXNBAGAME-26OCT20OKCSAS", None, multiplier, floor.now))
        floor.place(f"o{number}", BID, 50, 10, tif=IOC)
        fees.append(floor.of(OrderFilled)[-1].fee)
    assert fees == [175_000, 87_500, 175_000]


def test_the_fee_accumulator_spans_the_taker_and_maker_fills_of_an_order() -> None:
    """The taker's seven leave 0.000029 in it; with the maker's 0.000077 a step of the grid comes back."""
    floor = Floor(rules())
    floor.book(bids={40: 1}, asks={61: 7})
    floor.place("a", BID, 61, 20)
    floor.depth(BID, 40, 1)
    floor.depth(ASK, 61, 13)
    assert [fill.fee for fill in floor.of(OrderFilled)] == [116_600, 54_100]
    assert [fill.fee_accumulated for fill in floor.of(OrderFilled)] == [29, 6]


@pytest.mark.promise("account-goes-below-zero")
@pytest.mark.parametrize(("side", "price"), [(BID, 50), (ASK, 40)])
def test_an_account_never_goes_below_zero(floor: Floor, side: BookSide, price: float) -> None:
    """Orders of all that is there, in tiny fills; one of more than there is money for is refused."""
    floor.book(bids={40: 3_000}, asks={50: 3_000})
    floor.place("taker", side, price, 3_000, tif=IOC)
    assert floor.rejected("taker") is RejectCode.INSUFFICIENT_BALANCE
    assert floor.cash() == 1_000 * MONEY_ONE
    floor.book(bids={40: 3}, asks={50: 3})
    floor.place("a", side, price, 1_500)
    for number in range(20):
        taker = side.opposite
        floor.wait(1)
        floor.trade(taker, price, 0.01 + number)
    assert floor.available() >= 0


def test_the_rules_have_bounds() -> None:
    """A power outside 1 to 4 is a mistake."""
    with pytest.raises(ValueError, match="optimistic_power"):
        rules(optimistic_power=0)
    assert rules().count_min == Count(1)
    assert Money(0) == 0
