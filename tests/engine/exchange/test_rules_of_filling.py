"""Rules 1 to 7 of filling: arrival, the taker's walk, own consumption, queues, maker fills, volume caps.

Covers: engine.exchange.arrival, engine.exchange.depth, engine.exchange.prints.
"""

import pytest

from engine.events import FeedConnected, FeedGapped, FeedLost, TradesRecovered
from engine.exchange import Stage
from engine.facts import LevelTaken, OrderFilled, OrderRested, OrderSubmitted, QueueMoved
from engine.message import changed
from engine.orders import Liquidity, TimeInForce
from engine.units import NANOS_PER_MILLISECOND
from engine.venue_facts import BlindnessBegan
from tests.engine.exchange.floor import ASK, BID, MARKET, Floor, rules

IOC = TimeInForce.IOC


@pytest.mark.promise("order-meets-book-arrival")
def test_rule_1_an_order_meets_the_book_of_its_arrival_not_of_its_decision(floor: Floor) -> None:
    """What was displayed at the decision is gone when the order comes."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.send("a", BID, 50, 10, tif=IOC)
    floor.depth(ASK, 50, -100)
    floor.wait()
    assert floor.fills("a") == []


def test_rule_1_the_delay_in_play_is_added_to_orders_that_may_take() -> None:
    """An in-game delay of three seconds moves the arrival, but not that of a post-only order."""
    slow = Floor(rules(in_game_delay_ns=3_000 * NANOS_PER_MILLISECOND))
    slow.relist(expected_expiration_at=slow.now + 1)
    slow.book(bids={40: 100}, asks={50: 100})
    slow.send("taker", BID, 50, 10)
    slow.send("maker", BID, 40, 10, post_only=True)
    arrivals = {fact.order.order_id: fact.arrives_at - slow.now for fact in slow.of(OrderSubmitted)}
    assert arrivals == {"taker": 3_001 * NANOS_PER_MILLISECOND, "maker": NANOS_PER_MILLISECOND}


@pytest.mark.promise("taking-walks-displayed-depth")
def test_rule_2_a_taker_walks_the_displayed_depth_up_to_its_limit(floor: Floor) -> None:
    """Best price first, no more than displayed, nothing beyond the limit."""
    floor.book(bids={40: 100}, asks={50: 10, 51: 20, 53: 100})
    floor.place("a", BID, 52, 100, tif=IOC)
    assert floor.fills("a") == [(10, 50), (20, 51)]
    assert [fill.liquidity for fill in floor.of(OrderFilled)] == [Liquidity.TAKER, Liquidity.TAKER]


def test_rule_2_what_is_left_of_a_limit_order_rests(floor: Floor) -> None:
    """The remainder joins the queue of its own price."""
    floor.book(bids={40: 100}, asks={50: 10})
    floor.place("a", BID, 50, 25)
    assert floor.filled("a") == 10
    rested = floor.of(OrderRested, "a")
    assert [(fact.remaining, fact.ahead) for fact in rested] == [(1_500, 0)]


@pytest.mark.promise("we-took-stays-taken")
def test_rule_3_what_we_took_stays_taken_while_the_level_is_displayed(floor: Floor) -> None:
    """Another change of the level does not give the same contracts twice."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 50, 60, tif=IOC)
    floor.depth(ASK, 50, 5)
    floor.place("b", BID, 50, 100, tif=IOC)
    assert (floor.filled("a"), floor.filled("b")) == (60, 45)


