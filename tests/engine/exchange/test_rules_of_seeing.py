"""Rules 8 and 9: prints and depth in either order, untrusted books, gaps and what decides them.

Covers: engine.exchange.gaps.
"""

import pytest

from engine.events import (
    BookRefused,
    FeedConnected,
    FeedGapped,
    FeedLost,
    MarketStatus,
    MarketStatusChanged,
    TradesRecovered,
    Trust,
)
from engine.exchange import PaperExchange
from engine.facts import OrderFilled, QueueMoved
from engine.message import changed
from engine.orders import CancelReason, RejectCode, TimeInForce
from engine.units import Nanos
from engine.venue_facts import BlindnessBegan, BlindnessEnded
from tests.engine.exchange.floor import ASK, BID, MARKET, Floor, contracts, listing, rules

IOC = TimeInForce.IOC


# Rule 8


@pytest.mark.promise("trade-decrease-depth-count")
def test_rule_8_a_decrease_heard_before_its_print_fills_nothing_that_was_never_ours(floor: Floor) -> None:
    """Displayed 100, ahead 100; 60 go, then the print of 60: 40 are ahead, not minus 20."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    floor.depth(BID, 40, -60)
    floor.trade(ASK, 40, 60)
    assert (floor.ahead("a"), floor.filled("a")) == (40, 0)
    floor.wait(5_000)
    assert (floor.ahead("a"), floor.filled("a")) == (40, 0)


@pytest.mark.promise("trade-decrease-depth-count")
def test_rule_8_a_print_heard_before_its_decrease_is_not_taken_for_a_cancel_too(floor: Floor) -> None:
    """The decrease that follows is the print's own."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    floor.depth(BID, 40, 50)
    floor.trade(ASK, 40, 60)
    floor.depth(BID, 40, -60)
    floor.wait(5_000)
    assert (floor.ahead("a"), floor.filled("a")) == (40, 0)
    assert floor.live("a").optimistic_ahead == contracts(40), "no share of a cancel"


