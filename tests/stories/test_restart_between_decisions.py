"""An actor that dies right behind a decision of its own, before the journal has seen that, still knows it.

Covers: actors.paper_exchange, actors.risk_gate, actors.strategy.
"""

from collections.abc import Callable, Iterable

import pytest

from actors.addresses import PAPER_EXCHANGE, RISK_GATE, strategy_address
from actors.messages import Commit
from actors.paper_exchange import PaperExchangeActor
from actors.risk_gate import RiskGateActor
from actors.runtime import Address, InjectedFault, Outgoing
from engine.facts import OrderApproved, OrderSubmitted, SignalRaised
from engine.orders import Approved, PlaceOrder
from tests.stories.plays import Played, play, scripted
from tipoff.replay.session import VirtualSession
from tipoff.runs.settings import TradingSettings
from venues.recordings.recorder import Line

LINES = 3_000
ORDERS = 24


Decision = Callable[[object, Iterable[Outgoing]], bool]
"""Whether it is this one, by the message and the answer to it."""


class Die:
    """What kills who hears it."""


def dying(lines: list[Line], settings: TradingSettings, place: Address, at: Decision) -> Played:
    """The evening on which an actor dies behind its first such decision, and comes back."""
    died: list[bool] = []

    def disturb(session: VirtualSession, _number: int) -> None:
        cell = session.system.dispatcher.cells[place]
        inner = cell.receive

        def deciding(message: object, now: int) -> Iterable[Outgoing]:
            if isinstance(message, Die):
                raise InjectedFault("behind its decision")
            out = inner(message, now)
            if died or not at(message, out):
                return out
            died.append(True)
            # It stands in the queue before the decision, which the journal has yet to number.
            return [(place, Die()), *out]

        if not died and getattr(inner, "__name__", "") != "deciding":
            cell.receive = deciding

    played = play(lines, settings, disturb)
    assert died
    assert played.session.system.lives.restarts >= 1
    return played


def on(kind: type[object]) -> Decision:
    """Any decision on a message of that kind."""
    return lambda message, _out: isinstance(message, kind)


@pytest.mark.promise("restarted-actor-knows-its-last-decision")
def test_an_exchange_that_dies_behind_its_decision_knows_every_order_of_the_journal(
    small_evening: list[Line], free_settings: TradingSettings
) -> None:
    lines = small_evening[:LINES]
    played = dying(lines, scripted(free_settings, lines, ORDERS), PAPER_EXCHANGE, on(Approved))
    sent = [each.fact.order.order_id for each in played.facts if isinstance(each.fact, OrderSubmitted)]
    assert len(sent) == len(set(sent)) > ORDERS // 2
    actor = behaviour(played, PAPER_EXCHANGE)
    assert isinstance(actor, PaperExchangeActor)
    assert list(actor.exchange.state.known) == sent


@pytest.mark.promise("restarted-actor-knows-its-last-decision")
def test_a_gate_that_dies_behind_its_decision_counts_every_approval_of_the_journal(
    small_evening: list[Line], free_settings: TradingSettings
) -> None:
    lines = small_evening[:LINES]
    played = dying(lines, scripted(free_settings, lines, ORDERS), RISK_GATE, on(PlaceOrder))
    facts = [each.fact for each in played.facts if isinstance(each.fact, OrderApproved)]
    approved = {fact.command.order_id for fact in facts}
    actor = behaviour(played, RISK_GATE)
    assert isinstance(actor, RiskGateActor)
    assert actor.gate.accounts.seen == approved
    assert len(approved) > ORDERS // 2


def decides(_message: object, out: Iterable[Outgoing]) -> bool:
    """Any decision that is to be durable."""
    return any(isinstance(each, tuple) and isinstance(each[1], Commit) for each in out)


@pytest.mark.promise("restarted-actor-knows-its-last-decision")
def test_a_strategy_that_dies_behind_its_decision_makes_it_once(
    small_evening: list[Line], free_settings: TradingSettings
) -> None:
    """Else the same signal would be raised again, and the same order id sent to the gate."""
    lines = small_evening[:LINES]
    settings = scripted(free_settings, lines, ORDERS)
    played = dying(lines, settings, strategy_address("scripted"), decides)
    raised = [each.fact.signal_id for each in played.facts if isinstance(each.fact, SignalRaised)]
    undisturbed = [
        each.fact.signal_id for each in play(lines, settings).facts if isinstance(each.fact, SignalRaised)
    ]
    assert raised == undisturbed
    assert len(raised) > ORDERS


def behaviour(played: Played, place: Address) -> object:
    """Who lives there now."""
    life = played.session.system.dispatcher.cells[place].life
    assert life is not None
    return life.behaviour
