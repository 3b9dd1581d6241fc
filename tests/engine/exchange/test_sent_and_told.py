"""What is sent, when it arrives, and what a fill tells of itself and its readings.

Covers: engine.exchange.step_context, engine.exchange.submission, engine.exchange.timers.
"""

import pytest

from engine.events import BookSide, BookSnapshot, FeedGapped, PriceRange, TradesRecovered
from engine.exchange import submission
from engine.exchange.rules import CENT_TICKS, STATUS_WAIT
from engine.exchange.timers import credit_subject, place_of, read_credit_subject, read_place
from engine.facts import (
    BandMoved,
    CancelRefused,
    LevelTaken,
    OrderFilled,
    OrderSubmitted,
    QueueMoved,
)
from engine.latency import Delay
from engine.message import changed
from engine.orders import AmendOrder, CancelReason, RejectCode, TimeInForce
from engine.units import NANOS_PER_MILLISECOND, PRICE_ONE, Nanos, Price
from engine.venue_facts import BandEnded, BlindnessBegan, CancelSubmitted
from tests.engine.exchange.floor import ASK, BID, MARKET, Floor, cents, contracts, rules

IOC = TimeInForce.IOC


# Ends


def test_a_cancel_that_comes_in_time_is_answered_once(floor: Floor) -> None:
    floor.book(bids={40: 0}, asks={50: 100})
    floor.place("a", BID, 45, 10)
    floor.cancel("a")
    floor.wait()
    floor.wait()
    assert floor.cancelled("a") is CancelReason.REQUESTED
    assert floor.of(CancelRefused) == []


def test_of_a_cancel_and_an_expiry_the_earlier_one_takes_an_order_out(floor: Floor) -> None:
    """A trade of after it fills nobody, also while it is not decided yet."""
    floor.book(bids={40: 0}, asks={50: 100})
    floor.place("a", BID, 45, 10, expires_at=Nanos(floor.now + 10**10))
    floor.quiet = True
    floor.cancel("a")
    floor.wait(5)
    assert floor.live("a").resting
    floor.trade(ASK, 44, 5)
    assert floor.filled("a") == 0


def test_what_befalls_an_order_is_heard_after_its_own_delay_and_all_else_after_the_median() -> None:
    """What befalls one order stays in order that way."""
    given = rules(acknowledge=Delay(((0, Nanos(0)), (500, Nanos(10)), (1_000, Nanos(30)))))
    drawn = [given.heard_after(f"order-{number}", 7) for number in range(20)]
    assert given.heard_after(None, 7) == 10
    assert len(set(drawn)) > 1
    assert drawn == [given.heard_after(f"order-{number}", 7) for number in range(20)]


# What was there


def test_two_that_come_before_a_level_is_gone_have_no_more_of_it_than_there_was() -> None:
    """Also where it is decided later, when nothing of it is displayed any more."""
    floor = Floor(rules(status_wait_ns=STATUS_WAIT))
    floor.book(bids={40: 10}, asks={50: 10})
    floor.send("a", BID, 50, 10, tif=IOC)
    floor.send("b", BID, 50, 10, tif=IOC, strategy="bob")
    floor.wait(3)
    floor.depth(ASK, 50, -10)
    floor.wait(3_000)
    assert (floor.filled("a"), floor.filled("b")) == (10, 0)


def test_what_was_there_as_an_order_came_is_there_for_it_though_another_set_out_since() -> None:
    floor = Floor(rules(status_wait_ns=STATUS_WAIT))
    floor.book(bids={40: 10}, asks={50: 10})
    floor.quiet = True
    floor.send("a", BID, 50, 10, tif=IOC)
    floor.wait(10)
    floor.send("b", BID, 40, 1)
    floor.heard_late(ASK, 50, -10, Nanos(floor.now - 5 * NANOS_PER_MILLISECOND))
    floor.quiet = False
    floor.wait(3_000)
    assert floor.filled("a") == 10