def test_rule_3_what_we_took_does_not_shrink_with_the_display(floor: Floor) -> None:
    """Who takes his offer away may post it again: it is the one that we had already."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 50, 60, tif=IOC)
    floor.depth(ASK, 50, -30)
    assert floor.exchange.state.market(floor.of(LevelTaken)[0].ticker).of(floor.account).taken_asks == {
        5_000: 6_000
    }
    floor.depth(ASK, 50, -30)
    assert floor.of(LevelTaken)[-1].taken == 6_000
    floor.depth(ASK, 50, 60)
    floor.place("b", BID, 50, 100, tif=IOC)
    assert floor.filled("b") == 40, "only what is above what we took"


def test_rule_3_a_level_that_flickers_to_nothing_and_back_is_not_had_afresh(floor: Floor) -> None:
    """Nor by an empty snapshot between two equal ones."""
    floor.book(bids={40: 100}, asks={50: 100})
    for number in range(10):
        floor.place(f"a{number}", BID, 50, 100, tif=IOC)
        floor.depth(ASK, 50, -100)
        floor.depth(ASK, 50, 100)
        floor.book(bids={40: 100}, asks={})
        floor.book(bids={40: 100}, asks={50: 100})
    assert sum(floor.filled(f"a{number}") for number in range(10)) == 100


@pytest.mark.limit("engine.exchange.rules:TAKEN_MEMORY")
def test_rule_3_what_we_took_is_forgotten_when_the_level_was_smaller_for_a_minute(floor: Floor) -> None:
    """What of it was displayed meanwhile is not."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 50, 100, tif=IOC)
    floor.depth(ASK, 50, -100)
    floor.wait(59_990)
    floor.depth(ASK, 50, 100)
    floor.place("b", BID, 50, 100, tif=IOC)
    assert floor.filled("b") == 0, "it was back within the minute"
    floor.depth(ASK, 50, -60)
    floor.wait(60_000)
    floor.place("c", BID, 50, 100, tif=IOC)
    assert floor.filled("c") == 0, "40 of what we took was displayed all the time"
    floor.depth(ASK, 50, 25)
    floor.place("d", BID, 50, 100, tif=IOC)
    assert floor.filled("d") == 25


def test_rule_3_a_quote_that_is_posted_and_pulled_fills_us_once(floor: Floor) -> None:
    """Ten times 50 that may be the same 50 fill 50 of a bid of 500."""
    floor.book(bids={39: 100}, asks={50: 100})
    floor.place("a", BID, 45, 500)
    for _ in range(10):
        floor.depth(ASK, 42, 50)
        floor.depth(ASK, 42, -50)
    assert floor.filled("a") == 50


def test_rule_3_a_level_that_came_back_after_a_minute_is_new(floor: Floor) -> None:
    """Then our consumption is forgotten."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 50, 100, tif=IOC)
    floor.depth(ASK, 50, -100)
    floor.wait(60_000)
    floor.depth(ASK, 50, 40)
    floor.place("b", BID, 50, 100, tif=IOC)
    assert floor.filled("b") == 40


@pytest.mark.promise("resting-order-starts-behind")
def test_rule_4_an_order_starts_behind_the_display_and_our_own_earlier_orders(floor: Floor) -> None:
    """The second order of ours stands behind the first."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.place("b", BID, 40, 10, strategy="bob")
    rested = {fact.order_id: (fact.ahead, fact.own_ahead) for fact in floor.of(OrderRested)}
    assert rested == {"a": (10_000, 0), "b": (11_000, 1_000)}


