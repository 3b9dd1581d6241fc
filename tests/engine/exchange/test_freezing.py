"""A market that stands still: nothing rests, nothing enters, and it is settled only if that is safe."""

import pytest

from engine.events import MarketDetermined, MarketStatus, MarketStatusChanged, Trust
from engine.exchange import PaperExchange
from engine.facts import (
    CancelRefused,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    OrderRested,
    PositionSettled,
)
from engine.message import changed
from engine.orders import CancelReason, RejectCode
from engine.units import PRICE_ONE
from tests.engine.exchange.floor import ASK, BID, ELSEWHERE, MARKET, Floor, listing, rules


def held() -> Floor:
    """Ten contracts are held, and five more are bid for."""
    floor = Floor(rules())
    floor.book(bids={40: 10}, asks={50: 100})
    floor.place("held", BID, 50, 10)
    floor.place("bid", BID, 45, 5)
    floor.wait()
    assert floor.filled("held") == 10
    assert floor.live("bid").resting
    return floor


def frozen(floor: Floor, *, settles: bool = True) -> None:
    floor.do(floor.exchange.freeze({MARKET: settles}, (), floor.now))


def test_what_rests_is_taken_back_at_once_and_the_position_stays() -> None:
    floor = held()
    frozen(floor)
    (gone,) = floor.of(OrderCancelled)
    assert (gone.order_id, gone.reason) == ("bid", CancelReason.MARKET_FROZEN)
    assert floor.exchange.state.orders == {}
    assert floor.position() == 10
    floor.trade(ASK, 44, 100)
    assert len(floor.of(OrderFilled)) == 1


def test_a_new_order_is_refused_and_known_to_have_been_sent() -> None:
    floor = held()
    frozen(floor)
    floor.place("late", BID, 50, 1)
    (refused,) = floor.of(OrderRejected)
    assert (refused.order_id, refused.code) == ("late", RejectCode.MARKET_FROZEN)
    floor.wait()
    assert "late" in floor.exchange.state.known
    assert floor.exchange.state.orders == {}
    assert floor.exchange.duplicates == 0


def test_a_cancel_of_what_nobody_knows_is_refused_while_a_market_stands_still() -> None:
    floor = held()
    frozen(floor)
    floor.cancel("nothing")
    (refused,) = floor.of(CancelRefused)
    assert (refused.order_id, refused.code) == ("nothing", RejectCode.ORDER_NOT_FOUND)


def test_a_book_heard_after_a_start_is_paused_as_long_as_the_venue_has_stopped_the_market() -> None:
    """Also where it stands still for us, so that it may be released."""
    floor = held()
    floor.on_venue_event(MarketStatusChanged(MARKET, MarketStatus.INACTIVE, floor.now, floor.now))
    floor.exchange = PaperExchange(floor.rules, seed=7)
    floor.exchange.restore(floor.facts)
    frozen(floor)
    for status, trust in ((MarketStatus.INACTIVE, Trust.PAUSED), (MarketStatus.ACTIVE, Trust.TRUSTED)):
        floor.on_venue_event(MarketStatusChanged(MARKET, status, floor.now, floor.now))
        floor.book(bids={40: 10}, asks={50: 100})
        assert floor.exchange.book(MARKET).trust is trust


@pytest.mark.parametrize("settles", [True, False])
def test_a_result_is_booked_only_where_the_position_is_certain(*, settles: bool) -> None:
    floor = held()
    frozen(floor, settles=settles)
    result = MarketDetermined(MARKET, "yes", PRICE_ONE, floor.now, floor.now)
    floor.on_venue_event(result)
    assert len(floor.of(PositionSettled)) == settles
    floor.exchange.release(MARKET)
    floor.on_venue_event(result)
    assert len(floor.of(PositionSettled)) == 1


def test_while_one_market_stands_still_another_trades_on() -> None:
    floor = held()
    floor.on_venue_event(listing(ELSEWHERE))
    floor.book(bids={40: 10}, asks={50: 100}, ticker=ELSEWHERE)
    frozen(floor)
    floor.quiet = True
    floor.send("elsewhere", BID, 45, 5, ticker=ELSEWHERE)
    floor.wait()
    floor.depth(BID, 39, 1, ticker=ELSEWHERE)
    floor.trade(BID, 60, 1)
    assert floor.live("elsewhere").resting
    floor.on_venue_event(changed(floor.printed(ASK, 44, 5), ticker=ELSEWHERE))
    assert floor.filled("elsewhere") == 5


def test_a_released_market_trades_again() -> None:
    floor = held()
    frozen(floor)
    floor.exchange.release(MARKET)
    floor.book(bids={40: 10}, asks={50: 100})
    floor.place("again", BID, 50, 1)
    floor.wait()
    assert floor.filled("again") == 1


def test_an_order_whose_end_cannot_be_folded_is_told_to_be_over_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And nothing that it waited for comes due any more, nor anything of its level; elsewhere it does.

    Nor does it stand in a queue, where prints would still be counted for it.
    """
    floor = held()
    floor.place("ask", ASK, 60, 5)
    floor.depth(BID, 45, 20)
    floor.depth(BID, 45, -20)
    floor.send("bid elsewhere", BID, 45, 5, ticker=ELSEWHERE)
    assert any(key.startswith("credit:") for key in floor.exchange.state.timers.due)
    apply = PaperExchange.apply

    def fails(fact: object) -> None:
        if isinstance(fact, OrderCancelled):
            raise KeyError("lost")
        apply(floor.exchange, fact)  # type: ignore[arg-type]

    monkeypatch.setitem(floor.exchange.state._folds, OrderCancelled, fails)
    frozen(floor)
    assert [gone.order_id for gone in floor.of(OrderCancelled)] == ["bid", "ask"]
    assert list(floor.exchange.state.orders) == ["bid elsewhere"]
    assert floor.exchange.state.market(MARKET).of(floor.account).orders() == []
    assert floor.of(OrderRested)
    assert all(key.endswith(":bid elsewhere") for key in floor.exchange.state.timers.due)
    assert len(floor.exchange.state.timers.due) > 0
