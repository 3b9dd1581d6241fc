"""What happens in the simulated world, one value each, before anybody words it as a frame or a body.

Yielded by `venues.simulator.world.world` in time order and at the very moment of the change, so that a reader
who draws one happening sees the world as it is right after it.
"""

from typing import NamedTuple, TypeAlias

from venues.simulator.world.game import GameEvent


class FeesOverridden(NamedTuple):
    """An event has fees of its own from now on; None is the fees of its series again."""

    at: int
    event_ticker: str
    fee_type: str | None
    multiplier: float | None


class Alarm(NamedTuple):
    """A moment that a reader asked to be told of; nothing has changed."""

    at: int
    name: str


WorldEvent: TypeAlias = GameEvent | Alarm | FeesOverridden
