"""The three readings to the contract: who has what of a book or a print, and at which price.

Covers: engine.exchange.arrival, engine.exchange.depth, engine.exchange.orders, engine.exchange.prints.
"""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from engine.events import BookSide, FeedGapped, TradesRecovered
from engine.exchange import Stage, arrival, prints
from engine.exchange.orders import PaperOrder
from engine.exchange.step_context import StepContext
from engine.facts import BandMoved, OrderFilled
from engine.latency import Delay
from engine.message import changed
from engine.orders import RejectCode, TimeInForce
from engine.taker_walk import SweptLevel
from engine.units import NANOS_PER_MILLISECOND, Count, Nanos, Price
from engine.venue_facts import BandEnded, BlindnessBegan, QueueLevelChanged
from tests.engine.exchange.floor import ASK, BID, MARKET, Floor, cents, contracts, rules

IOC, FOK = TimeInForce.IOC, TimeInForce.FOK
LATE = Delay(((0, Nanos(0)), (1_000, Nanos(100 * NANOS_PER_MILLISECOND))))
"""Up to a tenth of a second: the pessimistic reading comes after 95 milliseconds."""

START_AT = Nanos(1)
SLOW = Nanos(60 * NANOS_PER_MILLISECOND)


def late() -> Floor:
    """A floor where the pessimistic reading comes later and finds all that is displayed."""
    return Floor(rules(entry=LATE, pessimistic_depth_percent=100))


def early() -> Floor:
    """A floor where the optimistic reading comes at once, and the others 60 milliseconds later."""
    return Floor(rules(entry=SLOW, optimistic_way_in_ns=Nanos(0)))


def bands(floor: Floor, order_id: str) -> tuple[float, float, float]:
    """Contracts that an order has in the three readings."""
    last = floor.of(BandMoved, order_id)[-1]
    return last.pessimistic / 100, last.base / 100, last.optimistic / 100


def paid(floor: Floor, order_id: str) -> list[tuple[float, float]]:
    """What the pessimistic reading got, as contracts and cents before fees."""
    found, before = [], 0
    for fact in floor.of(BandMoved, order_id):
        if fact.pessimistic != before:
            found.append(((fact.pessimistic - before) / 100, fact.level_price / 100))
        before = fact.pessimistic
    return found


# Arrival


def test_a_fill_tells_the_size_that_its_own_reading_saw() -> None:
    """Not that which the optimistic reading had seen before."""
    floor = early()
    floor.book(bids={40: 100}, asks={50: 100})
    floor.send("a", BID, 50, 10, tif=IOC)
    floor.wait(10)
    floor.depth(ASK, 50, -70)
    floor.wait(70)
    (fill,) = floor.of(OrderFilled, "a")
    assert (fill.count, fill.evidence.level_size) == (contracts(10), contracts(30))


def test_of_less_than_a_contract_the_pessimistic_reading_finds_what_is_displayed() -> None:
    floor = late()
    floor.book(bids={40: 100}, asks={50: 0.5, 51: 10})
    floor.place("a", BID, 51, 2, tif=IOC)
    floor.wait(200)
    assert paid(floor, "a") == [(0.5, 50), (1.5, 51)]


def test_what_may_have_changed_on_its_own_side_does_not_stop_a_post_only_order(floor: Floor) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    floor.send("a", BID, 45, 10, post_only=True)
    floor.heard_late(BID, 40, 5, None)
    floor.wait()
    assert floor.rejected("a") is None
    assert floor.live("a").resting


def test_what_may_have_been_offered_stops_a_post_only_order(floor: Floor) -> None:
    floor.book(bids={40: 100}, asks={45: 5, 50: 100})
    floor.send("a", BID, 45, 10, post_only=True)
    floor.heard_late(ASK, 45, -5, None)
    floor.wait()
    assert floor.rejected("a") is RejectCode.POST_ONLY_CROSS


def test_the_optimistic_reading_stands_behind_those_that_were_there_at_the_fast_end() -> None:
    floor = early()
    floor.book(bids={40: 20}, asks={50: 100})
    floor.send("a", BID, 40, 10)
    floor.wait(10)
    floor.depth(BID, 40, 80)
    floor.wait(70)
    assert (floor.ahead("a"), floor.live("a").optimistic_ahead) == (100, contracts(20))


def test_who_joins_an_unchanged_level_stands_behind_all_of_it_in_every_reading() -> None:
    floor = early()
    floor.book(bids={40: 20}, asks={50: 100})
    floor.send("a", BID, 40, 10)
    floor.wait(70)
    assert (floor.ahead("a"), floor.live("a").optimistic_ahead) == (20, contracts(20))


