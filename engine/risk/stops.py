"""Cancels that the venue refused during an exchange pause: kept until they can be sent again.

Kept by the risk gate from facts alone. Without them a halt would leave orders resting whose cancels were
refused, and they would fill under the halt once the venue is back.
"""

from engine.facts import CancelRefused
from engine.orders import RejectCode
from engine.venue_facts import VenueStatusChanged


class UnfulfilledStops:
    """The orders whose cancel is to be sent again, in the order in which the cancels were refused."""

    def __init__(self) -> None:
        """Begin with nothing refused and nobody standing still."""
        self._refused: dict[str, None] = {}
        self._still: set[int | None] = set()

    def apply(self, fact: CancelRefused | VenueStatusChanged) -> None:
        """Fold a refused cancel, or a pause or resumption of the venue or of one of its shards."""
        match fact:
            case CancelRefused():
                # Other refusals are final: the order is gone, or the market is closed and its orders are
                # cancelled by the venue.
                if fact.code is RejectCode.EXCHANGE_PAUSED and not fact.amend:
                    self._refused[fact.order_id] = None
            case VenueStatusChanged():
                (self._still.discard if fact.exchange_active else self._still.add)(fact.exchange_index)

    def sent(self, order_id: str) -> None:
        """The cancel is on its way again; if it is refused once more, that is heard."""
        self._refused.pop(order_id, None)

    def due(self) -> tuple[str, ...]:
        """Whose cancels may be sent now: all, once nothing stands still any more."""
        return () if self._still else self.waiting()

    def waiting(self) -> tuple[str, ...]:
        """Whose cancels were refused and have not been sent again."""
        return tuple(self._refused)
