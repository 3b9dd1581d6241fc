"""Order types, refusals, cancels, amends, self-trade prevention and idempotence, as at the venue.

Covers: engine.exchange.orders, engine.exchange.refusals, engine.exchange.submission.
"""

import pytest

from engine.events import PriceRange
from engine.exchange import Stage
from engine.exchange.rules import on_tick
from engine.facts import CancelRefused, OrderCancelled, OrderRested
from engine.orders import CancelReason, RejectCode, SelfTradePrevention, TimeInForce
from engine.units import NANOS_PER_MILLISECOND, Count, Nanos, Price
from engine.venue_facts import CancelSubmitted
from tests.engine.exchange.floor import ASK, BID, MARKET, Floor, rules

IOC, FOK = TimeInForce.IOC, TimeInForce.FOK
MAKER_YIELDS = SelfTradePrevention.MAKER


# Lives


def test_good_till_cancelled_rests_until_it_is_cancelled(floor: Floor) -> None:
    """A day changes nothing."""
    floor.book(bids={40: 10}, asks={50: 10})
    floor.place("a", BID, 40, 5)
    floor.wait(86_400_000)
    assert floor.live("a").resting


def test_good_till_time_expires(floor: Floor) -> None:
    """At its moment, not before."""
    floor.book(bids={40: 10}, asks={50: 10})
    floor.place("a", BID, 40, 5, expires_at=Nanos(floor.now + 10 * NANOS_PER_MILLISECOND))
    floor.wait(7)
    assert floor.live("a").resting
    floor.wait(1)
    assert floor.cancelled("a") is CancelReason.EXPIRED


def test_an_expiration_in_the_past_is_refused(floor: Floor) -> None:
    """Also one that passed on the way."""
    floor.book(bids={40: 10}, asks={50: 10})
    floor.place("a", BID, 40, 5, expires_at=Nanos(floor.now + 1))
    assert floor.rejected("a") is RejectCode.EXPIRATION_IN_PAST


def test_immediate_or_cancel_never_rests(floor: Floor) -> None:
    """What is not to be had at once is let go."""
    floor.book(bids={40: 10}, asks={50: 10})
    floor.place("a", BID, 50, 25, tif=IOC)
    assert (floor.filled("a"), floor.cancelled("a")) == (10, CancelReason.IMMEDIATE_REMAINDER)
    assert floor.of(OrderRested) == []


def test_an_immediate_order_has_no_expiration(floor: Floor) -> None:
    """The venue allows one with good till cancelled only."""
    floor.book(bids={40: 10}, asks={50: 10})
    floor.place("a", BID, 50, 5, tif=IOC, expires_at=Nanos(floor.now + 10**12))
    assert floor.rejected("a") is RejectCode.EXPIRATION_NOT_ALLOWED


@pytest.mark.parametrize(("count", "filled"), [(10, 10), (10.01, 0)])
def test_fill_or_kill_takes_all_or_nothing(floor: Floor, count: float, filled: float) -> None:
    """At what is displayed and one hundredth past it."""
    floor.book(bids={40: 10}, asks={49: 4, 50: 6})
    floor.place("a", BID, 50, count, tif=FOK)
    assert floor.filled("a") == filled
    assert floor.rejected("a") is (None if filled else RejectCode.FOK_INSUFFICIENT_RESTING_VOLUME)


def test_fill_or_kill_does_not_count_what_we_took(floor: Floor) -> None:
    """It is displayed, but not there."""
    floor.book(bids={40: 10}, asks={50: 10})
    floor.place("a", BID, 50, 5, tif=IOC)
    floor.place("b", BID, 50, 6, tif=FOK)
    assert floor.rejected("b") is RejectCode.FOK_INSUFFICIENT_RESTING_VOLUME


def test_post_only_is_refused_instead_of_repriced(floor: Floor) -> None:
    """If it would trade, even with what we took already; else it rests."""
    floor.book(bids={40: 10}, asks={50: 10})
    floor.place("take", BID, 50, 10, tif=IOC)
    floor.place("a", BID, 50, 5, post_only=True)
    floor.place("b", BID, 49, 5, post_only=True)
    assert floor.rejected("a") is RejectCode.POST_ONLY_CROSS
    assert floor.live("b").resting


