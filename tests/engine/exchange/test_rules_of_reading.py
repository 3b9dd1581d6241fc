"""Rules 10, 11, 13 and 14.

Impact, adverse selection, the three readings, upper bounds (12 is with settlement).

Covers: engine.exchange.step_context.
"""

import pytest

from engine.events import ExchangeStatusSeen, MarketStatus, MarketStatusChanged
from engine.facts import BandMoved, OrderFilled
from engine.latency import Delay
from engine.orders import RejectCode, TimeInForce
from engine.units import NANOS_PER_MILLISECOND, Nanos
from tests.engine.exchange.floor import ASK, BID, MARKET, Floor, cents, contracts, rules

IOC = TimeInForce.IOC


# Rule 10


@pytest.mark.promise("our-own-fills-change")
def test_rule_10_our_own_fills_move_nothing_but_what_we_took(floor: Floor) -> None:
    """No impact is invented: the book is the venue's."""
    floor.book(bids={40: 100}, asks={50: 100})
    book = floor.exchange.book(MARKET)
    floor.place("a", BID, 50, 60, tif=IOC)
    floor.place("b", BID, 40, 10)
    floor.trade(ASK, 40, 105)
    assert (floor.filled("a"), floor.filled("b")) == (60, 5)
    assert (book.yes, book.no) == ({4_000: contracts(100)}, {5_000: contracts(100)})


# Rule 11


@pytest.mark.promise("bid-fills-market-comes")
def test_rule_11_a_bid_is_filled_only_as_the_market_comes_down_to_it(floor: Floor) -> None:
    """What fills a naive joiner is a sale: the fill itself says nothing good about the next price."""
    floor.book(bids={40: 100}, asks={41: 100})
    floor.place("a", BID, 40, 50)
    floor.trade(BID, 41, 1_000)
    assert floor.filled("a") == 0
    floor.trade(ASK, 40, 150)
    assert floor.filled("a") == 50


# Rule 13


@pytest.mark.promise("three-readings-kept-once")
def test_rule_13_the_three_readings_are_kept_at_once(floor: Floor) -> None:
    """A print at our price is base, one through it pessimistic too, a share of the cancels optimistic."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 200)
    floor.depth(BID, 40, 100)
    floor.depth(BID, 40, -100)
    floor.wait(2_001)
    assert floor.live("a").optimistic_ahead == contracts(50)
    floor.trade(ASK, 40, 110)
    bands = floor.live("a").bands
    assert (bands.pessimistic, bands.base, bands.optimistic) == (0, contracts(10), contracts(60))
    floor.trade(ASK, 39, 20)
    assert (bands.pessimistic, bands.base, bands.optimistic) == (contracts(20), contracts(30), contracts(80))


def test_rule_13_the_pessimistic_reading_arrives_at_the_95th_percentile() -> None:
    """It takes a part of what is left by then, but not what the base reading of another order took."""
    late = Delay(((0, Nanos(0)), (1_000, Nanos(100 * NANOS_PER_MILLISECOND))))
    floor = Floor(rules(entry=late))
    floor.book(bids={40: 100}, asks={50: 100})
    floor.send("a", BID, 50, 60, tif=IOC)
    floor.wait(94)
    assert floor.filled("a") == 60
    floor.depth(ASK, 50, -70)
    floor.wait(2)
    moved = floor.of(BandMoved, "a")[-1]
    # The first of the 30 and half of the others.
    found = moved.pessimistic, moved.base, moved.optimistic
    assert found == (contracts(15.5), contracts(60), contracts(60))


def test_rule_13_what_another_order_took_is_not_there_for_the_pessimistic_reading() -> None:
    """What its own base reading took is."""
    late = Delay(((0, Nanos(0)), (1_000, Nanos(100 * NANOS_PER_MILLISECOND))))
    floor = Floor(rules(entry=late, pessimistic_depth_percent=100))
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("other", BID, 50, 70, tif=IOC, strategy="bob")
    floor.wait(200)
    floor.send("a", BID, 50, 30, tif=IOC)
    floor.wait(94)
    floor.depth(ASK, 50, -10)
    floor.wait(2)
    moved = floor.of(BandMoved, "a")[-1]
    assert (moved.pessimistic, moved.base) == (contracts(20), contracts(30))


def test_rule_13_what_a_trade_gave_the_base_reading_is_not_there_for_the_pessimistic_one() -> None:
    """Only what it took itself."""
    late = Delay(((0, Nanos(0)), (1_000, Nanos(100 * NANOS_PER_MILLISECOND))))
    floor = Floor(rules(entry=late, pessimistic_depth_percent=100))
    floor.book(bids={40: 100}, asks={50: 15})
    floor.place("other", BID, 50, 5, tif=IOC, strategy="bob")
    floor.wait(200)
    floor.send("a", BID, 50, 30)
    floor.wait(94)
    assert floor.filled("a") == 10
    floor.trade(ASK, 50, 5)
    assert floor.filled("a") == 15
    floor.wait(10)
    assert floor.live("a").bands.pessimistic == contracts(10)


def test_rule_13_of_a_trade_that_another_order_had_the_pessimistic_reading_gets_no_more_than_the_base() -> (
    None
):
    """Though the other's own pessimistic reading has not come, and leaves all of it."""
    late = Delay(((0, Nanos(0)), (1_000, Nanos(100 * NANOS_PER_MILLISECOND))))
    floor = Floor(rules(entry=late))
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("behind", BID, 44, 10)
    floor.wait(200)
    floor.trade(ASK, 43, 3)
    floor.send("first", BID, 45, 10)
    floor.wait(94)
    assert floor.live("first").resting
    floor.trade(ASK, 43, 10)
    assert floor.filled("first") == 10
    bands = floor.live("behind").bands
    assert (bands.pessimistic, bands.base) == (contracts(3), contracts(3))


