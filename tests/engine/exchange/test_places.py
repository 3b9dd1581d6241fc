"""Places in the queue and what becomes of them: decreases, gaps, cancels, amends, ends, to the hundredth.

Covers: engine.exchange.balance, engine.exchange.cancels, engine.exchange.depth, engine.exchange.gaps,
engine.exchange.market, engine.exchange.moments, engine.exchange.state.
"""

from collections.abc import Callable

import pytest

from engine.events import BookRefused, FeedConnected, FeedGapped, FeedLost, TradesRecovered
from engine.exchange import balance, depth
from engine.exchange.market import Market
from engine.exchange.step_context import StepContext
from engine.exchange.timers import CANCEL, CLOSE, CREDIT
from engine.facts import (
    BandMoved,
    CancelRefused,
    OrderAmended,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    QueueMoved,
)
from engine.latency import Delay
from engine.message import changed
from engine.orders import CancelReason, RejectCode, TimeInForce
from engine.units import NANOS_PER_MILLISECOND, Money, Nanos
from engine.venue_facts import (
    BandEnded,
    BlindnessBegan,
    FeeTermsChanged,
    MarketTermsChanged,
    QueueLevelChanged,
)
from tests.engine.exchange.floor import ASK, BID, MARKET, Floor, cents, contracts, rules

IOC = TimeInForce.IOC
LATE = Delay(((0, Nanos(0)), (1_000, Nanos(100 * NANOS_PER_MILLISECOND))))


def ours(floor: Floor) -> Market:
    """What our account has in the market."""
    return floor.exchange.state.market(MARKET).of(floor.account)


def late() -> Floor:
    """A floor where the pessimistic reading comes later and finds all that is displayed."""
    return Floor(rules(entry=LATE, pessimistic_depth_percent=100))


# Decreases


def test_who_joined_before_the_decrease_of_an_older_print_is_bounded_by_it(floor: Floor) -> None:
    """The print is not his; that it took from those before him he sees in the book."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("first", BID, 40, 10)
    floor.trade(ASK, 40, 30)
    floor.place("later", BID, 40, 10, strategy="bob")
    assert floor.ahead("later") == 100
    floor.depth(BID, 40, -30)
    assert (floor.ahead("first"), floor.ahead("later")) == (70, 70)


def test_who_joined_before_an_older_decrease_was_heard_is_bounded_once_its_print_is_told(
    floor: Floor,
) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("first", BID, 40, 10)
    floor.wait(1)
    before = floor.now
    print_ = floor.printed(ASK, 40, 30)
    floor.wait(1)
    floor.place("later", BID, 40, 10, strategy="bob")
    floor.heard_late(BID, 40, -30, before)
    assert (floor.ahead("first"), floor.ahead("later")) == (100, 100)
    floor.on_venue_event(changed(print_, at=floor.now))
    assert (floor.ahead("first"), floor.ahead("later")) == (70, 70)


def test_the_last_hundredth_that_leaves_counts(floor: Floor) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.depth(BID, 40, -0.01)
    assert floor.ahead("a") == 100
    floor.wait(2_001)
    assert floor.ahead("a") == 99.99


def test_each_decrease_waits_for_its_own_print(floor: Floor) -> None:
    """The older one is a cancel while the newer one may still be a trade."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.depth(BID, 40, -30)
    floor.wait(1_000)
    floor.depth(BID, 40, -30)
    floor.wait(1_001)
    assert (floor.ahead("a"), floor.live("a").optimistic_ahead) == (70, contracts(70))
    floor.wait(1_000)
    assert floor.ahead("a") == 40