def test_post_only_is_refused_if_it_would_meet_our_own_order(floor: Floor) -> None:
    """Our resting order stands in the venue's book too."""
    floor.book(bids={40: 10}, asks={50: 10})
    floor.place("a", ASK, 45, 5, strategy="bob")
    floor.place("b", BID, 45, 5, post_only=True)
    assert floor.rejected("b") is RejectCode.POST_ONLY_CROSS


def test_reduce_only_works_with_immediate_or_cancel_alone(floor: Floor) -> None:
    """The venue's rule."""
    floor.book(bids={40: 10}, asks={50: 10})
    floor.place("a", BID, 50, 5, reduce_only=True)
    assert floor.rejected("a") is RejectCode.REDUCE_ONLY_NEEDS_IOC


def test_reduce_only_takes_no_more_than_the_position(floor: Floor) -> None:
    """And nothing without one, or in its direction."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("none", ASK, 40, 5, tif=IOC, reduce_only=True)
    floor.place("open", BID, 50, 20, tif=IOC)
    floor.place("same", BID, 50, 5, tif=IOC, reduce_only=True)
    floor.place("close", ASK, 40, 50, tif=IOC, reduce_only=True)
    assert floor.rejected("none") is RejectCode.REDUCE_ONLY_WITHOUT_POSITION
    assert floor.rejected("same") is RejectCode.REDUCE_ONLY_WITHOUT_POSITION
    assert (floor.filled("close"), floor.position()) == (20, 0)


# Refusals


def test_a_market_that_was_never_listed_is_not_found(floor: Floor) -> None:
    """There is nothing to order there."""
    floor.place("a", BID, 50, 5, ticker="KXNBAGAME-NOWHERE")
    assert floor.rejected("a") is RejectCode.MARKET_NOT_FOUND


def test_a_market_that_is_not_binary_is_refused(floor: Floor) -> None:
    """Its payouts follow other rules."""
    floor.relist(binary=False)
    floor.book(bids={40: 10}, asks={50: 10})
    floor.place("a", BID, 50, 5)
    assert floor.rejected("a") is RejectCode.MARKET_NOT_BINARY


@pytest.mark.parametrize("fee_type", ["flat", "cubic", None])
def test_unknown_fee_terms_are_refused(floor: Floor, fee_type: str | None) -> None:
    """They are not taken for free."""
    floor.relist(fee_type=fee_type)
    floor.book(bids={40: 10}, asks={50: 10})
    floor.place("a", BID, 50, 5)
    assert floor.rejected("a") is RejectCode.UNKNOWN_FEE_TYPE


@pytest.mark.parametrize(("price", "on"), [(0, False), (1, True), (9_999, True), (10_000, False)])
def test_the_finest_ticks_leave_out_nothing_and_a_dollar_alone(price: int, *, on: bool) -> None:
    """Real ranges begin and end there."""
    assert on_tick(Price(price), (PriceRange(Price(0), Price(10_000), Price(1)),)) is on


@pytest.mark.parametrize("price", [0, 0.5, 50.5, 99.5, 100])
def test_a_price_between_the_ticks_is_refused(floor: Floor, price: float) -> None:
    """Whole cents from 1 to 99 here."""
    floor.book(bids={40: 10}, asks={50: 10})
    floor.place("a", BID, price, 5)
    assert floor.rejected("a") is RejectCode.INVALID_PRICE


@pytest.mark.parametrize(
    ("price", "code"),
    [(4.1, None), (4.15, RejectCode.INVALID_PRICE), (50, None), (50.1, RejectCode.INVALID_PRICE)],
)
def test_ticks_are_read_from_the_price_ranges(floor: Floor, price: float, code: RejectCode | None) -> None:
    """Tenths of a cent at the ends, cents between."""
    ends = (
        PriceRange(Price(10), Price(1_000), Price(10)),
        PriceRange(Price(1_000), Price(9_000), Price(100)),
    )
    floor.relist(price_ranges=ends)
    floor.book(bids={40: 10}, asks={51: 10})
    floor.place("a", BID, price, 5)
    assert floor.rejected("a") is code


@pytest.mark.limit("engine.exchange.rules:COUNT_MIN")
@pytest.mark.parametrize(
    ("count", "code"), [(1, None), (0.99, RejectCode.INVALID_COUNT), (0, RejectCode.INVALID_COUNT)]
)
def test_an_order_below_the_minimum_is_refused(count: float, code: RejectCode | None) -> None:
    """At the limit and one past it."""
    floor = Floor(rules(count_min=Count(100)))
    floor.book(bids={40: 10}, asks={50: 10})
    floor.place("a", BID, 40, count)
    assert floor.rejected("a") is code


def test_an_order_is_covered_in_full_or_refused(floor: Floor) -> None:
    """1,000 dollars buy no 2,000 contracts at 50 cents, since the fee is owed too."""
    floor.book(bids={40: 10}, asks={60: 10})
    floor.place("a", BID, 50, 2_000)
    assert floor.rejected("a") is RejectCode.INSUFFICIENT_BALANCE
    floor.place("b", BID, 50, 1_900)
    assert floor.live("b").resting
    floor.place("c", BID, 50, 200)
    assert floor.rejected("c") is RejectCode.INSUFFICIENT_BALANCE


def test_a_strategy_without_an_account_can_order_nothing(floor: Floor) -> None:
    """It has no cash."""
    floor.book(bids={40: 10}, asks={60: 10})
    floor.place("a", BID, 40, 1, strategy="nobody")
    assert floor.rejected("a") is RejectCode.INSUFFICIENT_BALANCE


# Cancels


def test_a_cancel_takes_its_own_time(floor: Floor) -> None:
    """Until it arrives the order can be filled."""
    floor.book(bids={40: 0}, asks={50: 10})
    floor.place("a", BID, 40, 5)
    floor.cancel("a")
    floor.trade(ASK, 40, 2)
    floor.wait()
    assert (floor.filled("a"), floor.cancelled("a")) == (2, CancelReason.REQUESTED)
    floor.trade(ASK, 39, 2)
    assert floor.filled("a") == 2


def test_a_cancel_that_loses_the_race_is_refused(floor: Floor) -> None:
    """The order was filled first."""
    floor.book(bids={40: 0}, asks={50: 10})
    floor.place("a", BID, 40, 5)
    floor.cancel("a")
    floor.trade(ASK, 40, 5)
    floor.wait()
    assert floor.filled("a") == 5
    assert [fact.code for fact in floor.of(CancelRefused, "a")] == [RejectCode.ORDER_NOT_FOUND]


def test_a_cancel_that_overtakes_its_order_finds_nothing() -> None:
    """The order then rests."""
    floor = Floor(rules(entry=5 * NANOS_PER_MILLISECOND))
    floor.book(bids={40: 0}, asks={50: 10})
    floor.send("a", BID, 40, 5)
    floor.cancel("a")
    floor.wait(10)
    assert [fact.code for fact in floor.of(CancelRefused, "a")] == [RejectCode.ORDER_NOT_FOUND]
    assert floor.live("a").resting


def test_a_cancel_of_an_unknown_order_is_refused(floor: Floor) -> None:
    """At once: nothing has to travel."""
    floor.cancel("never sent")
    assert [fact.code for fact in floor.of(CancelRefused)] == [RejectCode.ORDER_NOT_FOUND]


def test_a_cancel_sent_twice_travels_once(floor: Floor) -> None:
    """The second says nothing new."""
    floor.book(bids={40: 0}, asks={50: 10})
    floor.place("a", BID, 40, 5)
    floor.cancel("a")
    floor.cancel("a")
    floor.wait()
    assert len(floor.of(CancelSubmitted)) == len(floor.of(OrderCancelled)) == 1


def test_cancel_all_reaches_a_strategys_orders_wherever_they_are(floor: Floor) -> None:
    """Those in the book and those on their way, with the reason."""
    floor.book(bids={40: 0}, asks={50: 10})
    floor.place("resting", BID, 40, 5)
    floor.place("other", BID, 40, 5, strategy="bob")
    floor.send("under way", BID, 40, 5)
    floor.do(floor.exchange.cancel_all("ann", CancelReason.STRATEGY_QUARANTINED, floor.now))
    floor.wait()
    assert floor.cancelled("resting") is CancelReason.STRATEGY_QUARANTINED
    assert floor.cancelled("under way") is CancelReason.STRATEGY_QUARANTINED
    assert floor.live("other").resting


# Amends


def test_an_amend_below_what_is_filled_ends_the_order(floor: Floor) -> None:
    """There is nothing left to want."""
    floor.book(bids={40: 0}, asks={50: 10})
    floor.place("a", BID, 40, 10)
    floor.trade(ASK, 40, 5)
    floor.amend("a", 40, 5)
    assert floor.cancelled("a") is CancelReason.AMENDED_TO_NOTHING


def test_an_amend_that_crosses_takes(floor: Floor) -> None:
    """The order meets the book like a new one."""
    floor.book(bids={40: 10}, asks={50: 4})
    floor.place("a", BID, 40, 10)
    floor.amend("a", 50, 10)
    assert floor.fills("a") == [(4, 50)]
    assert (floor.live("a").price, floor.live("a").stage) == (5_000, Stage.RESTING)


@pytest.mark.parametrize(
    ("price", "count", "code"),
    [
        (50, 10, RejectCode.POST_ONLY_CROSS),
        (40.5, 10, RejectCode.INVALID_PRICE),
        (40, 9_999, RejectCode.INSUFFICIENT_BALANCE),
    ],
)
def test_a_refused_amend_leaves_the_order_as_it_was(
    floor: Floor, price: float, count: float, code: RejectCode
) -> None:
    """With its place in the queue."""
    floor.book(bids={40: 10}, asks={50: 4})
    floor.place("a", BID, 40, 10, post_only=True)
    floor.trade(ASK, 40, 3)
    floor.amend("a", price, count)
    assert [(fact.code, fact.amend) for fact in floor.of(CancelRefused)] == [(code, True)]
    assert (floor.live("a").price, floor.live("a").remaining, floor.ahead("a")) == (4_000, 1_000, 7)


def test_an_amend_of_an_order_that_is_gone_is_refused(floor: Floor) -> None:
    """It lost the race against a fill."""
    floor.book(bids={40: 0}, asks={50: 4})
    floor.place("a", BID, 40, 5)
    floor.trade(ASK, 40, 5)
    floor.amend("a", 40, 9)
    assert [fact.code for fact in floor.of(CancelRefused)] == [RejectCode.ORDER_NOT_FOUND]


# Ourselves


def test_taker_at_cross_stops_the_arriving_order_and_keeps_its_fills(floor: Floor) -> None:
    """Across strategies: to the venue we are one member."""
    floor.book(bids={40: 10}, asks={45: 3, 50: 100})
    floor.place("a", ASK, 47, 5, strategy="bob")
    floor.place("b", BID, 50, 20)
    assert (floor.filled("b"), floor.cancelled("b")) == (3, CancelReason.SELF_TRADE)
    assert floor.live("a").resting
    assert floor.filled("a") == 0


def test_maker_mode_cancels_the_resting_order_and_goes_on(floor: Floor) -> None:
    """The arriving order takes what lies behind."""
    floor.book(bids={40: 10}, asks={45: 3, 50: 100})
    floor.place("a", ASK, 47, 5, strategy="bob")
    floor.place("b", BID, 50, 20, stp=MAKER_YIELDS)
    assert floor.cancelled("a") is CancelReason.SELF_TRADE
    assert floor.fills("b") == [(3, 45), (17, 50)]


def test_our_own_order_is_met_only_after_what_stands_before_it(floor: Floor) -> None:
    """Ten contracts are displayed ahead of ours, and the arriving order wants no more."""
    floor.book(bids={40: 10}, asks={50: 10})
    floor.place("a", ASK, 50, 5, strategy="bob")
    floor.place("b", BID, 50, 10)
    assert (floor.filled("b"), floor.live("a").resting) == (10, True)
    floor.place("c", BID, 50, 1)
    assert floor.cancelled("c") is CancelReason.SELF_TRADE


# Idempotence


@pytest.mark.fault("B13")
def test_the_same_order_id_again_does_nothing(floor: Floor) -> None:
    """Neither while the order lives nor afterwards."""
    floor.book(bids={40: 10}, asks={50: 100})
    floor.send("a", BID, 50, 5)
    floor.send("a", BID, 50, 5)
    floor.wait()
    floor.place("a", BID, 50, 5)
    assert floor.filled("a") == 5
    assert floor.position() == 5


def test_an_account_is_opened_once(floor: Floor) -> None:
    """A restart that opens it again gives no new cash."""
    assert floor.do(floor.exchange.open_account(floor.opening("ann"))) == ()
    assert floor.exchange.state.ledger.verify() == 0
    assert floor.exchange.book(MARKET).trust.value == "stale"