def test_rule_4_only_an_amend_that_shrinks_keeps_the_place(floor: Floor) -> None:
    """More contracts, or another price, go to the back."""
    floor.book(bids={40: 100, 41: 7}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.trade(ASK, 40, 30)
    floor.amend("a", 40, 5)
    assert (floor.ahead("a"), floor.live("a").remaining) == (70, 500)
    floor.amend("a", 40, 6)
    assert (floor.ahead("a"), floor.live("a").remaining) == (100, 600)
    floor.amend("a", 41, 6)
    assert (floor.ahead("a"), floor.live("a").price) == (7, 4_100)


@pytest.mark.promise("trades-our-price-against")
def test_rule_5_only_trades_at_our_price_against_our_side_move_the_queue(floor: Floor) -> None:
    """Cancels are taken to be behind us; buyers at our price do not come for bids."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.depth(BID, 40, 50)
    floor.depth(BID, 40, -50)
    floor.trade(BID, 40, 10)
    assert floor.ahead("a") == 100
    floor.trade(ASK, 40, 30)
    assert floor.ahead("a") == 70


@pytest.mark.promise("cancels-count-behind-us")
def test_rule_5_no_more_can_be_ahead_than_is_displayed(floor: Floor) -> None:
    """A cancel bounds the queue once it is clear that it was none of the trades."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.depth(BID, 40, -70)
    assert floor.ahead("a") == 100
    floor.wait(2_001)
    assert floor.ahead("a") == 30
    assert floor.of(QueueMoved)[-1].cause == "credit_expired"


def test_the_worked_example_100_ahead_prints_80_30_50_fills_10_then_40(floor: Floor) -> None:
    """The example of the queue's documentation."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    for printed in (80, 30, 50):
        floor.trade(ASK, 40, printed)
    assert floor.fills("a") == [(10, 40), (40, 40)]


@pytest.mark.promise("trade-strictly-through-our")
def test_rule_6_a_trade_strictly_through_our_price_fills_up_to_its_size(floor: Floor) -> None:
    """Whoever sold at 39 would have met our bid at 40 first, whatever stood before it."""
    floor.book(bids={39: 100, 40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    floor.trade(ASK, 39, 20)
    assert floor.fills("a") == [(20, 40)]


@pytest.mark.promise("new-opposite-depth-our")
def test_rule_6_new_opposite_depth_at_our_price_fills_us_once(floor: Floor) -> None:
    """Without a print: the seller that would have met us is displayed instead, and is then taken."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 45, 50)
    floor.depth(ASK, 44, 30)
    assert floor.fills("a") == [(30, 45)]
    fill = floor.of(OrderFilled)[-1]
    assert (fill.evidence.kind, fill.evidence.level_size, fill.liquidity) == (
        "book_cross",
        3_000,
        Liquidity.MAKER,
    )
    floor.place("b", BID, 44, 50, tif=IOC, strategy="bob")
    assert floor.fills("b") == []
    floor.depth(BID, 47, 10)
    floor.depth(ASK, 44, 50)  # the book is crossed meanwhile: the inside of a match
    floor.depth(BID, 47, -10)
    floor.depth(ASK, 44, 1)
    assert floor.fills("a") == [(30, 45), (1, 45)], "only the one is new"


@pytest.mark.promise("new-opposite-depth-our")
def test_rule_6_depth_that_was_there_at_arrival_does_not_fill_a_resting_order(floor: Floor) -> None:
    """It was the taker's to walk; what it left was taken already."""
    floor.book(bids={40: 100}, asks={50: 30})
    floor.place("a", BID, 50, 30, tif=IOC)
    floor.place("b", BID, 50, 30, strategy="bob")
    assert floor.filled("b") == 0
    floor.depth(ASK, 50, 10)
    assert floor.filled("b") == 10


def test_rule_6_the_pessimistic_reading_is_never_filled_without_a_print(floor: Floor) -> None:
    """Nor by a trade at its own price: only by one strictly through it."""
    floor.book(bids={40: 0}, asks={50: 100})
    floor.place("a", BID, 45, 50)
    floor.depth(ASK, 44, 10)
    floor.depth(ASK, 44, -10)
    floor.trade(ASK, 45, 10)
    assert (floor.live("a").bands.pessimistic, floor.live("a").bands.base) == (0, 2_000)
    floor.trade(ASK, 44, 5)
    assert floor.live("a").bands.pessimistic == 500


@pytest.mark.promise("all-our-fills-trade")
def test_rule_7_one_trade_fills_all_of_ours_together_no_more_than_its_size(floor: Floor) -> None:
    """First our better price, then first come first served, over all strategies."""
    floor.book(bids={40: 10}, asks={50: 100})
    floor.place("late", BID, 40, 30, strategy="bob")
    floor.place("later", BID, 40, 30)
    floor.place("best", BID, 41, 15)
    floor.trade(ASK, 40, 60)
    got = {order: floor.filled(order) for order in ("best", "late", "later")}
    assert got == {"best": 15, "late": 30, "later": 5}


@pytest.mark.promise("two-strategies-never-get")
def test_rule_7_two_strategies_on_the_same_100_displayed_contracts_get_100_in_total(floor: Floor) -> None:
    """Whatever the number of changes between them."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 50, 70, tif=IOC)
    for change in (3, -3, 1, -1):
        floor.depth(ASK, 50, change)
    floor.place("b", BID, 50, 70, tif=IOC, strategy="bob")
    assert floor.filled("a") + floor.filled("b") == 100


@pytest.mark.promise("all-our-fills-trade")
def test_rule_7_a_trade_id_is_used_once(floor: Floor) -> None:
    """Heard again on a reconnection or from the back-fill, it does nothing."""
    floor.book(bids={40: 0}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    floor.trade(ASK, 40, 10, "same")
    floor.trade(ASK, 40, 10, "same")
    assert floor.filled("a") == 10


def tell_untimed(floor: Floor, trade_id: str) -> None:
    """A print without a time, which goes through every bid at 40."""
    floor.on_venue_event(changed(floor.printed(ASK, 39, 10, trade_id), at_venue=None))


@pytest.mark.promise("trade-heard-fills-never-later")
@pytest.mark.parametrize("timed", [False, True])
@pytest.mark.parametrize("reconnected", [False, True])
def test_rule_7_a_trade_told_before_an_order_came_never_fills_it_when_it_is_told_again(
    floor: Floor,
    timed: bool,  # noqa: FBT001 (a parameter of the test)
    reconnected: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    """Not even without a time, behind a print that the order had been there for; a new one does fill it."""
    floor.book(bids={40: 0}, asks={50: 100})
    first = floor.printed(ASK, 39, 10, "same")
    floor.on_venue_event(first if timed else changed(first, at_venue=None))
    if reconnected:
        floor.on_venue_event(FeedLost(1, "reset", floor.now))
        floor.on_venue_event(FeedConnected(1, floor.now))
        floor.book(bids={40: 0}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    floor.wait()
    floor.trade(ASK, 45, 1)
    tell_untimed(floor, "same")
    assert floor.filled("a") == 0
    tell_untimed(floor, "new")
    assert floor.filled("a") == 10


@pytest.mark.promise("trade-heard-fills-never-later")
@pytest.mark.limit("engine.heard_prints:HEARD_PRINTS_MAX")
@pytest.mark.parametrize(("room", "filled"), [(1, 10), (0, 0)])
def test_rule_7_who_does_not_remember_all_trades_takes_none_without_a_time_for_news(
    floor: Floor, monkeypatch: pytest.MonkeyPatch, room: int, filled: int
) -> None:
    """It may be one of those that were forgotten; one with a time is judged by its time."""
    floor.book(bids={40: 0}, asks={50: 100})
    floor.trade(ASK, 45, 1)
    floor.place("a", BID, 40, 50)
    floor.wait()
    heard = len(floor.exchange.state.prints.told().trades)
    monkeypatch.setattr("engine.heard_prints.HEARD_PRINTS_MAX", heard + room)
    floor.trade(ASK, 45, 1)
    tell_untimed(floor, "new")
    assert floor.filled("a") == filled
    floor.trade(ASK, 39, 5)
    assert floor.filled("a") == filled + 5


@pytest.mark.promise("trade-heard-fills-never-later")
def test_rule_7_a_trade_that_was_fetched_for_a_gap_never_fills_when_it_is_told_without_its_time(
    floor: Floor,
) -> None:
    """Fetched trades are not noted, for others may have had no gap; so without a time nothing is news."""
    floor.book(bids={40: 0}, asks={50: 100})
    floor.place("first", BID, 41, 50)
    floor.on_venue_event(FeedGapped(1, 2, 1, 3, floor.now))
    since = floor.of(BlindnessBegan)[-1].since
    missed = changed(floor.printed(ASK, 45, 10, "missed"), recovered=True)
    floor.on_venue_event(TradesRecovered(MARKET, since, floor.now, (missed,), floor.now))
    floor.place("a", BID, 40, 50)
    floor.wait()
    floor.trade(ASK, 45, 1)
    tell_untimed(floor, "missed")
    assert (floor.filled("first"), floor.filled("a")) == (0, 0)
    floor.trade(ASK, 39, 60)
    assert (floor.filled("first"), floor.filled("a")) == (50, 10)


def test_rule_7_block_trades_never_count(floor: Floor) -> None:
    """They were agreed on elsewhere."""
    floor.book(bids={40: 0}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    floor.trade(ASK, 39, 100, block=True)
    assert floor.filled("a") == 0


@pytest.mark.parametrize("mirrored", [False, True])
def test_selling_mirrors_buying(floor: Floor, mirrored: bool) -> None:  # noqa: FBT001 (a parameter of the test)
    """The queue of asks works as that of bids does."""
    mine, theirs, price = (ASK, BID, 60) if mirrored else (BID, ASK, 40)
    floor.book(bids={40: 100}, asks={60: 100})
    floor.place("a", mine, price, 50)
    floor.trade(theirs, price, 110)
    floor.trade(theirs, price + (1 if mirrored else -1), 5)
    assert floor.fills("a") == [(10, price), (5, price)]


def test_an_order_that_is_filled_whole_is_over(floor: Floor) -> None:
    """Its pessimistic reading may live on."""
    floor.book(bids={40: 0}, asks={50: 100})
    floor.place("a", BID, 40, 10)
    floor.trade(ASK, 40, 10)
    assert floor.live("a").stage is Stage.DONE
    assert floor.live("a").remaining == 0
