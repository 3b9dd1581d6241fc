"""Rule 1: what reaches the venue is decided on what the venue had then, once the feed has told all of it.

Covers: engine.exchange.feed_clock, engine.exchange.moments.
"""

import pytest

from engine.events import BookSide, MarketStatus, MarketStatusChanged
from engine.exchange.rules import FEED_WAIT_NS_MAX, PRINTS_KEPT, PUBLISHED, QUOTE_WAIT_NS_MAX, STATUS_WAIT
from engine.facts import OrderFilled, OrderSubmitted
from engine.latency import Delay
from engine.message import changed
from engine.orders import CancelReason, RejectCode, TimeInForce
from engine.units import NANOS_PER_MILLISECOND, Nanos
from tests.engine.exchange.floor import ASK, BID, MARKET, Floor, rules

IOC = TimeInForce.IOC


@pytest.fixture
def late(floor: Floor) -> Floor:
    """A floor where nothing is heard unless the test says it; 100 are bid at 40 and offered at 50."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.quiet = True
    return floor


def change(floor: Floor, side: BookSide, price: float, by: float, at_venue: float | None) -> None:
    """A change of a level, `at_venue` milliseconds from now (None: the venue does not say when)."""
    floor.heard_late(side, price, by, None if at_venue is None else _moment(floor, at_venue))


def print_(floor: Floor, taker: BookSide, price: float, count: float, at_venue: float) -> None:
    """A print of a trade that happened so many milliseconds from now."""
    floor.on_venue_event(changed(floor.printed(taker, price, count), at_venue=_moment(floor, at_venue)))


def _moment(floor: Floor, milliseconds: float) -> Nanos:
    return Nanos(floor.now + round(milliseconds * NANOS_PER_MILLISECOND))


def test_a_level_that_was_gone_at_the_venue_before_the_arrival_is_not_taken(late: Floor) -> None:
    """Half a second before the decision, and heard after the order had arrived."""
    late.place("a", BID, 50, 10, tif=IOC)
    change(late, ASK, 50, -100, at_venue=-500)
    change(late, BID, 41, 1, at_venue=0)
    assert late.filled("a") == 0
    assert late.cancelled("a") is CancelReason.IMMEDIATE_REMAINDER


def test_a_level_that_goes_after_the_arrival_was_there_for_it(late: Floor) -> None:
    """What takes it away brings the feed past the arrival, and is applied after it."""
    late.place("a", BID, 50, 10, tif=IOC)
    change(late, ASK, 50, -100, at_venue=0)
    assert late.fills("a") == [(10, 50)]


@pytest.mark.parametrize(("way", "fast"), [(1, None), (2, 1)], ids=["as-fast", "slower"])
def test_the_optimistic_reading_arrives_by_itself_only_where_it_is_faster(way: int, fast: int | None) -> None:
    """Delays without a spread have no fast end."""
    floor = Floor(rules(entry=way * NANOS_PER_MILLISECOND, optimistic_way_in_ns=NANOS_PER_MILLISECOND))
    floor.book(bids={40: 100}, asks={50: 100})
    floor.send("a", BID, 45, 10)
    (sent,) = floor.of(OrderSubmitted)
    at = None if fast is None else Nanos(floor.now + fast * NANOS_PER_MILLISECOND)
    assert sent.arrives_optimistic_at == at


def test_an_order_that_rests_waits_for_nothing_of_the_feed(floor: Floor) -> None:
    """What was unclear of the book mattered for its arrival only, and is not kept."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.send("a", BID, 45, 10)
    market = floor.exchange.state.market_of(floor.live("a"))
    assert list(market.arriving) == ["a"]
    floor.wait()
    market = floor.exchange.state.market_of(floor.live("a"))
    assert (floor.live("a").resting, dict(market.arriving), market.unclear) == (True, {}, ())


def test_what_is_heard_of_another_market_of_the_subscription_decides(late: Floor) -> None:
    """The venue numbers them together and sends them in order."""
    late.place("a", BID, 50, 10, tif=IOC)
    assert late.filled("a") == 0
    late.quiet = False
    late.wait(1)
    assert late.filled("a") == 10


@pytest.mark.fault("A23")
@pytest.mark.limit("engine.exchange.rules:FEED_WAIT_NS_MAX")
def test_an_order_that_the_feed_never_passes_is_refused_and_not_filled(late: Floor) -> None:
    """It waits for so long and no longer."""
    late.send("a", BID, 50, 10, tif=IOC)
    late.wait(1 + FEED_WAIT_NS_MAX / NANOS_PER_MILLISECOND - 1)
    assert late.rejected("a") is None
    late.wait(2)
    assert late.rejected("a") is RejectCode.FEED_BEHIND
    change(late, BID, 41, 1, at_venue=0)
    assert late.filled("a") == 0


