"""Fee terms that nobody knows stop one event and nothing else; whatever is said of fees, nothing raises."""

import pytest

from engine.events import FeeChanged
from engine.facts import OrderFilled
from engine.latency import Delay
from engine.orders import CancelReason, RejectCode, TimeInForce
from engine.units import NANOS_PER_MILLISECOND, Nanos
from tests.engine.exchange.floor import ASK, BID, MARKET, Floor, rules

EVENT = "KXNBAGAME-26OCT20OKCSAS"
SERIES = "KXNBAGAME"
UNKNOWN = (
    ("flat", "1"),
    ("flat", None),
    ("a_type_of_tomorrow", "1"),
    (None, "-1"),
    (None, "1e3"),
    (None, "nan"),
    (None, "0.00001"),
    ("quadratic", "many"),
)


def unknown(floor: Floor, fee_type: str | None = "flat", multiplier: str | None = "1") -> None:
    floor.on_venue_event(FeeChanged(EVENT, fee_type, multiplier, floor.now))


@pytest.mark.promise("unknown-fees-stop-one-event")
@pytest.mark.parametrize(("fee_type", "multiplier"), UNKNOWN)
@pytest.mark.parametrize("scope", [EVENT, SERIES])
def test_an_order_that_rests_is_taken_back_and_the_next_prints_and_depth_fill_nothing(
    fee_type: str | None, multiplier: str | None, scope: str
) -> None:
    floor = Floor(rules(), restarting=True)
    floor.book(bids={40: 10}, asks={50: 100})
    floor.place("a", BID, 45, 5)
    floor.on_venue_event(FeeChanged(scope, fee_type, multiplier, floor.now))
    assert floor.cancelled("a") is CancelReason.FEES_UNKNOWN
    floor.trade(ASK, 40, 100)
    floor.depth(ASK, 45, 100)
    floor.depth(ASK, 44, 100)
    assert floor.of(OrderFilled) == []
    assert floor.exchange.state.ledger.verify() == 0


def test_new_orders_are_refused_until_the_terms_are_known_again_and_then_trade_on(floor: Floor) -> None:
    floor.book(bids={40: 10}, asks={50: 100})
    unknown(floor)
    floor.place("refused", BID, 50, 5, tif=TimeInForce.IOC)
    assert floor.rejected("refused") is RejectCode.UNKNOWN_FEE_TYPE
    unknown(floor, None, None)
    floor.place("taken", BID, 50, 5, tif=TimeInForce.IOC)
    assert floor.filled("taken") == 5


def test_an_order_on_its_way_is_refused_when_it_arrives(floor: Floor) -> None:
    floor.book(bids={40: 10}, asks={50: 100})
    floor.send("a", BID, 50, 5)
    unknown(floor)
    floor.wait()
    assert floor.rejected("a") is RejectCode.UNKNOWN_FEE_TYPE


def test_an_order_that_is_partly_filled_keeps_what_it_has(floor: Floor) -> None:
    floor.book(bids={40: 10}, asks={50: 2})
    floor.place("a", BID, 50, 5)
    unknown(floor)
    assert (floor.filled("a"), floor.cancelled("a")) == (2, CancelReason.FEES_UNKNOWN)
    assert floor.position() == 2


def test_a_cancel_and_an_amend_on_their_way_find_nothing_and_break_nothing(floor: Floor) -> None:
    floor.book(bids={40: 10}, asks={50: 100})
    floor.place("a", BID, 45, 5)
    floor.place("b", BID, 45, 5)
    floor.cancel("a")
    unknown(floor)
    floor.amend("b", 50, 9)
    floor.wait()
    assert floor.cancelled("a") is floor.cancelled("b") is CancelReason.FEES_UNKNOWN
    assert floor.of(OrderFilled) == []


def test_a_pessimistic_reading_that_arrives_later_ends_with_the_order() -> None:
    """Its base reading has filled already; what it would have cost is not known any more."""
    slow = Delay(((0, Nanos(0)), (500, Nanos(NANOS_PER_MILLISECOND)), (1_000, Nanos(10**9))))
    floor = Floor(rules(entry=slow), restarting=True)
    floor.book(bids={40: 10}, asks={50: 100})
    for number in range(5):
        floor.send(f"a{number}", BID, 50, 5)
    floor.wait(1_100)
    for number in range(5, 20):
        floor.send(f"a{number}", BID, 50, 5)
    floor.wait(1)
    unknown(floor)
    floor.wait(5_000)
    assert floor.of(OrderFilled)
    assert floor.exchange.state.ledger.verify() == 0


def test_a_market_listed_with_unknown_terms_takes_back_what_rests_there(floor: Floor) -> None:
    floor.book(bids={40: 10}, asks={50: 100})
    floor.place("a", BID, 45, 5)
    floor.relist(fee_type="flat")
    assert floor.cancelled("a") is CancelReason.FEES_UNKNOWN


@pytest.mark.promise("unknown-fees-stop-one-event")
def test_what_an_older_program_left_resting_is_taken_back_at_the_start(floor: Floor) -> None:
    """The order rests in its journal although the fees changed: every print killed it, start after start."""
    floor.book(bids={40: 10}, asks={50: 100})
    floor.place("a", BID, 45, 5)
    unknown(floor)
    kept = [fact for fact in floor.facts if getattr(fact, "reason", None) is not CancelReason.FEES_UNKNOWN]
    again = Floor(rules())
    again.exchange = type(floor.exchange)(again.rules, seed=7)
    again.facts, again.now = kept, floor.now
    again.exchange.restore(kept)
    assert again.live("a").resting
    again.do(again.exchange.resumed(again.now))
    assert again.cancelled("a") is CancelReason.FEES_UNKNOWN
    again.book(bids={40: 10}, asks={50: 100})
    again.trade(ASK, 40, 100)
    assert again.of(OrderFilled) == floor.of(OrderFilled) == []
    assert MARKET in again.exchange.state.markets