def test_a_book_that_was_heard_late_accounts_for_trades_up_to_its_own_time_only(floor: Floor) -> None:
    """After a gap: what was traded between its time and ours still moves the queue."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.wait(10)
    floor.on_venue_event(FeedGapped(1, 1, floor.seq + 1, floor.seq + 3, floor.now))
    floor.wait(100)
    shown = Nanos(floor.now - 50 * NANOS_PER_MILLISECOND)
    floor.seq += 1
    bids, asks = ((cents(40), contracts(100)),), ((Price(PRICE_ONE - cents(50)), contracts(100)),)
    floor.on_venue_event(BookSnapshot(MARKET, bids, asks, 1, 1, floor.seq, shown, floor.now))
    since = floor.of(BlindnessBegan)[-1].since
    floor.on_venue_event(TradesRecovered(MARKET, since, shown, (), floor.now))
    for moment, ahead in ((shown, 100), (shown + 1, 70)):
        floor.on_venue_event(changed(floor.printed(ASK, 40, 30), at_venue=Nanos(moment)))
        assert floor.ahead("a") == ahead


@pytest.mark.parametrize(("side", "price"), [(BID, 40), (ASK, 55)])
@pytest.mark.parametrize("printed", [False, True])
def test_what_a_book_that_was_followed_shows_less_of_when_taken_anew_waits_for_its_print(
    floor: Floor, side: BookSide, price: int, *, printed: bool
) -> None:
    """It moves the queue once: by the print, or when none has come in time."""
    floor.book(bids={40: 100}, asks={55: 100})
    floor.place("a", side, price, 10)
    floor.wait(10)
    floor.book(bids={40: 70}, asks={55: 70})
    assert floor.ahead("a") == 100
    if printed:
        floor.trade(side.opposite, price, 30)
        assert floor.ahead("a") == 70
    floor.wait(2_100)
    assert floor.ahead("a") == 70


# Fills


@pytest.mark.parametrize("age_ms", [0, 7])
def test_a_fill_tells_how_old_the_book_is_and_how_late_its_cause_was_heard(floor: Floor, age_ms: int) -> None:
    floor.book(bids={40: 0}, asks={50: 100})
    floor.place("a", BID, 45, 10)
    floor.depth(BID, 39, 1)
    floor.wait(age_ms)
    floor.trade(ASK, 44, 1)
    (fill,) = floor.of(OrderFilled)
    assert (fill.evidence.book_age_ns, fill.evidence.feed_lag_ns) == (age_ms * NANOS_PER_MILLISECOND, 0)


def test_a_fill_from_the_book_tells_how_late_the_book_was_heard(floor: Floor) -> None:
    floor.book(bids={40: 0}, asks={50: 100})
    floor.place("a", BID, 45, 10)
    floor.wait(10)
    floor.heard_late(ASK, 44, 3, Nanos(floor.now - 4 * NANOS_PER_MILLISECOND))
    (fill,) = floor.of(OrderFilled)
    assert (fill.evidence.kind, fill.evidence.feed_lag_ns) == ("book_cross", 4 * NANOS_PER_MILLISECOND)
    assert fill.evidence.book_age_ns == 0


def test_where_the_optimistic_reading_has_what_the_base_one_has_it_pays_the_same(floor: Floor) -> None:
    """To the last fraction that earlier fills of the order left over."""
    floor.book(bids={40: 0}, asks={50: 100})
    floor.place("a", BID, 45, 10)
    for _ in range(7):
        floor.trade(ASK, 45, 0.03)
        last = floor.of(BandMoved, "a")[-1]
        assert (last.optimistic, last.optimistic_cash) == (last.base, last.base_cash)
    assert last.base == 21


def test_what_the_optimistic_reading_alone_has_it_pays_with_a_fee(floor: Floor) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 200)
    floor.depth(BID, 40, 100)
    floor.depth(BID, 40, -100)
    floor.wait(2_001)
    floor.trade(ASK, 40, 58)
    last = floor.of(BandMoved, "a")[-1]
    assert (last.base, last.optimistic, last.base_cash) == (0, contracts(8), 0)
    assert 0 < -3_200_000 - last.optimistic_cash < 50_000, "eight at 40 cents, and a maker's fee"


def test_who_moves_behind_an_order_of_ours_is_told_with_it_before_and_after(floor: Floor) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.place("b", BID, 40, 10, strategy="bob")
    floor.trade(ASK, 40, 30)
    moved = {fact.order_id: (fact.ahead_before, fact.ahead) for fact in floor.of(QueueMoved)}
    assert moved == {"a": (contracts(100), contracts(70)), "b": (contracts(110), contracts(80))}


def test_what_is_taken_of_a_level_that_has_shrunk_meanwhile_is_remembered_with_what_is_shown() -> None:
    """The order met the level before it shrank, and that was decided after."""
    floor = Floor(rules(status_wait_ns=Nanos(1_000 * NANOS_PER_MILLISECOND)))
    floor.book(bids={40: 100}, asks={50: 100})
    floor.send("a", BID, 50, 30, tif=IOC)
    floor.wait(1_100)
    assert floor.filled("a") == 30
    assert floor.of(LevelTaken)[-1].short_most == 0
    floor.send("b", BID, 50, 50, tif=IOC)
    floor.wait(5)
    floor.heard_late(ASK, 50, -75, floor.now)
    floor.wait(5)
    floor.heard_late(ASK, 50, -15, floor.now)
    floor.wait(1_100)
    assert floor.filled("b") == 50
    market = floor.exchange.state.market(MARKET).of(floor.account)
    assert market.taken_asks == {cents(50): contracts(80)}
    assert market.short_asks[cents(50)].most == contracts(25)


# What is sent


def test_the_delay_in_play_is_added_to_every_reading() -> None:
    way = Delay(((0, Nanos(0)), (1_000, Nanos(100 * NANOS_PER_MILLISECOND))))
    extra = Nanos(3_000 * NANOS_PER_MILLISECOND)
    floor = Floor(rules(entry=way, in_game_delay_ns=extra, optimistic_way_in_ns=Nanos(0)))
    floor.relist(expected_expiration_at=Nanos(floor.now + 1))
    floor.book(bids={40: 100}, asks={50: 100})
    floor.send("a", BID, 50, 10)
    (sent,) = floor.of(OrderSubmitted)
    assert sent.arrives_optimistic_at == floor.now + extra
    assert sent.arrives_pessimistic_at == floor.now + extra + 95 * NANOS_PER_MILLISECOND
    assert sent.arrives_optimistic_at < sent.arrives_at < sent.arrives_pessimistic_at


def test_what_is_asked_for_twice_is_counted_and_what_is_refused_is_not(floor: Floor) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    counted = floor.exchange.duplicates
    floor.cancel("unknown")
    floor.act(AmendOrder("unknown", "ann", cents(40), contracts(1), floor.now))
    told = [(fact.order_id, fact.code, fact.amend) for fact in floor.of(CancelRefused)]
    assert told == [
        ("unknown", RejectCode.ORDER_NOT_FOUND, False),
        ("unknown", RejectCode.ORDER_NOT_FOUND, True),
    ]
    floor.place("a", BID, 40, 10)
    floor.act(AmendOrder("a", "ann", cents(40), contracts(5), floor.now))
    floor.cancel("a")
    assert (floor.exchange.duplicates, counted) == (0, 0)


def test_a_second_cancel_or_amend_on_the_way_is_one_too_many() -> None:
    floor = Floor(rules())
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    for number in range(3):
        floor.act(AmendOrder("a", "ann", cents(40), contracts(5), floor.now))
        assert floor.exchange.duplicates == number
    for number in range(3):
        floor.cancel("a")
        assert floor.exchange.duplicates == 2 + number


def test_a_cancel_of_all_reaches_no_order_before_the_venue_has_it() -> None:
    """And ends at once the readings of what is filled already."""
    floor = Floor(rules(entry=Nanos(60 * NANOS_PER_MILLISECOND)))
    floor.book(bids={40: 0}, asks={50: 100})
    floor.place("filled", BID, 40, 10)
    floor.place("rests", BID, 39, 10)
    floor.wait(100)
    floor.trade(ASK, 40, 10)
    floor.send("flies", BID, 38, 10)
    arrives_at = floor.live("flies").arrives_at
    floor.do(floor.exchange.cancel_all(None, CancelReason.REQUESTED, floor.now))
    assert [fact.order_id for fact in floor.of(BandEnded)] == ["filled"]
    sent = {fact.order_id: fact.arrives_at for fact in floor.of(CancelSubmitted)}
    assert sent == {"rests": floor.now + NANOS_PER_MILLISECOND, "flies": arrives_at}


def test_a_position_is_closed_at_the_worst_price_of_its_own_market() -> None:
    floor = Floor(rules())
    floor.relist(price_ranges=(PriceRange(Price(0), PRICE_ONE, Price(10)),))
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 50, 10, tif=IOC)
    floor.do(floor.exchange.close_position("ann", MARKET, "now", floor.now))
    sent = floor.of(OrderSubmitted)[-1].order
    assert (sent.side, sent.price, sent.count) == (ASK, 10, contracts(10))


def test_nothing_and_a_dollar_are_no_worst_price() -> None:
    thirds = PriceRange(Price(1), PRICE_ONE, Price(3))
    assert (submission._worst(BID, (thirds,)), submission._worst(ASK, (thirds,))) == (9_997, 1)
    both_ends = PriceRange(Price(0), PRICE_ONE, PRICE_ONE)
    ranges = (both_ends, *CENT_TICKS)
    assert (submission._worst(BID, ranges), submission._worst(ASK, ranges)) == (9_900, 100)


def test_the_subject_of_a_timer_is_read_as_it_was_written() -> None:
    """Whatever an account is called."""
    place = place_of("a:b", "T:K")
    assert read_credit_subject(credit_subject(ASK, Price(40), place)) == (ASK, 40, place)
    assert read_place(place) == ("a:b", "T:K")
