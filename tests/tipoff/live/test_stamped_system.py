"""The live system of actors before its time begins: however long a start takes, no timer overtakes it."""

import attrs
import trio
from trio.testing import MockClock

from actors.runtime import ONE_FOR_ONE, Address, After, ChildSpec, Outgoing, SupervisorSpec
from engine.units import NANOS_PER_SECOND
from tipoff.live.clock import EveningClock
from tipoff.live.stamped_system import StampedSystem

SLEEPER = Address("sleeper")


@attrs.define
class Sleeper:
    """Asks for a timer at its start, and notes what it hears and when."""

    heard: list[tuple[object, int]] = attrs.field(factory=list)

    def start(self, now: int) -> list[Outgoing]:
        """Wake after a second."""
        return [After(NANOS_PER_SECOND, "wake")]

    def receive(self, message: object, now: int) -> list[Outgoing]:
        """Note it."""
        self.heard.append((message, now))
        return []


async def test_a_timer_that_is_due_before_the_first_input_waits_for_it(mock_clock: MockClock) -> None:
    sleeper = Sleeper()
    tree = SupervisorSpec(
        name="root", strategy=ONE_FOR_ONE, children=(ChildSpec(name="sleeper", factory=lambda: sleeper),)
    )
    system = StampedSystem(tree, 1, EveningClock(0))
    async with trio.open_nursery() as nursery:
        await nursery.start(system.run)
        mock_clock.jump(90)
        for _ in range(20):
            await trio.lowlevel.checkpoint()
        assert sleeper.heard == []
        system.put_at(system.stamp(), SLEEPER, "first")
        system.begin()
        while len(sleeper.heard) < 2:
            await trio.lowlevel.checkpoint()
        await system.stop()
        nursery.cancel_scope.cancel()
    assert sleeper.heard == [("first", 0), ("wake", NANOS_PER_SECOND)]
