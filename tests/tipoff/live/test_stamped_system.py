"""The live system of actors: no timer overtakes its start; what waits for the world has the world's time."""

# ruff: noqa: ARG001  pytest-trio takes the clock from a test's arguments

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
from trio.testing import MockClock

from actors.runtime import (
    ONE_FOR_ONE,
    ActorExited,
    Address,
    After,
    AskTimeout,
    ChildSpec,
    Defer,
    Edge,
    ExitReason,
    Kind,
    Outgoing,
    SupervisorSpec,
)
from engine.units import NANOS_PER_SECOND
from tipoff.live.clock import EveningClock
from tipoff.live.stamped_system import StampedSystem

SLEEPER = Address("sleeper")
WORKER = Address("worker")
SPEED = 160.0
"""The demo's."""


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


class Deferring:
    """Keeps every question for later, and later never comes."""

    def receive(self, message: object, now: int) -> list[Outgoing]:
        """Defer it."""
        return [Defer(str(message))]


@asynccontextmanager
async def quick_evening(task: Callable[[Edge], Awaitable[None]]) -> AsyncIterator[StampedSystem]:
    """An evening that passes `SPEED` times as fast as the world, with one edge."""
    worker = ChildSpec(name=WORKER.last, factory=Deferring, kind=Kind.EDGE, task=task)
    tree = SupervisorSpec(name="root", strategy=ONE_FOR_ONE, children=(worker,))
    system = StampedSystem(tree, 1, EveningClock(0, SPEED))
    async with trio.open_nursery() as nursery:
        await nursery.start(system.run)
        system.begin()
        yield system
        if system.alive:
            await system.stop()


def exits(system: StampedSystem) -> list[tuple[ExitReason, str]]:
    """How lives ended."""
    return [(each.reason, each.error) for each in system.lives.last_reports if isinstance(each, ActorExited)]


@pytest.mark.parametrize(("closing_s", "how"), [(4.9, ExitReason.SHUTDOWN), (5.1, ExitReason.KILLED)])
async def test_a_task_may_close_for_its_shutdown_time_in_seconds_of_the_world(
    autojump_clock: MockClock, closing_s: float, how: ExitReason
) -> None:
    """A venue answers a goodbye no sooner because the evening passes quickly."""

    async def closing(edge: Edge) -> None:
        await edge.stopping.wait()
        await trio.sleep(closing_s)

    async with quick_evening(closing) as system:
        await trio.sleep(0.01)
        began = trio.current_time()
        await system.stop()
        assert trio.current_time() - began == pytest.approx(min(closing_s, 5.0))
        assert [reason for reason, _ in exits(system)] == [how]


@pytest.mark.parametrize(("closing_s", "zombies"), [(0.9, 0), (1.1, 1)])
async def test_a_cancelled_task_has_its_grace_in_seconds_of_the_world(
    autojump_clock: MockClock, closing_s: float, zombies: int
) -> None:
    lives: list[int] = []

    async def shielded(edge: Edge) -> None:
        lives.append(edge.incarnation)
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(closing_s if len(lives) == 1 else 0)

    async with quick_evening(shielded) as system:
        await trio.sleep(0.01)
        system.kill(WORKER)
        await trio.sleep(2)
        assert (system.lives.zombies_ever, len(lives)) == (zombies, 2)


@pytest.mark.parametrize(("needs_s", "up"), [(4.9, 1), (5.1, 0)])
async def test_a_task_may_take_its_start_time_in_seconds_of_the_world(
    autojump_clock: MockClock, needs_s: float, up: int
) -> None:
    async def slow(edge: Edge) -> None:
        await trio.sleep(needs_s)
        edge.ready()
        await trio.sleep_forever()

    quick = ChildSpec(name=WORKER.last, factory=Deferring, kind=Kind.EDGE, task=slow, ready_when_told=True)
    system = StampedSystem(SupervisorSpec(name="root", children=()), 1, EveningClock(0, SPEED))
    async with trio.open_nursery() as nursery:
        await nursery.start(system.run)
        system.begin()
        assert system.start_child(Address(""), quick)
        await trio.sleep(6)
        assert len(system.status()) == up
        await system.stop()


async def test_a_question_waits_for_its_timeout_in_seconds_of_the_world(autojump_clock: MockClock) -> None:
    """Who asks is a person at a terminal, or a commit on a disk that is waited for."""

    async def idle(_edge: Edge) -> None:
        await trio.sleep_forever()

    async with quick_evening(idle) as system:
        began = trio.current_time()
        with pytest.raises(AskTimeout, match="5 s"):
            await system.ask_at(system.stamp(), WORKER, "question", 5 * NANOS_PER_SECOND)
        assert trio.current_time() - began == pytest.approx(5.0)
