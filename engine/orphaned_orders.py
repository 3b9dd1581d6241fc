"""Orders left over by a process that died: signals that were never judged, approvals that were never sent.

Called once by the risk gate and by the paper exchange when a process goes on with the facts of an earlier
one. Decisions are durable; what was to follow from them was only a message, and messages die with their
process.
"""

from collections.abc import Iterable

import attrs

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


@attrs.define
class Unfinished:
    """What a process would leave over that ended now: the fold of a run's facts.

    A signal that names an order wants one judgement of that order.
    """

    wishes: dict[str, list[SignalRaised]] = attrs.field(factory=dict)
    """Signals that nobody has judged, by order id."""
    approved: dict[tuple[str, str], OrderCommand] = attrs.field(factory=dict)
    """Approved commands that have not set out, by what they are and order id: an order, its cancel and its
    amend are approved under one order id.
    """

    def apply(self, fact: Fact) -> None:
        """Fold one fact; most mean nothing here."""
        match fact:
            case SignalRaised():
                order_id = dict(fact.evidence).get(ORDER_EVIDENCE)
                if order_id:
                    self.wishes.setdefault(order_id, []).append(fact)
            case OrderApproved():
                self._judged(fact.command.order_id)
                self.approved[type(fact.command).__name__, fact.command.order_id] = fact.command
            case OrderDenied():
                self._judged(fact.order_id)
            case OrderSubmitted():
                self._set_out(PlaceOrder, fact.order.order_id)
            case CancelSubmitted():
                self._set_out(CancelOrder, fact.order_id)
            case CancelRefused():
                self._set_out(AmendOrder if fact.amend else CancelOrder, fact.order_id)
            case AmendSubmitted():
                self._set_out(AmendOrder, fact.amend.order_id)
            case _:
                pass

    def unjudged(self, now: Nanos) -> tuple[OrderDenied, ...]:
        """Denials for the wishes of which only the signal is known: too much time has passed to send them
        now.
        """
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
            for order_id, signals in self.wishes.items()
            for signal in signals
        )

    def unsent(self) -> tuple[OrderCommand, ...]:
        """Approved commands that never set out, oldest first. The exchange takes each order id only once."""
        return tuple(self.approved.values())

    def _judged(self, order_id: str) -> None:
        signals = self.wishes.get(order_id)
        if signals:
            signals.pop(0)
            if not signals:
                del self.wishes[order_id]

    def _set_out(self, kind: type[OrderCommand], order_id: str) -> None:
        self.approved.pop((kind.__name__, order_id), None)


def unfinished(facts: Iterable[Fact], before: Unfinished | None = None) -> Unfinished:
    """What facts leave over, and what was left over `before` them, which is changed."""
    found = Unfinished() if before is None else before
    for fact in facts:
        found.apply(fact)
    return found
