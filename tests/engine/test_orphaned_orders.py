"""What an interrupted process left half done is found in its facts alone."""

from engine.events import BookSide
from engine.facts import (
    CancelRefused,
    Fact,
    OrderApproved,
    OrderDenied,
    OrderSubmitted,
    SignalAction,
    SignalRaised,
)
from engine.message import changed
from engine.orders import AmendOrder, CancelOrder, CancelReason, PlaceOrder, RejectCode, TimeInForce
from engine.orphaned_orders import LOST, unfinished
from engine.reasons import DenialReason
from engine.units import Count, Nanos, Price
from engine.venue_facts import AmendSubmitted, CancelSubmitted

NOW = Nanos(9)
ORDER = PlaceOrder(
    "o", "s", "g", "T", BookSide.BID, Price(5_000), Count(100), TimeInForce.GTC, Nanos(1), "signal"
)
CANCEL = CancelOrder("o", "s", Nanos(3))
AMEND = AmendOrder("o", "s", Price(5_000), Count(50), Nanos(3))
SIGNAL = SignalRaised(
    signal_id="signal",
    strategy="s",
    game="g",
    ticker="T",
    side=BookSide.BID,
    action=SignalAction.ENTER,
    reason="r",
    p_fair=None,
    price=Price(5_000),
    p_edge=None,
    evidence=(("order", "o"),),
    at=Nanos(1),
)
APPROVED = OrderApproved(ORDER, Nanos(2))
SUBMITTED = OrderSubmitted(ORDER, Nanos(5), Nanos(2))
DENIED = OrderDenied("o", "s", "g", "T", "signal", DenialReason.HALTED, "", "", Nanos(2))


def test_a_signal_that_nobody_judged_is_denied_with_the_downtime_as_its_reason() -> None:
    (denial,) = unfinished([SIGNAL]).unjudged(NOW)
    assert (denial.order_id, denial.signal_id, denial.use, denial.at) == ("o", "signal", LOST, NOW)


def test_a_judged_signal_is_let_be() -> None:
    assert unfinished([SIGNAL, APPROVED]).unjudged(NOW) == ()
    assert unfinished([SIGNAL, DENIED]).unjudged(NOW) == ()


def test_a_second_signal_on_the_same_order_wants_a_second_judgement() -> None:
    again = changed(SIGNAL, signal_id="cancel")
    facts: list[Fact] = [SIGNAL, APPROVED, again]
    assert [denial.signal_id for denial in unfinished(facts).unjudged(NOW)] == ["cancel"]
    assert unfinished([*facts, OrderApproved(CANCEL, Nanos(3))]).unjudged(NOW) == ()


def test_a_signal_without_an_order_wants_nothing() -> None:
    assert unfinished([changed(SIGNAL, evidence=())]).unjudged(NOW) == ()


def test_what_was_approved_and_did_not_set_out_is_found() -> None:
    assert unfinished([SIGNAL, APPROVED]).unsent() == (ORDER,)
    assert unfinished([SIGNAL, APPROVED, SUBMITTED]).unsent() == ()


def test_cancels_and_amends_set_out_too_or_are_refused() -> None:
    sent: list[Fact] = [APPROVED, SUBMITTED]
    cancel, amend = OrderApproved(CANCEL, Nanos(3)), OrderApproved(AMEND, Nanos(3))
    assert unfinished([*sent, cancel]).unsent() == (CANCEL,)
    assert unfinished([*sent, amend]).unsent() == (AMEND,)
    gone = CancelSubmitted("o", "s", Nanos(4), CancelReason.REQUESTED, Nanos(3))
    assert unfinished([*sent, cancel, gone]).unsent() == ()
    assert unfinished([*sent, amend, AmendSubmitted(AMEND, Nanos(4), Nanos(3))]).unsent() == ()
    refused = CancelRefused("o", "s", RejectCode.ORDER_NOT_FOUND, Nanos(3))
    assert unfinished([*sent, cancel, refused]).unsent() == ()
    assert unfinished([*sent, amend, refused]).unsent() == (AMEND,)
    assert unfinished([*sent, amend, changed(refused, amend=True)]).unsent() == ()