def test_without_a_fast_end_the_optimistic_reading_stands_where_the_base_one_does(floor: Floor) -> None:
    """Also if it is not clear how many stood there."""
    floor.book(bids={40: 20}, asks={50: 100})
    floor.send("a", BID, 40, 10)
    floor.heard_late(BID, 40, 80, None)
    floor.wait()
    assert (floor.ahead("a"), floor.live("a").optimistic_ahead) == (100, contracts(100))


def test_in_a_polled_book_all_readings_stand_behind_what_the_poll_shows() -> None:
    floor = early()
    floor.poll(20, 100)
    floor.wait(1_000)
    floor.poll(20, 100)
    floor.send("a", BID, 40, 10)
    for _ in range(5):
        floor.wait(1_000)
        floor.poll(100, 100)
    assert (floor.ahead("a"), floor.live("a").optimistic_ahead) == (100, contracts(100))


def test_in_a_polled_book_a_trade_from_before_the_poll_that_decides_moves_no_queue() -> None:
    """Whoever it took is not displayed any more."""
    floor = early()
    floor.poll(20, 100)
    floor.wait(1_000)
    floor.send("a", BID, 40, 10)
    arrives_at = floor.live("a").arrives_at
    for _ in range(5):
        floor.wait(1_000)
        floor.poll(100, 100)
    floor.on_venue_event(changed(floor.printed(ASK, 40, 30), at_venue=Nanos(arrives_at + 1)))
    assert floor.ahead("a") == 100
    floor.trade(ASK, 40, 30)
    assert floor.ahead("a") == 70


def test_who_may_have_left_after_we_joined_counts_as_ahead_until_its_print_is_overdue(floor: Floor) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    floor.send("a", BID, 40, 10)
    floor.heard_late(BID, 40, -40, None)
    floor.wait()
    assert floor.ahead("a") == 100
    floor.wait(1_990)
    assert floor.ahead("a") == 100
    floor.wait(20)
    assert (floor.ahead("a"), floor.live("a").optimistic_ahead) == (60, contracts(60))


def test_who_joins_a_level_that_nobody_left_waits_for_no_print(floor: Floor) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    assert floor.of(QueueLevelChanged) == []


# The pessimistic reading comes later


def test_a_pessimistic_reading_of_what_is_filled_ends_where_nobody_can_follow_the_market() -> None:
    floor = late()
    floor.book(bids={40: 100}, asks={50: 100})
    floor.send("a", BID, 50, 10, tif=IOC)
    floor.wait(94)
    assert floor.live("a").stage is Stage.DONE
    floor.on_venue_event(FeedGapped(1, 1, floor.seq + 1, floor.seq + 3, floor.now))
    floor.wait(10)
    assert [fact.order_id for fact in floor.of(BandEnded)] == ["a"]
    assert floor.exchange.state.orders == {}
    assert bands(floor, "a") == (0, 10, 10)


def test_a_resting_order_outlives_its_pessimistic_moment_where_nobody_can_follow_the_market() -> None:
    floor = late()
    floor.book(bids={40: 100}, asks={50: 100})
    floor.send("a", BID, 40, 10)
    floor.wait(94)
    assert floor.live("a").resting
    floor.on_venue_event(FeedGapped(1, 1, floor.seq + 1, floor.seq + 3, floor.now))
    floor.wait(10)
    assert floor.of(BandEnded) == []
    assert floor.live("a").resting


def test_what_was_not_displayed_for_a_minute_is_forgotten_as_a_pessimistic_reading_comes() -> None:
    """If the minute ends while that reading is on its way."""
    floor = late()
    floor.book(bids={40: 100}, asks={50: 100, 51: 100})
    floor.place("other", BID, 50, 100, tif=IOC, strategy="bob")
    floor.wait(200)
    floor.depth(ASK, 50, -100)
    floor.depth(ASK, 50, 40)
    floor.depth(ASK, 50, -40)
    floor.wait(59_915)
    floor.send("a", BID, 51, 10, tif=IOC)
    floor.wait(84)
    taken = floor.exchange.state.market(MARKET).of(floor.account).taken_asks
    assert (floor.fills("a"), taken[cents(50)]) == ([(10, 51)], contracts(100))
    floor.wait(20)
    assert (bands(floor, "a"), taken[cents(50)]) == ((10, 10, 10), contracts(40))


