"""Where orders stand: how many are on their way or rest, and how many have ended and how.

A fold of a run's facts, part of `engine.tally`, shown by the metrics.
"""

from collections import Counter
from enum import Enum

from engine.facts import Fact, OrderCancelled, OrderFilled, OrderRejected, OrderRested, OrderSubmitted


class OrderStage(Enum):
    """Where an order stands. The first two are open, the others are ends."""

    SUBMITTED = "submitted"
    RESTING = "resting"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


class OrderStages:
    """Open orders by id, ended ones as counts."""

    def __init__(self) -> None:
        """Begin with none."""
        self.open: dict[str, OrderStage] = {}
        self.ended: Counter[OrderStage] = Counter()

    def apply(self, fact: Fact) -> None:
        """Take one fact in; most mean nothing here."""
        match fact:
            case OrderSubmitted():
                self.open[fact.order.order_id] = OrderStage.SUBMITTED
            case OrderRested():
                # An order that trades on arrival may end before it rests.
                if fact.order_id in self.open:
                    self.open[fact.order_id] = OrderStage.RESTING
            case OrderFilled():
                if fact.remaining == 0:
                    self._end(fact.order_id, OrderStage.FILLED)
            case OrderCancelled():
                self._end(fact.order_id, OrderStage.CANCELLED)
            case OrderRejected():
                self._end(fact.order_id, OrderStage.REJECTED)
            case _:
                pass

    def counts(self) -> dict[str, int]:
        """Orders in every stage; those that have ended are counted from the beginning of the run."""
        found = Counter(self.open.values()) + self.ended
        return {stage.value: found[stage] for stage in OrderStage}

    def _end(self, order_id: str, stage: OrderStage) -> None:
        # Counted once, also if an order is reported to end in two ways (filled whole, then its cancel).
        if self.open.pop(order_id, None) is not None:
            self.ended[stage] += 1