@pytest.mark.parametrize("ages_ms", [(5, 3), (3, 5)])
def test_a_place_that_a_cancel_has_moved_is_known_up_to_the_cancel(
    floor: Floor, ages_ms: tuple[int, int]
) -> None:
    """Not up to what the book has shown since: a trade after the cancel moves it on."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.wait(10)
    stamps = [Nanos(floor.now - age * NANOS_PER_MILLISECOND) for age in ages_ms]
    for at in stamps:
        floor.heard_late(BID, 40, -35, at)
    floor.wait(1)
    floor.depth(BID, 39, 5)
    floor.wait(2_001)
    assert (floor.ahead("a"), floor.live("a").known_to) == (30, max(stamps))


def test_a_decrease_without_a_time_is_placed_when_it_was_heard(floor: Floor) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.wait(10)
    heard = floor.now
    floor.heard_late(BID, 40, -70, None)
    floor.wait(2_001)
    assert (floor.ahead("a"), floor.live("a").known_to) == (30, heard)


def test_the_later_of_two_moments_is_the_one_that_is_known() -> None:
    one, other = Nanos(5), Nanos(7)
    found = [
        depth.later(*pair) for pair in ((one, other), (other, one), (None, one), (one, None), (None, None))
    ]
    assert found == [7, 7, 5, 5, None]


# What we took


def test_what_is_displayed_again_in_full_begins_its_minute_anew(floor: Floor) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 50, 100, tif=IOC)
    floor.depth(ASK, 50, -100)
    floor.wait(59_000)
    floor.depth(ASK, 50, 100)
    floor.wait(2_000)
    floor.place("b", BID, 50, 100, tif=IOC)
    assert floor.filled("b") == 0


def test_what_was_displayed_for_a_moment_is_remembered_for_the_next_minute_only(floor: Floor) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 50, 100, tif=IOC)
    floor.depth(ASK, 50, -100)
    floor.depth(ASK, 50, 40)
    floor.depth(ASK, 50, -40)
    floor.wait(60_000)
    floor.place("finds nothing", BID, 50, 1, tif=IOC)
    assert ours(floor).taken_asks == {cents(50): contracts(40)}
    assert (set(ours(floor).short_asks), ours(floor).short_bids) == ({cents(50)}, {})
    floor.wait(60_000)
    floor.depth(ASK, 50, 100)
    floor.place("b", BID, 50, 100, tif=IOC)
    assert floor.filled("b") == 100


def test_what_was_displayed_for_a_moment_within_the_minute_is_not_had_twice(floor: Floor) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 50, 100, tif=IOC)
    floor.depth(ASK, 50, -100)
    floor.depth(ASK, 50, 40)
    floor.depth(ASK, 50, -40)
    floor.wait(60_000)
    floor.depth(ASK, 50, 100)
    floor.place("b", BID, 50, 100, tif=IOC)
    assert floor.filled("b") == 60


def test_a_market_where_nothing_of_ours_is_left_is_not_watched(floor: Floor) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    assert not ours(floor).watched
    floor.send("a", BID, 50, 100, tif=IOC)
    assert ours(floor).watched
    floor.wait()
    assert ours(floor).watched, "what was taken is remembered"
    floor.depth(ASK, 50, -100)
    floor.wait(60_000)
    floor.depth(ASK, 50, 40)
    assert not ours(floor).watched
    floor.send("b", BID, 45, 1, tif=IOC)
    floor.wait()
    assert (ours(floor).watched, floor.exchange.state.market(MARKET).watched) == (False, False)


def test_an_offer_that_a_snapshot_does_not_show_any_more_is_forgotten_after_a_minute(floor: Floor) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 50, 100, tif=IOC)
    floor.book(bids={40: 100}, asks={})
    floor.wait(60_000)
    floor.book(bids={40: 100}, asks={50: 40})
    floor.place("b", BID, 50, 100, tif=IOC)
    assert floor.filled("b") == 40


# Snapshots and gaps


@pytest.mark.parametrize("side", [BID, ASK])
def test_the_same_snapshot_again_says_nothing(side: object) -> None:
    """Also of a level where only we stand."""
    floor = Floor(rules())
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("alone", BID if side is BID else ASK, 45, 10)
    floor.place("behind", BID if side is BID else ASK, 40 if side is BID else 50, 10)
    before = list(floor.facts)
    floor.book(bids={40: 100}, asks={50: 100})
    assert floor.facts == before


def test_a_snapshot_bounds_the_place_of_whom_an_older_print_does_not_concern(floor: Floor) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("first", BID, 40, 10)
    floor.trade(ASK, 40, 30)
    floor.place("later", BID, 40, 10, strategy="bob")
    floor.book(bids={40: 70}, asks={50: 100})
    assert (floor.ahead("first"), floor.ahead("later")) == (70, 70)


GAPS: dict[str, Callable[[Floor], object]] = {
    "frames are missing": lambda floor: floor.on_venue_event(
        FeedGapped(1, 1, floor.seq + 1, floor.seq + 3, floor.now)
    ),
    "a frame is refused": lambda floor: floor.on_venue_event(
        BookRefused(MARKET, 1, 1, snapshot=False, at=floor.now)
    ),
    "a level falls below zero": lambda floor: floor.depth(BID, 39, -5),
    "the connection ends": lambda floor: floor.on_venue_event(FeedLost(1, "reset", floor.now)),
    "another begins": lambda floor: floor.on_venue_event(FeedConnected(2, floor.now)),
}


def regain(floor: Floor, size: float) -> None:
    """The book is shown again, and nothing was traded meanwhile."""
    since = floor.of(BlindnessBegan)[-1].since
    floor.conn = max(floor.conn, floor.exchange.book(MARKET).conn, 2)
    floor.on_venue_event(FeedConnected(2, floor.now))
    floor.book(bids={40: size}, asks={50: 100})
    floor.wait(1)
    floor.on_venue_event(TradesRecovered(MARKET, since, floor.now, (), floor.now))


@pytest.mark.promise("after-gap-missing-trades")
@pytest.mark.parametrize("kind", GAPS)
def test_a_level_that_a_gap_did_not_make_larger_keeps_its_places(kind: str) -> None:
    """And that is measured anew at each gap."""
    floor = Floor(rules())
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.trade(ASK, 40, 30)
    assert floor.ahead("a") == 70
    GAPS[kind](floor)
    assert floor.exchange.gaps_of(MARKET)
    regain(floor, 100)
    assert (floor.exchange.gaps_of(MARKET), floor.ahead("a")) == ((), 70)
    floor.depth(BID, 40, 50)
    floor.on_venue_event(FeedGapped(2, 1, floor.seq + 1, floor.seq + 3, floor.now))
    floor.book(bids={40: 150}, asks={50: 100})
    since = floor.of(BlindnessBegan)[-1].since
    floor.on_venue_event(TradesRecovered(MARKET, since, floor.now, (), floor.now))
    assert floor.ahead("a") == 70
    assert {fact.cause for fact in floor.of(QueueLevelChanged)} >= {"gap", "resync"}
    assert [fact.displayed for fact in floor.of(QueueLevelChanged) if fact.cause == "resync"] == [None, None]


def test_trades_that_were_fetched_before_the_book_is_back_move_the_queue_by_themselves_only() -> None:
    """A book that nobody follows shows nothing; the wait for it goes on."""
    floor = Floor(rules())
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.wait(5)
    floor.on_venue_event(FeedLost(1, "reset", floor.now))
    floor.wait(5)
    since = floor.of(BlindnessBegan)[-1].since
    missed = changed(floor.printed(ASK, 40, 30, "missed"), recovered=True)
    floor.wait(5)
    floor.on_venue_event(TradesRecovered(MARKET, since, floor.now, (missed,), floor.now))
    assert floor.ahead("a") == 70
    began = floor.of(BlindnessBegan)
    assert [fact.reason for fact in began][1:] == ["the book is still missing"]
    assert floor.exchange.gaps_of(MARKET) == (floor.now,)
    assert floor.exchange.state.market(MARKET).trades_to == floor.now


def test_a_trade_that_was_heard_in_a_gap_fills_as_one_that_was_fetched(floor: Floor) -> None:
    """Up to the very end of what was fetched; what was fetched for less than the gap decides nothing."""
    floor.book(bids={40: 0}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.on_venue_event(FeedGapped(1, 2, 1, 3, floor.now))
    since = floor.of(BlindnessBegan)[-1].since
    floor.wait(1)
    floor.trade(ASK, 40, 4, "heard")
    assert floor.filled("a") == 0
    floor.on_venue_event(TradesRecovered(MARKET, Nanos(since - 2), Nanos(since - 1), (), floor.now))
    assert floor.filled("a") == 0
    floor.on_venue_event(TradesRecovered(MARKET, since, since, (), floor.now))
    (fill,) = floor.of(OrderFilled, "a")
    assert (fill.count, fill.evidence.kind) == (contracts(4), "recovered_print")


def test_what_is_given_up_ends_at_its_best_price_first(floor: Floor) -> None:
    floor.book(bids={30: 100}, asks={70: 100})
    for order_id, side, price in (("b1", BID, 40), ("b2", BID, 41), ("a1", ASK, 60), ("a2", ASK, 59)):
        floor.place(order_id, side, price, 1)
    floor.on_venue_event(FeedGapped(1, 2, 1, 3, floor.now))
    since = floor.of(BlindnessBegan)[-1].since
    floor.on_venue_event(TradesRecovered(MARKET, since, floor.now, None, floor.now))
    assert [fact.order_id for fact in floor.of(OrderCancelled)] == ["b2", "b1", "a2", "a1"]


# Cancels and amends


def test_a_cancel_of_what_is_filled_ends_the_readings_that_are_behind(floor: Floor) -> None:
    """And whoever sent it hears that it came too late."""
    floor.book(bids={40: 0}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.trade(ASK, 40, 10)
    assert floor.live("a").pessimistic_remaining == contracts(10)
    floor.cancel("a")
    floor.wait()
    assert [fact.order_id for fact in floor.of(BandEnded)] == ["a"]
    ended = next(number for number, fact in enumerate(floor.facts) if isinstance(fact, BandEnded))
    assert isinstance(floor.facts[ended + 1], CancelRefused), "in the same breath"
    assert floor.facts[ended].at == floor.facts[ended + 1].at
    assert [(fact.order_id, fact.code) for fact in floor.of(CancelRefused)] == [
        ("a", RejectCode.ORDER_NOT_FOUND)
    ]
    assert floor.exchange.state.orders == {}


def test_an_amend_to_the_same_keeps_the_place(floor: Floor) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("first", BID, 40, 10, strategy="bob")
    floor.place("a", BID, 40, 10)
    floor.trade(ASK, 40, 30)
    floor.amend("a", 40, 10)
    (told,) = floor.of(OrderAmended)
    assert (told.ahead, told.remaining, told.requeued) == (contracts(80), contracts(10), False)
    assert floor.ahead("a") == 70


def test_an_amend_tells_what_is_left_and_the_place_that_was_kept(floor: Floor) -> None:
    floor.book(bids={40: 0}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.trade(ASK, 40, 4)
    floor.amend("a", 40, 7)
    floor.amend("a", 41, 8)
    kept, back = floor.of(OrderAmended)
    assert (kept.ahead, kept.remaining, kept.count, kept.requeued) == (0, contracts(3), contracts(7), False)
    assert (back.ahead, back.remaining, back.count, back.requeued) == (0, contracts(4), contracts(8), True)
    floor.amend("a", 41, 4)
    assert floor.cancelled("a") is CancelReason.AMENDED_TO_NOTHING
    assert floor.exchange.state.timers.due == {}


@pytest.mark.parametrize(("through", "forgone"), [(0, 4), (4, 0)])
def test_what_the_pessimistic_reading_lacks_at_an_amend_it_never_gets(
    floor: Floor, through: float, forgone: float
) -> None:
    floor.book(bids={39: 5}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.trade(ASK, 39 if through else 40, 4)
    floor.amend("a", 41, 10)
    assert floor.live("a").forgone == contracts(forgone)
    floor.trade(ASK, 39, 50)
    last = floor.of(BandMoved, "a")[-1]
    assert (last.pessimistic, last.base) == (contracts(10 - forgone), contracts(10))


def test_an_amend_that_is_refused_leaves_nothing_on_its_way(floor: Floor) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 10, post_only=True)
    floor.amend("a", 50, 10)
    assert [fact.amend for fact in floor.of(CancelRefused)] == [True]
    assert (ours(floor).arriving, floor.exchange.state.timers.due) == ({}, {})
    assert floor.ahead("a") == 100


def test_a_cancel_does_not_overtake_its_order_that_waits_for_the_word_of_a_stop() -> None:
    floor = Floor(rules(status_wait_ns=Nanos(1_000 * NANOS_PER_MILLISECOND)))
    floor.book(bids={40: 100}, asks={50: 100})
    floor.send("a", BID, 40, 10)
    floor.wait(0.1)
    floor.cancel("a")
    floor.wait(50)
    floor.wait(50)
    assert (floor.of(CancelRefused), floor.cancelled("a")) == ([], None)
    floor.wait(1_000)
    assert floor.cancelled("a") is CancelReason.REQUESTED


def test_what_the_feed_does_not_pass_in_time_is_refused_or_ended() -> None:
    floor = Floor(rules())
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("amended", BID, 40, 10)
    floor.place("cancelled", BID, 41, 10)
    floor.quiet = True
    floor.send("sent", BID, 42, 10)
    floor.cancel("cancelled")
    floor.amend("amended", 43, 10)
    floor.wait(11_000)
    (refused,) = floor.of(OrderRejected)
    assert (refused.code, refused.detail) == (
        RejectCode.FEED_BEHIND,
        "the feed has not passed its arrival in 10000 ms",
    )
    assert floor.cancelled("cancelled") is CancelReason.REQUESTED
    assert [(fact.order_id, fact.code, fact.amend) for fact in floor.of(CancelRefused)] == [
        ("amended", RejectCode.FEED_BEHIND, True)
    ]
    assert floor.live("amended").resting


# What is over is over


def test_a_level_is_left_by_one_order_and_lives_for_the_other(floor: Floor) -> None:
    """With the last one go its timers and the one of the market's close."""
    floor.relist(close_at=Nanos(floor.now + 10**15))
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.place("b", BID, 40, 10, strategy="bob")
    floor.depth(BID, 40, -30)
    kinds = {key.partition(":")[0] for key in floor.exchange.state.timers.due}
    assert kinds == {CLOSE, CREDIT}
    floor.cancel("a")
    floor.wait()
    assert list(ours(floor).bids[cents(40)].queue) == ["b"]
    assert {key.partition(":")[0] for key in floor.exchange.state.timers.due} == {CLOSE, CREDIT}
    floor.cancel("b", "bob")
    assert {key.partition(":")[0] for key in floor.exchange.state.timers.due} > {CANCEL}
    floor.wait()
    assert (ours(floor).bids, floor.exchange.state.timers.due, ours(floor).watched) == ({}, {}, False)