def test_what_was_lost_to_it_by_an_amend_the_pessimistic_reading_does_not_find_when_it_comes() -> None:
    """It comes after the amend, and has a part in what the base reading got since."""
    seldom_late = Delay(
        ((0, Nanos(0)), (900, NANOS_PER_MILLISECOND), (1_000, Nanos(100 * NANOS_PER_MILLISECOND)))
    )
    floor = Floor(rules(entry=seldom_late, pessimistic_depth_percent=100))
    floor.book(bids={40: 100}, asks={50: 5, 51: 100})
    floor.send("a", BID, 50, 10)
    floor.wait(2)
    assert (floor.filled("a"), floor.live("a").pessimistic_at is None) == (5, False)
    floor.amend("a", 51, 10)
    assert (floor.filled("a"), floor.live("a").pessimistic_at is None) == (10, False)
    floor.wait(100)
    assert bands(floor, "a") == (5, 10, 10)


def test_a_pessimistic_reading_that_is_just_filled_whole_is_not_killed() -> None:
    floor = late()
    floor.book(bids={40: 100}, asks={50: 10})
    floor.place("a", BID, 50, 10, tif=FOK)
    floor.wait(200)
    assert bands(floor, "a") == (10, 10, 10)


def test_what_others_took_of_a_level_is_gone_to_the_hundredth() -> None:
    floor = late()
    floor.book(bids={40: 100}, asks={50: 10, 51: 10})
    floor.place("other", BID, 50, 10, tif=IOC, strategy="bob")
    floor.wait(200)
    floor.send("a", BID, 51, 5, tif=IOC)
    floor.wait(94)
    assert floor.fills("a") == [(5, 51)]
    floor.depth(ASK, 51, -8)
    floor.wait(10)
    assert bands(floor, "a") == (2, 5, 5)


def test_contract_by_contract_a_seller_gets_no_more_in_the_pessimistic_reading() -> None:
    floor = late()
    floor.book(bids={40: 5, 39: 5}, asks={50: 100})
    floor.send("a", ASK, 39, 10, tif=IOC)
    floor.wait(94)
    assert floor.fills("a") == [(5, 40), (5, 39)]
    floor.depth(BID, 40, -2)
    floor.depth(BID, 39, 2)
    floor.wait(10)
    cash = [fact.pessimistic_cash for fact in floor.of(BandMoved, "a")][-1]
    fees = 3 * 40 * 10_000 + 5 * 39 * 10_000 - cash
    assert bands(floor, "a") == (8, 10, 10)
    assert 0 < fees < 200_000, "three at 40 and five at 39, less fees"


LEVELS = st.lists(
    st.tuples(st.integers(30, 60).map(cents), st.integers(1, 8)),
    min_size=1,
    max_size=4,
    unique_by=lambda at: at[0],
)


def each(levels: Sequence[tuple[int, int]]) -> list[int]:
    """A price for every hundredth of a contract."""
    return [price for price, count in levels for _ in range(count)]


@given(side=st.sampled_from(BookSide), taken=LEVELS, found=LEVELS)
def test_hundredth_by_hundredth_no_price_is_better_than_that_of_the_base_reading(
    side: BookSide, taken: list[tuple[Price, int]], found: list[tuple[Price, int]]
) -> None:
    """And beyond what it took it is the order's own."""
    best = side is ASK
    floor = Floor(rules())
    limit = cents(65 if side is BID else 25)
    wish = floor.order("a", side, 65 if side is BID else 25, 100)
    order = PaperOrder(wish, START_AT, limit, 10_000, None, taken_here=dict(taken))
    swept = [SweptLevel(price, Count(99), Count(count)) for price, count in sorted(found, reverse=best)]
    got = each([(level.price, level.count) for level in arrival._no_better(order, swept)])
    base = each(sorted(taken, reverse=best))
    worse = max if side is BID else min
    wanted = [
        worse(price, base[number]) if number < len(base) else limit
        for number, price in enumerate(each(sorted(found, reverse=best)))
    ]
    assert got == wanted


# Prints


