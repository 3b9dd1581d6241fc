"""Running live engines: what the tests of the live runtime share."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from actors.runtime import (
    ActorDead,
    Address,
    AnchoredClock,
    ChildSpec,
    Defer,
    Edge,
    Kind,
    LiveSystem,
    Outgoing,
    Perform,
    SupervisorSpec,
)
from tests.actors.runtime.fakes import Do, Fail

A, B = Address("a"), Address("b")
MakeTree = Callable[..., SupervisorSpec]
MakeSpec = Callable[..., ChildSpec]
CRASH = Fail(ValueError("air ball"))
START_NS = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
W = Address("w")


@asynccontextmanager
async def living(tree: SupervisorSpec) -> AsyncIterator[LiveSystem]:
    """A running engine that is stopped in the end."""
    engine = LiveSystem(tree, clock=AnchoredClock(START_NS))
    async with trio.open_nursery() as nursery:
        await nursery.start(engine.run)
        try:
            yield engine
        finally:
            if engine.alive:
                await engine.stop()


async def until(condition: Callable[[], bool]) -> None:
    """Let real threads and tasks work until the condition holds, at most five seconds."""
    with trio.fail_after(5):
        while not condition():  # noqa: ASYNC110  the condition is a thread's
            await trio.sleep(0.001)


def state(engine: LiveSystem, address: Address) -> str:
    status = engine.status_of(address)
    return status.state if status is not None else "gone"


async def asked_in_vain(engine: LiveSystem) -> None:
    with pytest.raises(ActorDead, match="killed"):
        await engine.ask(A, Do((Defer("never"),)))


class Silent:
    """The behaviour of an edge that only hands in."""

    def receive(self, message: object, now: int, /) -> Iterable[Outgoing]:
        return (Perform(message),)


def edge(name: str, task: Callable[[Edge], object], **settings: object) -> ChildSpec:
    settings.setdefault("factory", Silent)
    return ChildSpec(name=name, kind=Kind.EDGE, task=task, **settings)  # type: ignore[arg-type]
