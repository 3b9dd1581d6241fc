"""What the paper exchange remembers of an order: its place, its fills, and its three readings.

Changed only by `engine.exchange.state` when it applies a fact.
"""

from enum import Enum
from typing import Final

import attrs

from engine.events import BookSide
from engine.exchange.rules import VENUE_TICK
from engine.orders import AmendOrder, CancelReason, PlaceOrder, TimeInForce
from engine.units import MONEY_ZERO, Money, Nanos, Price

NANOS_ZERO: Final = Nanos(0)


class Stage(Enum):
    """Where an order stands: on its way (also when an amend sent it to the back), in the book, or over."""

    IN_FLIGHT = "in_flight"
    RESTING = "resting"
    DONE = "done"


@attrs.define
class Bands:
    """Cumulative fills and cash of an order in the three readings; `alive` while the readings go on."""

    pessimistic: int = 0
    base: int = 0
    optimistic: int = 0
    pessimistic_cash: int = 0
    base_cash: int = 0
    optimistic_cash: int = 0
    alive: bool = True


@attrs.define(eq=False)
class PaperOrder:
    """An order from its submission on. Counts are 1/100 contract, `count` includes what is filled.

    `venue_ahead` and `optimistic_ahead` are the venue's contracts before it in the base and the optimistic
    reading; `known_to` is the venue's time up to which prints are already in them. `pessimistic_at` is when
    the pessimistic reading of it arrives, until it has. `taken_here` is what the base reading took meanwhile,
    by YES price.
    """

    order: PlaceOrder
    arrives_at: Nanos
    price: Price
    count: int
    pessimistic_at: Nanos | None
    sent_at: Nanos = NANOS_ZERO
    """When it was sent: the pessimistic reading meets the worst of the books since."""
    optimistic_at: Nanos | None = None
    """When its optimistic reading arrives, if that is earlier."""
    stage: Stage = Stage.IN_FLIGHT
    filled: int = 0
    fills: int = 0
    accumulated: Money = MONEY_ZERO
    venue_ahead: int = 0
    optimistic_ahead: int = 0
    known_to: Nanos | None = None
    joined_at: Nanos | None = None
    """When it joined the queue by the venue's clock: what trades through its price later fills it."""
    rested_at: Nanos = NANOS_ZERO
    cancel_at: Nanos | None = None
    cancel_reason: CancelReason = CancelReason.REQUESTED
    amend: AmendOrder | None = None
    amend_at: Nanos | None = None
    pessimistic_joined_at: Nanos = NANOS_ZERO
    """When its pessimistic reading came, if that was later: what was traded before is not for it."""
    pessimistic_refused: bool = False
    """Whether the venue would have refused it when its pessimistic reading came."""
    forgone: int = 0
    """What the pessimistic reading lacked when an amend sent the order to the back: that is lost to it."""
    bands: Bands = attrs.field(factory=Bands)
    taken_here: dict[Price, int] = attrs.field(factory=dict)

    @property
    def order_id(self) -> str:
        """The client order id."""
        return self.order.order_id

    @property
    def strategy(self) -> str:
        """Whose order it is."""
        return self.order.strategy

    @property
    def ticker(self) -> str:
        """Its market."""
        return self.order.ticker

    @property
    def side(self) -> BookSide:
        """Its direction in YES terms."""
        return self.order.side

    @property
    def remaining(self) -> int:
        """What the base reading still wants; zero when the order is over."""
        return 0 if self.stage is Stage.DONE else self.count - self.filled

    @property
    def resting(self) -> bool:
        """Whether the base reading stands in the book."""
        return self.stage is Stage.RESTING

    @property
    def pessimistic_remaining(self) -> int:
        """What the pessimistic reading still wants, once it has arrived."""
        if not self.bands.alive or self.pessimistic_at is not None or self.pessimistic_refused:
            return 0
        return max(0, self.count - self.bands.pessimistic - self.forgone)

    @property
    def optimistic_remaining(self) -> int:
        """What the optimistic reading still wants."""
        return max(0, self.count - self.bands.optimistic) if self.bands.alive else 0

    @property
    def lives_on(self) -> bool:
        """Whether some reading of the order can still be filled."""
        if self.stage is not Stage.DONE:
            return True
        if not self.bands.alive:
            return False
        pending = self.pessimistic_at is not None
        return pending or (self.order.tif is TimeInForce.GTC and self.pessimistic_remaining > 0)

    def ends_at(self) -> Nanos | None:
        """When a cancel, an amend or its expiry took or takes it out of the queue.

        None while nothing is due.
        """
        ends = [at for at in (self.cancel_at, self.amend_at, self.order.expires_at) if at is not None]
        return min(ends, default=None)

    def gone_by(self, moment: int) -> bool:
        """Whether something may have taken it out of the queue before what the venue stamps with `moment`."""
        ends = self.ends_at()
        return ends is not None and ends < moment + VENUE_TICK