@pytest.mark.limit("engine.exchange.rules:QUOTE_WAIT_NS_MAX")
def test_a_book_made_of_quotes_is_waited_for_longer() -> None:
    """Candles come once a minute."""
    floor = Floor(rules())
    floor.quiet = True
    floor.conn = 0
    floor.quote(bid=40, ask=50)
    floor.send("a", BID, 50, 10, tif=IOC)
    floor.wait(QUOTE_WAIT_NS_MAX / NANOS_PER_MILLISECOND)
    assert floor.rejected("a") is None
    floor.wait(2)
    assert floor.rejected("a") is RejectCode.FEED_BEHIND
    floor.send("b", BID, 50, 10, tif=IOC)
    floor.wait(60_000)
    floor.quote(bid=40, ask=50)
    assert floor.filled("b") == 10


def test_a_quote_holds_from_its_time_until_that_of_the_next() -> None:
    """An order meets the last quote from before its arrival, and no later one."""
    floor = Floor(rules())
    floor.quiet = True
    floor.conn = 0
    floor.quote(bid=40, ask=50)
    floor.send("a", BID, 50, 10, tif=IOC)
    floor.wait(60_000)
    floor.quote(bid=45, ask=55)
    assert floor.filled("a") == 10
    floor.send("b", BID, 50, 10, tif=IOC)
    floor.wait(60_000)
    floor.quote(bid=40, ask=50)
    assert floor.filled("b") == 0
    assert floor.cancelled("b") is not None


@pytest.mark.promise("candle-is-had-from-the-next-on")
@pytest.mark.parametrize(("ask", "filled_at"), [(47, 47), (50, 50), (51, None)])
def test_the_close_of_a_candle_is_had_by_nobody_only_what_is_shown_next(
    ask: int, filled_at: int | None
) -> None:
    """The close may have been traded a minute before the candle ends, and gone since."""
    floor = Floor(rules())
    floor.quiet = True
    floor.conn = 0
    floor.quote(bid=40, ask=50, past=True)
    floor.send("a", BID, 50, 10, tif=IOC)
    floor.wait(60_000)
    floor.quote(bid=40, ask=ask, past=True)
    assert [price for _, price in floor.fills("a")] == ([] if filled_at is None else [filled_at])
    assert (floor.cancelled("a") is None) == (filled_at is not None)


def test_a_print_from_before_the_arrival_fills_nobody_however_late_it_is_heard(late: Floor) -> None:
    """Executed 200 ms, or five seconds, before our decision."""
    late.place("a", BID, 45, 50)
    change(late, BID, 41, 1, at_venue=0)
    assert late.live("a").resting
    print_(late, ASK, 44, 10, at_venue=-200)
    print_(late, ASK, 44, 10, at_venue=-5_000)
    assert late.filled("a") == 0
    print_(late, ASK, 44, 10, at_venue=0)
    assert late.filled("a") == 10


def test_a_print_that_is_heard_before_its_order_is_decided_waits_for_it(late: Floor) -> None:
    """The trades' channel may be ahead of the books'."""
    late.place("a", BID, 45, 50)
    print_(late, ASK, 44, 10, at_venue=0)
    assert late.filled("a") == 0
    change(late, BID, 41, 1, at_venue=0)
    assert late.filled("a") == 10


def test_a_print_waits_for_the_first_reading_that_it_may_have_met() -> None:
    """The base one is there after a millisecond; the pessimistic one, which comes much later, it misses."""
    way = Delay(((940, NANOS_PER_MILLISECOND), (950, Nanos(100 * NANOS_PER_MILLISECOND))))
    floor = Floor(rules(entry=way))
    floor.book(bids={40: 100}, asks={50: 100})
    floor.quiet = True
    floor.send("a", BID, 45, 10)
    assert floor.live("a").arrives_at == floor.now + NANOS_PER_MILLISECOND
    floor.wait(10)
    print_(floor, ASK, 44, 10, at_venue=0)
    floor.wait(1)
    change(floor, BID, 41, 1, at_venue=0)
    assert floor.fills("a") == [(10, 45)]


def test_a_print_that_is_heard_before_an_amend_is_decided_waits_for_it(late: Floor) -> None:
    """It happened after the order had its new price."""
    late.place("a", BID, 45, 10)
    change(late, BID, 41, 1, at_venue=0)
    assert late.live("a").resting
    late.amend("a", 46, 10)
    late.wait(1)
    print_(late, ASK, 44, 10, at_venue=0)
    assert late.fills("a") == []
    late.wait(1)
    change(late, BID, 41, 1, at_venue=0)
    assert late.fills("a") == [(10, 46)]