def test_what_is_on_its_way_is_kept_until_each_reading_has_come() -> None:
    floor = late()
    floor.book(bids={40: 100}, asks={50: 100})
    floor.send("a", BID, 40, 10)
    floor.wait(94)
    assert list(ours(floor).arriving) == ["a"]
    floor.depth(BID, 40, 5)
    assert len(ours(floor).unclear) == 1
    floor.wait(10)
    assert (ours(floor).arriving, ours(floor).unclear) == ({}, ())
    came = floor.live("a").pessimistic_joined_at - floor.live("a").sent_at
    assert came == 95 * NANOS_PER_MILLISECOND


@pytest.mark.parametrize(("displayed", "lives"), [(0, False), (0.01, True), (5, True)])
def test_of_an_immediate_order_that_got_something_the_pessimistic_reading_still_comes(
    displayed: float, *, lives: bool
) -> None:
    floor = late()
    floor.book(bids={40: 100}, asks={50: displayed} if displayed else {60: 1})
    floor.send("a", BID, 50, 10, tif=IOC)
    floor.wait(94)
    assert floor.cancelled("a") is CancelReason.IMMEDIATE_REMAINDER
    assert ("a" in floor.exchange.state.orders) is lives


def test_of_an_order_that_was_cancelled_no_reading_still_comes() -> None:
    """Whatever it has got by then."""
    floor = late()
    floor.book(bids={40: 100}, asks={50: 5})
    floor.send("a", BID, 50, 10)
    floor.wait(80)
    assert floor.filled("a") == 5
    floor.cancel("a")
    floor.wait(5)
    assert floor.cancelled("a") is CancelReason.REQUESTED
    assert floor.exchange.state.orders == {}
    assert floor.exchange.state.timers.due == {}


