"""The time of the live engine: the wall clock read once, or a simulated evening's time at any speed.

Made by whoever starts a live session; all stamps of its inputs, and all pauses between polls, come from it.
Must not be read by anything that decides: actors know the stamps of their inputs only.
"""

import trio
from typing_extensions import override

from actors.runtime import AnchoredClock
from engine.units import NANOS_PER_SECOND


class EveningClock(AnchoredClock):
    """UTC nanoseconds that never jump, `speed` times as fast as trio's clock."""

    def __init__(self, wall_ns: int | None = None, speed: float = 1.0) -> None:
        """Begin now at `wall_ns`, or at what the wall clock says. Inside `trio.run` only."""
        super().__init__(wall_ns)
        self.speed = speed

    def __call__(self) -> int:
        """The time now."""
        # The wall clock is read once: a step by NTP or by hand would otherwise move stamps back, and a
        # recording must never go back.
        return self._wall_ns + round((trio.current_time() - self._started) * self.speed * NANOS_PER_SECOND)

    def slept(self, nanos: int) -> None:
        """Add the time of a suspend, in which trio's clock (CLOCK_MONOTONIC on Linux) stands still."""
        self._wall_ns += max(0, round(nanos * self.speed))

    def trio_time(self, at_ns: int) -> float:
        """The same moment on trio's clock."""
        return self._started + (at_ns - self._wall_ns) / NANOS_PER_SECOND / self.speed

    @override
    def nanos_of_world(self, world_ns: int) -> int:
        """How far this clock goes while `world_ns` pass outside."""
        return round(world_ns * self.speed)

    async def sleep(self, nanos: float) -> None:
        """Let `nanos` of this clock pass."""
        await trio.sleep(max(0.0, nanos) / NANOS_PER_SECOND / self.speed)