def test_a_trade_that_was_earlier_beats_the_cancel(late: Floor) -> None:
    """Heard after the cancel has arrived; a later one does not."""
    late.place("a", BID, 45, 50)
    change(late, BID, 41, 1, at_venue=0)
    late.cancel("a")
    late.wait(5)
    change(late, BID, 41, 1, at_venue=0)
    print_(late, ASK, 44, 10, at_venue=-5.5)
    assert (late.filled("a"), late.cancelled("a")) == (10, None)
    print_(late, ASK, 44, 10, at_venue=0)
    assert (late.filled("a"), late.cancelled("a")) == (10, CancelReason.REQUESTED)


def test_a_cancel_waits_for_prints_no_longer_than_a_decrease_does(late: Floor) -> None:
    """Two seconds."""
    late.place("a", BID, 45, 50)
    change(late, BID, 41, 1, at_venue=0)
    late.cancel("a")
    late.wait(1)
    change(late, BID, 41, 1, at_venue=1)
    late.wait(1_999)
    assert late.cancelled("a") is None
    late.wait(2)
    assert late.cancelled("a") is CancelReason.REQUESTED


def test_a_decrease_without_a_time_and_then_its_print_fill_nothing_that_was_never_ours(late: Floor) -> None:
    """Displayed 100, ahead 100; 60 go, and their print is heard when they have been taken for cancels."""
    late.place("a", BID, 40, 50)
    change(late, BID, 41, 1, at_venue=0)
    change(late, BID, 40, -60, at_venue=None)
    late.wait(3_000)
    print_(late, ASK, 40, 60, at_venue=-3_000)
    assert (late.ahead("a"), late.filled("a")) == (40, 0)


def test_changes_without_a_time_count_as_is_worst_for_the_order() -> None:
    """A decrease came before it, an increase after it; behind our price it is the other way round."""
    late = Floor(rules())
    late.book(bids={40: 100}, asks={50: 100})
    late.quiet = True
    for order_id, price in (("taker", 50), ("joiner", 40)):
        late.send(order_id, BID, price, 200, tif=IOC if price == 50 else TimeInForce.GTC)
    late.wait()
    change(late, ASK, 50, -70, at_venue=None)
    change(late, ASK, 50, 90, at_venue=None)
    change(late, BID, 40, 30, at_venue=None)
    change(late, BID, 40, -50, at_venue=None)
    change(late, BID, 41, 1, at_venue=0)
    assert late.filled("taker") == 30
    assert late.ahead("joiner") == 130


def test_changes_within_the_millisecond_of_the_arrival_are_unclear_too(late: Floor) -> None:
    """The venue stamps whole milliseconds: this may have been before or after."""
    late.place("a", BID, 50, 200, tif=IOC)
    change(late, ASK, 50, 90, at_venue=-1)
    change(late, BID, 41, 1, at_venue=0)
    assert late.filled("a") == 100


def test_an_order_that_came_while_the_market_stood_still_is_refused_though_we_hear_of_it_later() -> None:
    """Nothing is decided before that had to be heard, or before something is seen to go on."""
    floor = Floor(rules(status_wait_ns=STATUS_WAIT))
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 50, 10, tif=IOC)
    floor.wait(1_000)
    assert floor.filled("a") == 0
    floor.on_venue_event(MarketStatusChanged(MARKET, MarketStatus.INACTIVE, floor.now, floor.now))
    floor.wait(1_100)
    assert (floor.rejected("a"), floor.filled("a")) == (RejectCode.MARKET_INACTIVE, 0)


def test_what_an_open_market_alone_does_decides_at_once_on_the_book_of_the_arrival() -> None:
    """What was taken away meanwhile had been there."""
    floor = Floor(rules(status_wait_ns=STATUS_WAIT))
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 50, 10, tif=IOC)
    floor.depth(ASK, 50, -100)
    assert floor.filled("a") == 0
    floor.wait(1)
    floor.depth(BID, 40, 5)
    assert floor.fills("a") == [(10, 50)]


@pytest.mark.parametrize(
    ("price", "count", "left"), [(50, 95, 5), (51, 1, 0), (49, 1, 10)], ids=["at", "beyond", "before"]
)
def test_trades_between_two_quotes_have_taken_what_stood_before_them(
    price: float, count: float, left: float
) -> None:
    """Of its own level what it says, of better ones all: nobody buys at 51 while 50 is offered."""
    floor = Floor(rules())
    floor.quiet = True
    floor.conn = 0
    floor.quote(bid=40, ask=50)
    floor.wait(1_000)
    floor.trade(BID, price, count)
    floor.send("a", BID, 50, 10, tif=IOC)
    floor.wait(60_000)
    floor.quote(bid=40, ask=50)
    assert floor.filled("a") == left


