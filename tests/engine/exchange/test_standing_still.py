"""While the venue stands still nothing of ours can trade, and an exit never becomes an entry."""

import pytest

from engine.events import ExchangeStatusSeen, MarketStatus, MarketStatusChanged
from engine.facts import OrderFilled
from engine.orders import CancelReason, RejectCode, TimeInForce
from tests.engine.exchange.floor import ASK, BID, MARKET, Floor, rules

SHARD = 3
"""Where the market of the floor is listed."""


def seen(floor: Floor, *, exchange: bool, trading: bool, index: int | None = None) -> None:
    floor.on_venue_event(ExchangeStatusSeen(exchange, trading, index, floor.now))


@pytest.mark.promise("standing-still-fills-nothing")
@pytest.mark.parametrize("index", [None, SHARD])
@pytest.mark.parametrize(("exchange", "trading"), [(False, False), (False, True), (True, False)])
def test_prints_and_depth_that_are_heard_then_fill_nothing(
    floor: Floor, index: int | None, *, exchange: bool, trading: bool
) -> None:
    floor.book(bids={40: 10}, asks={50: 100})
    floor.place("a", BID, 45, 5)
    seen(floor, exchange=exchange, trading=trading, index=index)
    floor.trade(ASK, 44, 100)
    floor.depth(ASK, 45, 100)
    assert floor.of(OrderFilled) == []
    floor.depth(ASK, 45, -100)
    floor.book(bids={40: 10}, asks={50: 100})
    floor.trade(ASK, 44, 100)
    assert floor.of(OrderFilled) == []
    seen(floor, exchange=True, trading=True, index=index)
    floor.trade(ASK, 44, 100)
    assert floor.filled("a") == 5


def test_a_shard_that_is_not_ours_stops_nothing(floor: Floor) -> None:
    floor.book(bids={40: 10}, asks={50: 100})
    floor.place("a", BID, 45, 5)
    seen(floor, exchange=False, trading=False, index=SHARD + 1)
    floor.trade(ASK, 44, 100)
    assert floor.filled("a") == 5


def test_a_cancel_is_refused_while_the_venue_stands_still_and_works_afterwards(floor: Floor) -> None:
    floor.book(bids={40: 10}, asks={50: 100})
    floor.place("a", BID, 45, 5)
    seen(floor, exchange=False, trading=False)
    floor.cancel("a")
    floor.wait()
    assert floor.live("a").resting
    seen(floor, exchange=True, trading=True)
    floor.cancel("a")
    floor.wait()
    assert floor.cancelled("a") is CancelReason.REQUESTED


def stopped(floor: Floor, what: str, *, stands: bool) -> None:
    """The market, the venue or the market's shard stops or goes on."""
    if what == "market":
        status = MarketStatus.INACTIVE if stands else MarketStatus.ACTIVE
        floor.on_venue_event(MarketStatusChanged(MARKET, status, floor.now, floor.now))
    else:
        index = SHARD if what == "shard" else None
        seen(floor, exchange=True, trading=not stands, index=index)


@pytest.mark.parametrize("what", ["market", "venue", "shard"])
def test_what_came_before_trading_went_on_is_refused_though_it_is_decided_later(
    floor: Floor, what: str
) -> None:
    """The feed had not told yet when it arrived; what comes after that is taken."""
    stopped(floor, what, stands=False)
    floor.book(bids={40: 10}, asks={50: 100})
    floor.quiet = True
    floor.place("early", BID, 50, 5)
    stopped(floor, what, stands=True)
    stopped(floor, what, stands=False)
    floor.place("late", BID, 50, 5)
    assert (floor.rejected("early"), floor.live("late").resting) == (None, False)
    floor.depth(BID, 41, 1)
    assert floor.rejected("early") is RejectCode.TRADING_PAUSED
    assert floor.filled("late") == 5


def test_the_first_word_that_the_venue_is_open_does_not_say_that_it_was_closed_before(floor: Floor) -> None:
    floor.book(bids={40: 10}, asks={50: 100})
    floor.quiet = True
    floor.place("a", BID, 50, 5)
    seen(floor, exchange=True, trading=True)
    floor.depth(BID, 41, 1)
    assert floor.filled("a") == 5


# Exits


def _holding(floor: Floor, count: float) -> None:
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("entry", BID, 50, count, tif=TimeInForce.IOC)
    assert floor.position() == count


@pytest.mark.promise("exit-stays-an-exit")
def test_a_resting_exit_never_fills_beyond_the_position_that_it_leaves() -> None:
    floor = Floor(rules(), restarting=True)
    _holding(floor, 10)
    floor.place("exit", ASK, 60, 10, exit=True)
    floor.place("close", ASK, 40, 6, tif=TimeInForce.IOC, reduce_only=True, exit=True)
    assert floor.position() == 4
    floor.trade(BID, 61, 100)
    assert (floor.filled("exit"), floor.position()) == (4, 0)
    assert floor.cancelled("exit") is CancelReason.NOTHING_TO_CLOSE


@pytest.mark.promise("exit-stays-an-exit")
def test_an_exit_whose_position_was_closed_otherwise_is_taken_back(floor: Floor) -> None:
    _holding(floor, 10)
    floor.place("exit", ASK, 60, 10, exit=True)
    floor.place("close", ASK, 40, 10, tif=TimeInForce.IOC, reduce_only=True, exit=True)
    assert floor.cancelled("exit") is CancelReason.NOTHING_TO_CLOSE
    floor.trade(BID, 61, 100)
    assert floor.position() == 0


def test_an_exit_that_arrives_after_its_position_is_gone_takes_nothing(floor: Floor) -> None:
    _holding(floor, 10)
    floor.place("close", ASK, 40, 10, tif=TimeInForce.IOC, reduce_only=True, exit=True)
    floor.place("late", ASK, 40, 10, exit=True)
    assert (floor.filled("late"), floor.position()) == (0, 0)
    assert floor.rejected("late") is RejectCode.REDUCE_ONLY_WITHOUT_POSITION


def test_two_exits_in_one_print_share_one_position(floor: Floor) -> None:
    _holding(floor, 10)
    floor.place("one", ASK, 60, 10, exit=True)
    floor.place("two", ASK, 61, 10, exit=True)
    floor.trade(BID, 62, 100)
    assert floor.filled("one") + floor.filled("two") == 10
    assert floor.position() == 0
