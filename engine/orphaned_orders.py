"""Orders left over by a process that died: signals that were never judged, approvals that were never sent.

Called once by the risk gate and by the paper exchange when a process goes on with the facts of an earlier
one. Decisions are durable; what was to follow from them was only a message, and messages die with their
process.
"""

from collections.abc import Iterable

from engine.facts import (
    ORDER_EVIDENCE,
    CancelRefused,
    Fact,
    OrderApproved,
    OrderDenied,
    OrderSubmitted,
    SignalRaised,
)
from engine.orders import AmendOrder, CancelOrder, OrderCommand, PlaceOrder
from engine.reasons import DenialReason
from engine.units import Nanos
from engine.venue_facts import AmendSubmitted, CancelSubmitted

LOST = "downtime_unknown: the process ended before anybody judged this"


def unjudged(facts: Iterable[Fact], now: Nanos) -> tuple[OrderDenied, ...]:
    """Denials for the wishes of which only the signal is known: too much time has passed to send them now.

    A signal that names an order wants one judgement of that order.
    """
    waiting: dict[str, list[SignalRaised]] = {}
    for fact in facts:
        match fact:
            case SignalRaised():
                order_id = dict(fact.evidence).get(ORDER_EVIDENCE)
                if order_id:
                    waiting.setdefault(order_id, []).append(fact)
            case OrderApproved():
                _judged(waiting, fact.command.order_id)
            case OrderDenied():
                _judged(waiting, fact.order_id)
            case _:
                pass
    return tuple(
        OrderDenied(
            order_id=order_id,
            strategy=signal.strategy,
            game=signal.game,
            ticker=signal.ticker,
            signal_id=signal.signal_id,
            reason=DenialReason.JOURNAL_DOWN,
            use=LOST,
            limit="the same process",
            at=now,
        )
        for order_id, signals in waiting.items()
        for signal in signals
    )


def _judged(waiting: dict[str, list[SignalRaised]], order_id: str) -> None:
    signals = waiting.get(order_id)
    if signals:
        signals.pop(0)


def unsent(facts: Iterable[Fact]) -> tuple[OrderCommand, ...]:
    """Approved commands that never set out, oldest first. The exchange takes each order id only once."""
    waiting: dict[tuple[type, str], OrderCommand] = {}
    for fact in facts:
        match fact:
            case OrderApproved():
                # By kind as well as by id: an order, its cancel and its amend are approved under one order
                # id.
                waiting[type(fact.command), fact.command.order_id] = fact.command
            case OrderSubmitted():
                waiting.pop((PlaceOrder, fact.order.order_id), None)
            case CancelSubmitted():
                waiting.pop((CancelOrder, fact.order_id), None)
            case CancelRefused():
                waiting.pop((AmendOrder if fact.amend else CancelOrder, fact.order_id), None)
            case AmendSubmitted():
                waiting.pop((AmendOrder, fact.amend.order_id), None)
            case _:
                pass
    return tuple(waiting.values())
