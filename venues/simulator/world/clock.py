"""How fast simulated time goes: the one place where the live simulator looks at a clock, which is trio's.

Used by the live services; tests run it on trio's virtual clock.
"""

import time

import attrs
import trio

from venues.simulator.world.settings import SECOND


@attrs.define(eq=False)
class SimulatedClock:
    """Simulated UTC time, `speed` times as fast as the clock from the moment of `begin` on."""

    starts_at: int
    """UTC nanoseconds at which simulated time stands until it begins."""
    speed: float = attrs.field(validator=attrs.validators.gt(0))
    wall_clock: bool = False
    """Whether signatures and Date headers go by the machine's clock instead of simulated time."""
    begun: trio.Event = attrs.field(factory=trio.Event)
    _zero: float = 0.0

    def begin(self) -> None:
        """Let time run; more than once is harmless."""
        if not self.begun.is_set():
            self._zero = trio.current_time()
            self.begun.set()

    def now(self) -> int:
        """Simulated UTC nanoseconds."""
        if not self.begun.is_set():
            return self.starts_at
        return self.starts_at + int((trio.current_time() - self._zero) * self.speed * SECOND)

    def stamp(self) -> int:
        """The time that the venue's clock shows to clients, UTC nanoseconds."""
        return time.time_ns() if self.wall_clock else self.now()

    def running(self) -> int:
        """Nanoseconds that pass as simulated ones do, but also before time has begun: for budgets."""
        return int(trio.current_time() * self.speed * SECOND)

    async def sleep_until(self, moment: int) -> None:
        """Wait until simulated time has come to `moment` (UTC nanoseconds); always a checkpoint."""
        await self.begun.wait()
        await trio.sleep(max(0.0, (moment - self.now()) / SECOND / self.speed))