def test_rule_13_an_order_that_every_reading_has_whole_is_over(floor: Floor) -> None:
    """One that the pessimistic reading has but for a hundredth is not: the next trade through it is its."""
    floor.book(bids={40: 10}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.trade(ASK, 39, 9.99)
    floor.trade(ASK, 40, 10.01)
    assert floor.filled("a") == 10
    assert floor.live("a").pessimistic_remaining == 1
    floor.wait(1)
    floor.trade(ASK, 39, 1)
    assert "a" not in floor.exchange.state.orders
    assert floor.exchange.state.market(MARKET).of(floor.account).orders() == []


@pytest.mark.promise("three-readings-kept-once")
@pytest.mark.parametrize("closes", [False, True])
def test_rule_13_an_amended_order_filled_whole_as_it_came_goes_on_in_the_reading_that_is_behind(
    floor: Floor,
    closes: bool,  # noqa: FBT001
) -> None:
    """It stands in the queue for what is traded through it later, and ends as any order does."""
    floor.book(bids={40: 10}, asks={50: 20})
    floor.place("a", BID, 45, 10)
    floor.wait(100)
    floor.amend("a", 50, 20)
    assert floor.filled("a") == 20
    # The first of what it found, and half of the others.
    assert floor.live("a").bands.pessimistic == contracts(10.5)
    assert floor.exchange.state.market(MARKET).of(floor.account).arriving == {}
    floor.trade(ASK, 49, 4)
    assert floor.live("a").bands.pessimistic == contracts(14.5)
    if closes:
        floor.on_venue_event(MarketStatusChanged(MARKET, MarketStatus.CLOSED, floor.now, floor.now))
    else:
        floor.trade(ASK, 49, 10)
    assert floor.exchange.state.orders == {}


def test_rule_13_the_pessimistic_reading_pays_the_worst_of_the_books_since_the_decision() -> None:
    """An offer that came back, or came after us, is none for it."""
    late = Delay(((0, Nanos(0)), (1_000, Nanos(100 * NANOS_PER_MILLISECOND))))
    floor = Floor(rules(entry=late, pessimistic_depth_percent=100))
    floor.book(bids={40: 100}, asks={50: 100, 51: 100})
    floor.send("a", BID, 51, 10, tif=IOC)
    floor.wait(60)
    assert floor.fills("a") == [(10, 50)]
    floor.depth(ASK, 50, -96)
    floor.wait(1)
    floor.depth(ASK, 50, 96)
    floor.wait(60)
    bands = floor.of(BandMoved, "a")[-1]
    paid = [(fact.level_price, fact.pessimistic) for fact in floor.of(BandMoved, "a") if fact.pessimistic]
    assert bands.pessimistic == contracts(10)
    assert paid[0] == (cents(50), contracts(4))
    assert paid[1] == (cents(51), contracts(10))


def test_rule_13_the_optimistic_reading_meets_the_best_of_the_books_since_the_fast_end() -> None:
    """What was there until a moment ago, it has had."""
    floor = Floor(rules(entry=Nanos(60 * NANOS_PER_MILLISECOND), optimistic_way_in_ns=Nanos(0)))
    floor.book(bids={40: 100}, asks={50: 100, 51: 100})
    floor.send("a", BID, 51, 10, tif=IOC)
    floor.wait(10)
    floor.depth(ASK, 50, -100)
    floor.wait(70)
    assert floor.fills("a") == [(10, 51)]
    moved = floor.of(BandMoved, "a")
    assert (moved[0].level_price, moved[0].optimistic) == (cents(50), contracts(10))
    assert moved[-1].optimistic == contracts(10)


def test_rule_13_the_pessimistic_reading_always_pays_maker_fees() -> None:
    """Also where the series charges none."""
    floor = Floor(rules())
    floor.relist(fee_type="quadratic")
    floor.book(bids={40: 0}, asks={50: 100})
    floor.place("a", BID, 40, 100)
    floor.trade(ASK, 39, 100)
    moved = floor.of(BandMoved, "a")[-1]
    assert (moved.base_cash, moved.pessimistic_cash) == (-40_000_000, -40_420_000)


@pytest.mark.promise("three-readings-kept-once")
def test_rule_13_strategies_get_the_base_reading_only(floor: Floor) -> None:
    """Cash, position and order follow it."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 200)
    floor.depth(BID, 40, 100)
    floor.depth(BID, 40, -100)
    floor.wait(2_001)
    floor.trade(ASK, 40, 60)
    assert floor.live("a").bands.optimistic == contracts(10)
    assert (floor.filled("a"), floor.position(), floor.cash()) == (0, 0, 1_000_000_000)


# Rule 14


@pytest.mark.promise("time-alone-fills-nobody")
def test_rule_14_an_upper_bound_is_no_fill_without_something_heard(floor: Floor) -> None:
    """Time alone fills nobody, and every fill names what made it."""
    floor.book(bids={40: 0}, asks={41: 100})
    floor.place("a", BID, 40, 10)
    floor.wait(3_600_000)
    assert floor.filled("a") == 0
    floor.trade(ASK, 40, 10, "the-one")
    evidence = floor.of(OrderFilled)[-1].evidence
    assert (evidence.kind, evidence.trade_id, evidence.level_size) == ("print", "the-one", contracts(10))


@pytest.mark.promise("time-alone-fills-nobody")
def test_rule_14_a_fill_from_the_book_names_the_level_that_made_it(floor: Floor) -> None:
    """What was taken, and what came to rest where it would have met an order of ours."""
    floor.book(bids={40: 10}, asks={50: 100})
    floor.place("takes", BID, 50, 10, tif=IOC)
    floor.place("rests", BID, 45, 10)
    floor.depth(ASK, 44, 7)
    taken, met = (fill.evidence for fill in floor.of(OrderFilled))
    assert (taken.trade_id, taken.level_price, taken.level_size) == (None, cents(50), contracts(100))
    assert (met.kind, met.trade_id, met.level_price, met.level_size) == (
        "book_cross",
        None,
        cents(44),
        contracts(7),
    )


def test_the_venues_pause_stops_orders_but_not_books(floor: Floor) -> None:
    """The exchange's status is heard, not guessed."""
    floor.book(bids={40: 10}, asks={50: 100})
    floor.on_venue_event(ExchangeStatusSeen(True, False, 3, floor.now))
    floor.place("a", BID, 50, 5)
    assert floor.rejected("a") is RejectCode.TRADING_PAUSED