@pytest.mark.parametrize(
    ("taker", "price", "refused"), [(BID, 45, True), (BID, 46, False), (ASK, 45, False), (BID, 44, True)]
)
def test_a_trade_between_two_quotes_shows_that_a_post_only_order_would_have_met_somebody(
    taker: BookSide, price: float, *, refused: bool
) -> None:
    """Somebody offered at its price, or for less, though no quote shows it."""
    floor = Floor(rules())
    floor.quiet = True
    floor.conn = 0
    floor.quote(bid=40, ask=50)
    floor.trade(taker, price, 1)
    floor.send("a", BID, 45, 10, post_only=True)
    floor.wait(60_000)
    floor.quote(bid=40, ask=50)
    assert floor.rejected("a") is (RejectCode.POST_ONLY_CROSS if refused else None)
    assert refused or floor.live("a").resting


@pytest.mark.parametrize(("later", "left"), [(0, 0), (1, 10)])
def test_a_trade_between_two_quotes_counts_for_so_long(later: float, left: float) -> None:
    """After that the level may well have been filled up again."""
    floor = Floor(rules())
    floor.quiet = True
    floor.conn = 0
    floor.quote(bid=40, ask=50)
    floor.trade(BID, 51, 1)
    # The order takes a millisecond to arrive.
    floor.wait(PRINTS_KEPT / NANOS_PER_MILLISECOND - 1 + later)
    floor.send("a", BID, 50, 10, tif=IOC)
    floor.wait(60_000)
    floor.quote(bid=40, ask=50)
    assert floor.filled("a") == left


@pytest.mark.parametrize(("earlier", "kept"), [(1, 2), (0, 1)])
def test_trades_of_a_polled_market_are_kept_twice_as_long_as_they_count(earlier: float, kept: int) -> None:
    """One may be heard that long after it happened; older ones are let go with the next."""
    floor = Floor(rules())
    floor.quiet = True
    floor.poll(bid_size=100, ask_size=100)
    floor.trade(BID, 50, 1)
    floor.wait(2 * PRINTS_KEPT / NANOS_PER_MILLISECOND - earlier)
    floor.trade(BID, 50, 1)
    assert len(floor.exchange.state.market(MARKET).listed) == kept


@pytest.mark.parametrize(("later", "decided"), [(0, False), (1, True)])
def test_a_poll_decides_once_the_trades_up_to_then_are_listed_too(later: int, *, decided: bool) -> None:
    """By the nanosecond; that it was answered is known when the next one is."""
    floor = Floor(rules())
    floor.quiet = True
    floor.poll(bid_size=100, ask_size=100)
    floor.send("a", BID, 45, 10)
    floor.wait(1 + (PUBLISHED + later) / NANOS_PER_MILLISECOND)
    floor.poll(bid_size=100, ask_size=100)
    assert not floor.live("a").resting
    floor.wait(1)
    floor.poll(bid_size=100, ask_size=100)
    assert floor.live("a").resting is decided


def test_from_a_polled_book_nothing_is_taken() -> None:
    """What it showed before and after may have been away in between, also with what it seems to cross."""
    floor = Floor(rules())
    floor.quiet = True
    floor.poll(bid_size=100, ask_size=100)
    floor.place("a", BID, 50, 10, tif=IOC)
    floor.place("b", BID, 50, 10, tif=TimeInForce.FOK)
    floor.place("c", BID, 45, 10, post_only=True)
    floor.place("d", BID, 50, 10)
    for _ in range(2):
        floor.wait(2_000)
        floor.poll(bid_size=100, ask_size=100)
    assert {floor.rejected(order_id) for order_id in ("a", "b", "c")} == {RejectCode.FEED_BEHIND}
    assert floor.live("d").resting
    floor.wait(10)
    floor.trade(ASK, 40, 4)
    assert floor.fills("d") == [(4, 50)]


@pytest.mark.fault("A23")
def test_the_evidence_of_a_fill_says_how_late_it_was_heard(late: Floor) -> None:
    """Of a print, and of a level."""
    late.place("a", BID, 45, 50)
    change(late, BID, 41, 1, at_venue=0)
    late.wait(10)
    print_(late, ASK, 44, 10, at_venue=-4)
    assert late.of(OrderFilled)[-1].evidence.feed_lag_ns == 4 * NANOS_PER_MILLISECOND