def test_rule_8_a_trade_that_exceeds_the_queue_fills_us_if_its_print_comes_first(floor: Floor) -> None:
    """50 ahead of us and 50 behind: a trade of 60 gives us 10."""
    floor.book(bids={40: 50}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    floor.depth(BID, 40, 50)
    floor.trade(ASK, 40, 60)
    floor.depth(BID, 40, -60)
    floor.wait(5_000)
    assert (floor.filled("a"), floor.ahead("a")) == (10, 0)


def test_rule_8_a_trade_that_exceeds_the_queue_fills_us_if_its_print_comes_last(floor: Floor) -> None:
    """The same, and no more."""
    floor.book(bids={40: 50}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    floor.depth(BID, 40, 50)
    floor.depth(BID, 40, -60)
    floor.trade(ASK, 40, 60)
    floor.wait(5_000)
    assert (floor.filled("a"), floor.ahead("a")) == (10, 0)


def test_rule_8_credit_is_used_up_by_its_print_and_by_no_other(floor: Floor) -> None:
    """Of a decrease of 60 with a print of 40, 20 were cancels and bound the queue when their time is over."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    floor.depth(BID, 40, -60)
    floor.trade(ASK, 40, 40)
    assert floor.ahead("a") == 60
    floor.wait(1_990)
    assert floor.ahead("a") == 60
    floor.wait(100)
    assert floor.ahead("a") == 40


def test_rule_8_a_print_that_comes_after_its_credit_expired_moves_nothing_twice(floor: Floor) -> None:
    """The venue's time of the print says that the bound has counted it already."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    late = floor.printed(ASK, 40, 60)
    floor.depth(BID, 40, -60)
    floor.wait(3_000)
    assert floor.ahead("a") == 40
    floor.on_venue_event(changed(late, at=floor.now))
    assert (floor.ahead("a"), floor.filled("a")) == (40, 0)


def test_rule_8_a_trade_from_before_we_joined_moves_nothing(floor: Floor) -> None:
    """Its decrease was seen before the order came, its print after."""
    floor.book(bids={40: 150}, asks={50: 100})
    early = floor.printed(ASK, 40, 50)
    floor.depth(BID, 40, -50)
    floor.place("a", BID, 40, 50)
    floor.on_venue_event(changed(early, at=floor.now))
    assert floor.ahead("a") == 100


def test_rule_8_a_print_without_a_venue_time_is_as_old_as_the_one_before_it(floor: Floor) -> None:
    """It may have happened before the order came, unless another that did not was heard before it."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.quiet = True
    floor.place("a", BID, 40, 50)
    floor.depth(BID, 41, 1)
    floor.on_venue_event(changed(floor.printed(ASK, 40, 30), at_venue=None))
    assert floor.ahead("a") == 100
    floor.trade(ASK, 41, 1)
    floor.on_venue_event(changed(floor.printed(ASK, 40, 30), at_venue=None))
    assert floor.ahead("a") == 70


# Rule 9


@pytest.mark.promise("nothing-fills-book-crossed")
@pytest.mark.fault("A12")
def test_rule_9_nothing_is_filled_from_a_crossed_book(floor: Floor) -> None:
    """A momentarily crossed book is the inside of a match; prints move the queue and fill nothing."""
    floor.book(bids={40: 10}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    floor.depth(ASK, 40, 5)
    assert floor.exchange.book(MARKET).trust is Trust.CROSSED
    floor.trade(ASK, 40, 30)
    assert (floor.ahead("a"), floor.filled("a")) == (0, 0)
    floor.place("b", BID, 40, 5, tif=IOC)
    assert floor.rejected("b") is RejectCode.BOOK_UNTRUSTED
    floor.depth(ASK, 40, -5)
    floor.trade(ASK, 40, 5)
    assert floor.filled("a") == 5


@pytest.mark.promise("book-level-below-zero")
@pytest.mark.fault("A12")
def test_a12_a_book_with_a_level_below_zero_fills_nothing_until_its_snapshot(floor: Floor) -> None:
    """Orders wait for the trades of that time, as after a gap."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    floor.depth(ASK, 50, -101)
    assert floor.exchange.book(MARKET).trust is not Trust.TRUSTED
    assert list(floor.exchange.without_visibility()) == [MARKET]
    floor.place("b", BID, 60, 5, tif=IOC)
    floor.trade(ASK, 40, 500)
    assert (floor.filled("a"), floor.filled("b")) == (0, 0)
    floor.book(bids={40: 30}, asks={50: 100})
    assert floor.filled("a") == 0
    _recover(floor, 120)
    assert (floor.filled("a"), floor.exchange.without_visibility()) == (50, {})


@pytest.mark.promise("nothing-fills-book-crossed")
def test_rule_9_nothing_is_filled_while_the_market_is_paused(floor: Floor) -> None:
    """Not even by a trade through our price."""
    floor.book(bids={40: 10}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    floor.on_venue_event(MarketStatusChanged(MARKET, MarketStatus.INACTIVE, floor.now, floor.now))
    assert floor.exchange.book(MARKET).trust is Trust.PAUSED
    floor.trade(ASK, 39, 30)
    assert floor.filled("a") == 0


def test_rule_9_an_order_that_arrives_at_an_unknown_book_is_refused(floor: Floor) -> None:
    """What the book was is not guessed."""
    floor.book(bids={40: 10}, asks={50: 100})
    floor.on_venue_event(FeedLost(1, "reset", floor.now))
    floor.place("a", BID, 50, 5)
    assert floor.rejected("a") is RejectCode.BOOK_UNTRUSTED


def _gap(floor: Floor) -> None:
    """Ahead 100 of 100 at 40, then frames are missing."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    floor.on_venue_event(FeedGapped(1, 1, 3, 9, floor.now))
    floor.wait(10)


def test_rule_8_credit_that_ends_in_a_gap_moves_nobody_by_a_book_that_is_not_seen(floor: Floor) -> None:
    """The gap's decision sets every queue right, once; a snapshot alone, before the trades, does not."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    floor.depth(BID, 40, -60)
    floor.on_venue_event(FeedGapped(1, 1, 3, 9, floor.now))
    floor.book(bids={40: 30}, asks={50: 100})
    before = floor.live("a").optimistic_ahead
    floor.wait(2_500)
    assert floor.exchange.without_visibility()
    assert (floor.ahead("a"), floor.live("a").optimistic_ahead) == (100, before)


def _recover(floor: Floor, *counts: float) -> None:
    """The trades at 40 of the gap, some milliseconds ago, in their order."""
    trades = tuple(
        changed(floor.printed(ASK, 40, count), at_venue=Nanos(floor.now - 5_000_000 + number), recovered=True)
        for number, count in enumerate(counts)
    )
    floor.on_venue_event(
        TradesRecovered(MARKET, floor.of(BlindnessBegan)[-1].since, floor.now, trades, floor.now)
    )


def test_every_trade_of_a_gap_moves_the_queue_before_what_is_shown_behind_it_bounds_it(floor: Floor) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    floor.on_venue_event(FeedGapped(1, 1, floor.seq + 1, floor.seq + 3, floor.now))
    floor.wait(10)
    floor.book(bids={40: 60}, asks={50: 100})
    _recover(floor, 30, 30)
    assert floor.ahead("a") == 40


def test_a_trade_that_only_moved_the_queue_does_so_once_though_a_gap_brings_it_again(floor: Floor) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    floor.wait(10)
    heard = floor.printed(ASK, 40, 30)
    floor.on_venue_event(heard)
    floor.on_venue_event(FeedGapped(1, 1, floor.seq + 1, floor.seq + 3, floor.now))
    floor.book(bids={40: 100}, asks={50: 100})
    since = floor.of(BlindnessBegan)[-1].since
    again = (changed(heard, recovered=True),)
    floor.on_venue_event(TradesRecovered(MARKET, since, floor.now, again, floor.now))
    assert floor.ahead("a") == 70


@pytest.mark.promise("nothing-fills-book-crossed")
@pytest.mark.fault("A5")
def test_a5_while_the_stream_is_lost_orders_wait_and_nothing_is_filled(floor: Floor) -> None:
    """The books are void until the snapshots of the next connection; then what traded in between decides."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    floor.on_venue_event(FeedLost(1, "reset", floor.now))
    assert not floor.exchange.book(MARKET).synced
    floor.trade(ASK, 39, 5, "meanwhile")
    floor.depth(ASK, 40, 10)
    floor.wait(1_000)
    assert (floor.filled("a"), floor.rejected("a")) == (0, None)
    floor.on_venue_event(FeedConnected(2, floor.now))
    floor.book(bids={40: 30}, asks={50: 100})
    assert floor.filled("a") == 0
    _recover(floor, 120)
    assert floor.filled("a") == 25


@pytest.mark.promise("after-gap-missing-trades")
@pytest.mark.fault("A9")
def test_rule_9_after_a_gap_the_missing_trades_decide(floor: Floor) -> None:
    """They run through the same queue; their fills say that they were recovered."""
    _gap(floor)
    assert floor.exchange.without_visibility() == {MARKET: floor.of(BlindnessBegan)[-1].since}
    floor.book(bids={40: 30}, asks={50: 100})
    _recover(floor, 80, 30)
    assert floor.fills("a") == [(10, 40)]
    assert floor.of(OrderFilled)[-1].evidence.kind == "recovered_print"
    assert floor.of(BlindnessEnded)[-1].recovered
    floor.wait(1)
    floor.trade(ASK, 40, 5)
    assert floor.filled("a") == 15


@pytest.mark.promise("after-gap-missing-trades")
def test_rule_9_a_gap_whose_trades_cannot_be_had_ends_its_orders(floor: Floor) -> None:
    """They are not guessed to be filled, nor to be not."""
    _gap(floor)
    floor.book(bids={40: 30}, asks={50: 100})
    floor.on_venue_event(TradesRecovered(MARKET, floor.now, floor.now, None, floor.now))
    assert floor.cancelled("a") is None  # not the whole gap
    floor.on_venue_event(TradesRecovered(MARKET, Nanos(floor.now - 10**9), floor.now, None, floor.now))
    assert floor.cancelled("a") is CancelReason.DOWNTIME_UNKNOWN
    assert not floor.of(BlindnessEnded)[-1].recovered


@pytest.mark.promise("after-gap-missing-trades")
@pytest.mark.parametrize("price", [50, 39])
def test_rule_9_an_order_whose_amend_met_an_unseen_book_ends_with_the_gap(floor: Floor, price: float) -> None:
    """With the book of later it might take, or stand before, what was not there when it came to the venue."""
    floor.book(bids={40: 30}, asks={60: 100})
    floor.place("a", BID, 40, 10)
    floor.on_venue_event(FeedLost(1, "reset", floor.now))
    floor.amend("a", price, 10)
    floor.book(bids={30: 30}, asks={48: 100})
    _recover(floor)
    assert floor.cancelled("a") is CancelReason.DOWNTIME_UNKNOWN
    assert floor.filled("a") == 0


@pytest.mark.promise("after-gap-missing-trades")
def test_rule_9_an_amend_in_a_gap_that_only_takes_back_a_part_needs_no_book(floor: Floor) -> None:
    """It keeps its price and its place, whatever was displayed."""
    floor.book(bids={40: 30}, asks={60: 100})
    floor.place("a", BID, 40, 10)
    floor.on_venue_event(FeedLost(1, "reset", floor.now))
    floor.amend("a", 40, 4)
    floor.book(bids={40: 30}, asks={60: 100})
    _recover(floor)
    floor.wait()
    floor.trade(ASK, 40, 100)
    assert floor.fills("a") == [(4, 40)]


@pytest.mark.limit("engine.exchange.rules:RECOVERY_WINDOW")
def test_rule_9_orders_wait_for_the_trades_of_a_gap_only_so_long(floor: Floor) -> None:
    """The recovery window is a minute."""
    _gap(floor)
    floor.wait(59_000)
    assert floor.cancelled("a") is None
    floor.wait(2_000)
    assert floor.cancelled("a") is CancelReason.DOWNTIME_UNKNOWN


@pytest.mark.promise("nothing-fills-book-crossed")
@pytest.mark.fault("A5")
def test_rule_9_no_fill_comes_from_inside_a_gap_that_is_not_recovered(floor: Floor) -> None:
    """Prints and new depth heard meanwhile do nothing until the gap is decided."""
    _gap(floor)
    floor.trade(ASK, 39, 100, "inside")
    floor.book(bids={40: 30}, asks={50: 100})
    floor.trade(ASK, 39, 100, "before the decision")
    floor.depth(ASK, 40, 10)
    assert floor.filled("a") == 0
    floor.on_venue_event(TradesRecovered(MARKET, Nanos(floor.now - 10**9), floor.now, None, floor.now))
    assert floor.filled("a") == 0


def test_rule_9_prints_heard_during_a_gap_count_once_it_is_decided(floor: Floor) -> None:
    """Each once, also if the back-fill brings it too."""
    _gap(floor)
    heard = floor.printed(ASK, 39, 20, "both")
    floor.on_venue_event(heard)
    floor.book(bids={40: 30}, asks={50: 100})
    floor.trade(ASK, 39, 7, "only live")
    since = floor.of(BlindnessBegan)[-1].since
    floor.on_venue_event(
        TradesRecovered(MARKET, since, floor.now, (changed(heard, recovered=True),), floor.now)
    )
    assert floor.filled("a") == 27


def test_rule_9_the_queue_after_a_gap_is_the_estimate_bounded_by_the_display(floor: Floor) -> None:
    """A level that shrank bounds us; prints from before what the book shows move nothing more."""
    _gap(floor)
    before = floor.printed(ASK, 40, 25)
    floor.wait(5)
    floor.book(bids={40: 30}, asks={50: 100})
    _recover(floor)
    assert floor.ahead("a") == 30
    assert floor.of(QueueMoved)[-1].cause == "resync"
    floor.on_venue_event(before)
    assert floor.ahead("a") == 30


def test_rule_9_a_level_that_grew_in_a_gap_sends_us_to_its_back(floor: Floor) -> None:
    """It was replaced for all we know."""
    _gap(floor)
    floor.book(bids={40: 130}, asks={50: 100})
    _recover(floor, 80)
    assert floor.ahead("a") == 130


def test_rule_9_a_gap_leaves_the_optimistic_reading_where_it_stood(floor: Floor) -> None:
    """Unless less is displayed than stood ahead of it."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    floor.depth(BID, 40, 100)
    floor.depth(BID, 40, -100)
    floor.wait(2_001)
    assert (floor.ahead("a"), floor.live("a").optimistic_ahead) == (100, contracts(50))
    for displayed, base, optimistic in ((120, 120, 50), (60, 60, 50), (30, 30, 30)):
        floor.on_venue_event(FeedGapped(1, 1, 3, 9, floor.now))
        floor.book(bids={40: displayed}, asks={50: 100})
        _recover(floor)
        assert (floor.ahead("a"), floor.live("a").optimistic_ahead) == (base, contracts(optimistic))
        floor.wait(10)


def test_rule_9_a_cancel_that_arrives_in_a_gap_waits_for_its_decision(floor: Floor) -> None:
    """Trades from before it count, later ones do not."""
    _gap(floor)
    earlier = floor.printed(ASK, 39, 10, "earlier")
    floor.cancel("a")
    floor.wait(10)
    later = floor.printed(ASK, 39, 10, "later")
    assert floor.cancelled("a") is None
    floor.book(bids={40: 30}, asks={50: 100})
    since = floor.of(BlindnessBegan)[-1].since
    trades = tuple(changed(trade, recovered=True) for trade in (earlier, later))
    floor.on_venue_event(TradesRecovered(MARKET, since, floor.now, trades, floor.now))
    floor.wait(1)
    assert (floor.filled("a"), floor.cancelled("a")) == (10, CancelReason.REQUESTED)


def test_rule_9_a_new_connection_voids_the_books_of_the_older(floor: Floor) -> None:
    """So a restarted process is blind from where it stopped, until it has the trades."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    floor.on_venue_event(FeedConnected(2, floor.now))
    floor.conn = 2
    assert MARKET in floor.exchange.without_visibility()
    assert not floor.exchange.book(MARKET).synced
    floor.book(bids={40: 100}, asks={50: 100})
    _recover(floor)
    assert (floor.exchange.without_visibility(), floor.ahead("a")) == ({}, 100)
    assert floor.exchange.book(MARKET).synced


def test_rule_9_a_restarted_process_is_blind_from_its_last_fact_on() -> None:
    """Its orders wait for the trades of the downtime."""
    floor = Floor(rules())
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    last = floor.facts[-1].at
    floor.exchange = PaperExchange(floor.rules, seed=7)
    floor.exchange.restore(floor.facts)
    floor.now = Nanos(floor.now + 600 * 10**9)
    floor.do(floor.exchange.resumed(floor.now))
    assert floor.exchange.without_visibility() == {MARKET: last}
    floor.conn = 9
    floor.book(bids={40: 100}, asks={50: 100})
    _recover(floor, 130)
    assert floor.fills("a") == [(30, 40)]


def test_rule_9_a_new_stream_leaves_polled_books_alone() -> None:
    """They belong to no connection."""
    floor = Floor(rules())
    floor.conn = 0
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    for _ in range(3):
        floor.book(bids={40: 100}, asks={50: 100})
        floor.wait(1_100)
    floor.on_venue_event(FeedConnected(1, floor.now))
    assert floor.exchange.without_visibility() == {}
    floor.wait(1)
    floor.book(bids={40: 30}, asks={50: 100})
    floor.wait(2_000)
    assert floor.ahead("a") == 30, "nothing tells that it was traded"


@pytest.mark.promise("gap-makes-book-subscription")
@pytest.mark.fault("A9")
def test_a_gap_makes_every_book_of_the_subscription_untrusted(floor: Floor) -> None:
    """Numbers are shared, so not only the market of the next frame may have missed something."""
    other = "KXNBATOTAL-26OCT20OKCSAS-225"
    floor.on_venue_event(listing(other))
    floor.book(bids={40: 100}, asks={50: 100})
    floor.book(bids={60: 10}, asks={70: 10}, ticker=other)
    floor.place("a", BID, 40, 50)
    floor.on_venue_event(FeedGapped(1, 1, 3, 9, floor.now))
    assert not floor.exchange.book(MARKET).synced
    assert not floor.exchange.book(other).synced
    assert list(floor.exchange.without_visibility()) == [MARKET]


@pytest.mark.fault("A21")
def test_a_frame_about_one_book_that_makes_no_sense_freezes_that_market_and_no_other(floor: Floor) -> None:
    """Its order waits as in a gap, until its own snapshot; the other market goes on."""
    other = "KXNBATOTAL-26OCT20OKCSAS-225"
    floor.on_venue_event(listing(other))
    floor.book(bids={40: 100}, asks={50: 100})
    floor.book(bids={60: 10}, asks={70: 10}, ticker=other)
    floor.place("a", BID, 40, 50)
    floor.on_venue_event(BookRefused(MARKET, 1, 1, False, floor.now))
    assert not floor.exchange.book(MARKET).synced
    assert floor.exchange.book(other).trust is not Trust.GAPPED
    assert list(floor.exchange.without_visibility()) == [MARKET]
    floor.trade(ASK, 40, 500)
    floor.wait(5_000)
    assert floor.filled("a") == 0


def test_a_frame_of_a_connection_or_subscription_that_a_book_does_not_follow_says_nothing_of_it(
    floor: Floor,
) -> None:
    """What an older connection cannot say well is as void as what it can."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.on_venue_event(BookRefused(MARKET, 0, 0, True, floor.now))
    floor.on_venue_event(BookRefused(MARKET, 1, 2, False, floor.now))
    floor.on_venue_event(BookRefused("KXNBAGAME-26OCT20OKCSAS-NOBODY", 1, 1, False, floor.now))
    assert floor.exchange.book(MARKET).trust is Trust.TRUSTED


def test_a_gap_of_the_trades_own_subscription_leaves_the_books_and_freezes_the_orders(floor: Floor) -> None:
    """Prints may be missing, and only they fill what rests."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    floor.on_venue_event(FeedGapped(1, 2, 3, 9, floor.now))
    assert floor.exchange.book(MARKET).trust is Trust.TRUSTED
    assert list(floor.exchange.without_visibility()) == [MARKET]


def test_a_restored_exchange_waits_for_its_books_and_keeps_what_it_hears_meanwhile() -> None:
    """Deltas newer than the book that it is given are applied after it."""
    floor = Floor(rules())
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 40, 50)
    book = floor.exchange.book(MARKET).as_snapshot()
    floor.exchange = PaperExchange(floor.rules, seed=7)
    floor.exchange.restore(floor.facts)
    assert not floor.exchange.book(MARKET).synced
    floor.depth(ASK, 50, 30)
    floor.place("b", BID, 50, 10, tif=IOC)
    assert floor.rejected("b") is RejectCode.BOOK_UNTRUSTED
    floor.on_venue_event(book)
    assert floor.exchange.book(MARKET).synced
    assert floor.exchange.book(MARKET).yes_ask_size == contracts(130)
    assert floor.ahead("a") == 100