def behind(floor: Floor) -> None:
    """Two orders behind 100, of which in the optimistic reading half were cancelled."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.place("b", BID, 40, 190, strategy="bob")
    floor.depth(BID, 40, 100)
    floor.depth(BID, 40, -100)
    floor.wait(2_001)


def test_a_print_reaches_each_order_less_what_the_base_reading_of_ours_before_it_got(floor: Floor) -> None:
    behind(floor)
    assert (floor.live("a").optimistic_ahead, floor.live("b").optimistic_ahead) == (contracts(50),) * 2
    floor.trade(ASK, 40, 5)
    assert (floor.live("a").bands.optimistic, floor.live("b").bands.optimistic) == (0, 0)
    floor.trade(ASK, 40, 35)
    assert (floor.live("a").optimistic_ahead, floor.live("b").optimistic_ahead) == (contracts(10),) * 2
    floor.trade(ASK, 40, 70)
    assert bands(floor, "a") == (0, 10, 10)
    assert bands(floor, "b") == (0, 0, 50)
    assert (floor.ahead("b"), floor.live("b").optimistic_ahead) == (0, 0)


def test_the_optimistic_readings_of_all_orders_share_one_print(floor: Floor) -> None:
    """Of which each has its place: what the first had is gone for the second."""
    behind(floor)
    floor.trade(ASK, 40, 50)
    floor.trade(ASK, 40, 8)
    assert bands(floor, "a") == (0, 0, 8)
    assert bands(floor, "b") == (0, 0, 0)


def test_the_pessimistic_readings_of_all_orders_share_one_print(floor: Floor) -> None:
    """Also if one of them lags behind its base reading."""
    floor.book(bids={39: 10}, asks={50: 100})
    floor.place("b", BID, 40, 20, strategy="bob")
    floor.trade(ASK, 40, 5)
    floor.place("a", BID, 41, 10)
    floor.trade(ASK, 39, 15)
    assert bands(floor, "a") == (10, 10, 10)
    assert bands(floor, "b") == (5, 10, 10)


def test_a_print_without_a_time_that_was_fetched_may_be_older_than_any_order(floor: Floor) -> None:
    floor.book(bids={40: 0}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    order = floor.live("a")
    context = StepContext(floor.exchange.state, floor.rules, floor.now)
    told = changed(floor.printed(ASK, 39, 1), at_venue=None)
    known = order.known_to
    assert known is not None
    floor.exchange.state.prints.to = Nanos(known + 1)
    assert not prints.predates(context, told, order, known)
    assert prints.predates(context, changed(told, recovered=True), order, known)
    assert prints.predates(context, told, order, None)
    floor.exchange.state.prints.to = known
    assert prints.predates(context, told, order, known)


def test_the_trades_of_a_gap_move_the_queue_before_what_is_shown_bounds_it(floor: Floor) -> None:
    """What is shown is what they left, so it must not be counted beside them."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.on_venue_event(FeedGapped(1, 1, floor.seq + 1, floor.seq + 3, floor.now))
    since = floor.of(BlindnessBegan)[-1].since
    floor.wait(1)
    missed = tuple(changed(floor.printed(ASK, 40, count), recovered=True) for count in (30, 20))
    floor.book(bids={40: 50}, asks={50: 100})
    floor.on_venue_event(TradesRecovered(MARKET, since, floor.now, missed, floor.now))
    assert floor.ahead("a") == 50


def test_a_print_does_not_wait_for_the_slow_reading_of_an_order_that_rests() -> None:
    floor = late()
    floor.book(bids={40: 0}, asks={50: 100})
    floor.send("a", BID, 40, 10)
    floor.wait(90)
    comes_at = floor.live("a").pessimistic_at
    assert comes_at is not None
    floor.on_venue_event(changed(floor.printed(ASK, 39, 5), at_venue=Nanos(comes_at + 1)))
    assert floor.filled("a") == 5


# New depth of the other side


def test_depth_that_came_unseen_is_shared_by_the_optimistic_readings(floor: Floor) -> None:
    """The base readings have only what is new of it."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 45, 10)
    floor.place("b", BID, 45, 100, strategy="bob")
    floor.depth(BID, 47, 10)
    floor.depth(ASK, 44, 50)  # the book is crossed: nothing fills from it
    floor.depth(BID, 47, -10)
    floor.depth(ASK, 44, 1)
    assert bands(floor, "a") == (0, 1, 10)
    assert bands(floor, "b") == (0, 0, 41)


def test_new_depth_meets_our_best_price_first(floor: Floor) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("worse", BID, 45, 10)
    floor.place("better", BID, 46, 10, strategy="bob")
    floor.depth(ASK, 44, 15)
    assert (floor.filled("better"), floor.filled("worse")) == (10, 5)


def test_new_depth_meets_our_lowest_offer_first_and_one_at_its_very_price(floor: Floor) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("worse", ASK, 46, 10)
    floor.place("better", ASK, 45, 10, strategy="bob")
    floor.depth(BID, 46, 15)
    assert (floor.filled("better"), floor.filled("worse")) == (10, 5)


def test_a_reading_that_has_its_order_whole_wants_nothing_more() -> None:
    """Nor does one that has ended."""
    floor = Floor(rules())
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    order = floor.live("a")
    order.bands.optimistic, order.bands.pessimistic = contracts(4), contracts(3)
    assert (order.optimistic_remaining, order.pessimistic_remaining) == (contracts(6), contracts(7))
    order.forgone = contracts(2)
    assert order.pessimistic_remaining == contracts(5)
    order.bands.optimistic = contracts(10)
    assert order.optimistic_remaining == 0
    order.bands.optimistic, order.bands.alive = contracts(4), False
    assert (order.optimistic_remaining, order.pessimistic_remaining) == (0, 0)