@pytest.mark.promise("three-readings-kept-once")
def test_a_pessimistic_reading_that_finds_less_than_the_whole_joins_the_queue_once() -> None:
    floor = late()
    floor.book(bids={40: 100}, asks={50: 10})
    floor.send("a", BID, 50, 10)
    floor.wait(94)
    assert floor.filled("a") == 10
    assert ours(floor).bids == {}
    floor.depth(ASK, 50, -6)
    floor.wait(10)
    assert list(ours(floor).bids[cents(50)].queue) == ["a"]
    assert floor.live("a").taken_here == {}
    floor.trade(ASK, 49, 50)
    assert floor.of(BandMoved, "a")[-1].pessimistic == contracts(10)
    assert (ours(floor).bids, floor.exchange.state.orders) == ({}, {})


@pytest.mark.promise("all-our-fills-trade")
def test_a_trade_that_only_the_pessimistic_reading_had_is_used_all_the_same(floor: Floor) -> None:
    """Fetched again after a gap it gives nothing more."""
    floor.book(bids={39: 0}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.trade(ASK, 40, 10)
    floor.trade(ASK, 39, 4, "once")
    assert floor.live("a").bands.pessimistic == contracts(4)
    told = changed(floor.printed(ASK, 39, 4, "once"), recovered=True)
    floor.on_venue_event(FeedGapped(1, 2, 1, 3, floor.now))
    since = floor.of(BlindnessBegan)[-1].since
    floor.wait(1)
    floor.on_venue_event(TradesRecovered(MARKET, since, floor.now, (told,), floor.now))
    assert floor.live("a").bands.pessimistic == contracts(4)


def test_the_fills_of_an_order_are_numbered(floor: Floor) -> None:
    floor.book(bids={39: 0}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    for _ in range(3):
        floor.trade(ASK, 40, 1)
    assert [fill.fill_id for fill in floor.of(OrderFilled)] == ["a/1", "a/2", "a/3"]


def test_of_two_orders_of_ours_each_knows_how_many_of_ours_stand_before_it(floor: Floor) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.place("b", BID, 40, 10, strategy="bob")
    floor.trade(ASK, 40, 30)
    moved = {fact.order_id: (fact.own_ahead, fact.ahead) for fact in floor.of(QueueMoved)}
    assert moved == {"a": (0, contracts(70)), "b": (contracts(10), contracts(80))}


def test_what_was_decided_for_an_account_is_told_from_what_befell_the_venue(floor: Floor) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.wait(10)
    floor.relist(title="the same", close_at=Nanos(floor.now + 10**15))
    floor.wait(10)
    floor.trade(ASK, 40, 30)
    floor.cancel("a")
    floor.wait()
    venues = (MarketTermsChanged, FeeTermsChanged)
    latest: dict[str | None, Nanos] = {}
    for fact in floor.facts:
        account = None if isinstance(fact, venues) else floor.account
        latest[account] = max(latest.get(account, Nanos(0)), fact.at)
    assert floor.exchange.state.last_at == latest
    assert set(latest) == {None, floor.account}


# Money


def test_what_only_closes_needs_no_money_whatever_else_is_reserved() -> None:
    floor = Floor(rules())
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("buys", BID, 50, 10, tif=IOC)
    floor.place("rests", BID, 40, 10)
    floor.send("sells", ASK, 60, 10)
    poor = Poor(floor.exchange.state, floor.rules, floor.now)
    assert balance.affordable(poor, floor.live("sells"))
    floor.send("sells more", ASK, 60, 10.01)
    assert not balance.affordable(poor, floor.live("sells more"))
    before = floor.reserved()
    floor.wait()
    assert floor.rejected("sells") is None
    floor.cancel("sells more")
    floor.wait()
    assert floor.reserved() == before, "the sale takes nothing"


class Poor(StepContext):
    """A step in which nobody has any money."""

    def cash(self, strategy: str) -> Money:
        """Nothing."""
        return Money(0)
