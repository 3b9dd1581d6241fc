"""A wish to stop is kept until the venue can fulfil it."""

import pytest

from engine.facts import CancelRefused, Fact, OrderApproved
from engine.message import changed
from engine.orders import CancelOrder, PlaceOrder, RejectCode, TimeInForce
from engine.risk import RiskGate, TradingState
from engine.step import Step
from engine.venue_facts import VenueStatusChanged
from tests.engine.risk.desk import Desk

SHARD = 3


def resting(desk: Desk, strategy: str = "alpha") -> PlaceOrder:
    return desk.send(changed(desk.order(40, strategy=strategy), tif=TimeInForce.GTC))


def status(desk: Desk, *, active: bool, index: int | None = None) -> Step:
    return told(desk, VenueStatusChanged(index, active, active, desk.now))


def refused(desk: Desk, order: PlaceOrder, code: RejectCode = RejectCode.EXCHANGE_PAUSED) -> Step:
    return told(desk, CancelRefused(order.order_id, order.strategy, code, desk.now))


def told(desk: Desk, fact: Fact) -> Step:
    desk.facts.append(fact)
    step = desk.gate.on_committed_fact(fact, desk.now)
    desk.facts += step.facts
    return step


def cancelled(step: Step) -> list[str]:
    sent = [approved.command.order_id for approved in step.approved]
    assert [fact.command.order_id for fact in step.facts if isinstance(fact, OrderApproved)] == sent
    assert all(isinstance(approved.command, CancelOrder) for approved in step.approved)
    return sent


def halted_while_the_venue_stands_still(desk: Desk) -> PlaceOrder:
    order = resting(desk)
    status(desk, active=False)
    halt = desk.gate.halt("all", "halted", "cli", "enough", desk.now)
    desk.facts += halt.facts
    assert cancelled(halt) == [order.order_id]
    assert cancelled(refused(desk, order)) == []
    return order


@pytest.mark.promise("stops-are-kept")
def test_a_halt_that_the_venue_refused_is_sent_again_when_it_goes_on_and_only_once() -> None:
    desk = Desk()
    order = halted_while_the_venue_stands_still(desk)
    assert cancelled(status(desk, active=True)) == [order.order_id]
    assert cancelled(status(desk, active=True)) == []


def test_it_is_sent_as_often_as_the_venue_refuses_it() -> None:
    desk = Desk()
    order = halted_while_the_venue_stands_still(desk)
    for _ in range(3):
        assert cancelled(status(desk, active=True)) == [order.order_id]
        status(desk, active=False)
        refused(desk, order)
    assert desk.gate.stops.waiting() == (order.order_id,)


def test_while_the_venue_or_a_shard_still_stands_nothing_is_sent() -> None:
    desk = Desk()
    order = halted_while_the_venue_stands_still(desk)
    status(desk, active=False, index=SHARD)
    assert cancelled(status(desk, active=True)) == []
    assert cancelled(status(desk, active=True, index=SHARD)) == [order.order_id]


def test_an_order_that_ended_meanwhile_is_left_alone() -> None:
    desk = Desk()
    order = halted_while_the_venue_stands_still(desk)
    desk.cancelled(order)
    assert cancelled(status(desk, active=True)) == []


def test_other_refusals_and_refused_amends_are_not_sent_again() -> None:
    desk = Desk()
    order = resting(desk)
    assert cancelled(refused(desk, order, RejectCode.ORDER_NOT_FOUND)) == []
    paused = RejectCode.EXCHANGE_PAUSED
    amend = CancelRefused(order.order_id, order.strategy, paused, desk.now, amend=True)
    assert cancelled(told(desk, amend)) == []
    assert cancelled(status(desk, active=True)) == []


@pytest.mark.promise("stops-are-kept")
def test_a_process_that_dies_before_or_after_the_venue_is_back_sends_it_all_the_same() -> None:
    desk = Desk()
    order = halted_while_the_venue_stands_still(desk)
    before = restored(desk)
    assert cancelled(before.stop_again(desk.now)) == []
    desk.facts.append(VenueStatusChanged(None, exchange_active=True, trading_active=True, at=desk.now))
    assert cancelled(restored(desk).stop_again(desk.now)) == [order.order_id]
    desk.facts.append(OrderApproved(CancelOrder(order.order_id, order.strategy, desk.now), desk.now))
    assert cancelled(restored(desk).stop_again(desk.now)) == []


def restored(desk: Desk) -> RiskGate:
    gate = RiskGate(desk.limits)
    gate.restore(desk.facts)
    return gate


def test_a_market_that_a_start_holds_is_halted_before_anybody_has_heard_of_it() -> None:
    """The exchange takes back what rests there; an order that is judged in the same moment meets the halt."""
    desk = Desk()
    step = desk.gate.hold("market:T", "broken on purpose", desk.now)
    assert desk.gate.halts.state_of("market:T") is TradingState.HALTED
    assert step.approved == ()
