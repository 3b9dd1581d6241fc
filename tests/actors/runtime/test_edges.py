"""I/O tasks beside their behaviours: isolation, cancellation, zombies (P8, P10, P11, P19, P22; 13, 22).

Covers: actors.runtime.edge.
"""

# ruff: noqa: ARG001  pytest-trio takes the clock from a test's arguments

# ruff: noqa: ARG001  pytest-trio takes the clock from a test's arguments

from collections.abc import Iterable

import pytest
import trio
import trio.testing

from actors.runtime import (
    ActorExited,
    Address,
    AskRefused,
    Behaviour,
    Edge,
    LiveSystem,
    Outgoing,
    StaleIncarnation,
)
from engine.invariant import InvariantBroken
from tests.actors.runtime.engines import A, B, MakeTree, edge, living, state
from tests.actors.runtime.fakes import Fail, Reply, Script


async def test_an_edge_hands_in_inputs_and_performs_effects(
    tree: MakeTree, script: Script, autojump_clock: trio.testing.MockClock
) -> None:
    performed: list[object] = []

    async def task(own: Edge) -> None:
        own.put(A, f"from {own.address}")
        async for effect in own.effects():
            performed.append(effect)  # noqa: PERF401 - until the life ends

    async with living(tree("a", edge("feed", task))) as engine:
        await trio.sleep(1)
        engine.put(Address("feed"), "subscribe")
        engine.put(Address("feed"), "resubscribe")
        await trio.sleep(1)
    assert script.heard("a") == ["from feed"]
    assert performed == ["subscribe", "resubscribe"]


async def test_p19_an_edge_whose_task_fails_is_restarted_and_nobody_else(
    tree: MakeTree, autojump_clock: trio.testing.MockClock
) -> None:
    """P19, 2.2: a nursery would cancel all siblings."""
    lives: list[int] = []

    async def task(own: Edge) -> None:
        lives.append(own.incarnation)
        await trio.sleep(1)
        if len(lives) < 3:
            raise OSError("connection lost")
        await trio.sleep_forever()

    async with living(tree("a", edge("feed", task), "b")) as engine:
        await trio.sleep(10)
        assert len(lives) == 3
        assert engine.status_of(Address("feed")).restarts == 2  # type: ignore[union-attr]
        assert engine.status_of(B).restarts == 0  # type: ignore[union-attr]
        exits = [report.error for report in engine.lives.last_reports if isinstance(report, ActorExited)]
        assert exits == ["OSError: connection lost"] * 2


@pytest.mark.promise("p11-older-life-sends")
async def test_p11_a_task_of_an_older_life_is_refused(
    tree: MakeTree, script: Script, autojump_clock: trio.testing.MockClock
) -> None:
    """P11: its behaviour failed, the task is being cancelled, and tries to send on its way out."""
    refused: list[str] = []

    async def task(own: Edge) -> None:
        try:
            await trio.sleep_forever()
        finally:
            try:
                own.put(A, "last words")
            except StaleIncarnation as error:
                refused.append(str(error))

    def failing() -> Behaviour:
        return Failing()

    class Failing:
        def receive(self, message: object, now: int, /) -> Iterable[Outgoing]:
            raise ValueError("air ball")

    async with living(tree("a", edge("feed", task, factory=failing))) as engine:
        engine.put(Address("feed"), "go")
        await trio.sleep(1)
        assert refused == ["feed: life 2 is over"]
        assert script.heard("a") == []
        assert state(engine, Address("feed")) == "running"


async def test_p10_a_task_is_asked_then_cancelled(
    tree: MakeTree, autojump_clock: trio.testing.MockClock
) -> None:
    """P10, checklist 13: one that looks at `stopping` gets its time, one that does not is cancelled at
    once.
    """
    ends: list[str] = []

    async def polite(own: Edge) -> None:
        await own.stopping.wait()
        await trio.sleep(2)
        ends.append("polite")

    async def deaf(own: Edge) -> None:
        assert not own.stopping.is_set()
        try:
            await trio.sleep_forever()
        finally:
            ends.append("deaf")

    async def plain(_own: Edge) -> None:
        try:
            await trio.sleep_forever()
        finally:
            ends.append("plain")

    async with living(tree(edge("deaf", deaf), edge("polite", polite), edge("plain", plain))) as engine:
        began = trio.current_time()
        await engine.stop()
        assert trio.current_time() - began == pytest.approx(2 + 5)
    assert ends == ["plain", "polite", "deaf"]


async def test_p10_a_task_that_shields_itself_is_a_zombie(
    tree: MakeTree, autojump_clock: trio.testing.MockClock
) -> None:
    """P10, checklist 13: the gauge goes up, the next life starts, and it goes down when the old one is
    gone.
    """
    lives: list[int] = []

    async def stubborn(own: Edge) -> None:
        lives.append(own.incarnation)
        with trio.CancelScope(shield=len(lives) == 1):
            await trio.sleep(100)

    async with living(tree(edge("feed", stubborn))) as engine:
        await trio.sleep(1)
        engine.kill(Address("feed"))
        await trio.sleep(5)
        assert engine.lives.zombies == 1
        assert len(lives) == 2
        await trio.sleep(100)
        assert (engine.lives.zombies, engine.lives.zombies_ever) == (0, 1)


async def test_p22_cancelling_the_run_is_never_swallowed(
    tree: MakeTree, autojump_clock: trio.testing.MockClock
) -> None:
    """P22."""

    async def task(_own: Edge) -> None:
        await trio.sleep_forever()

    engine = LiveSystem(tree("a", edge("feed", task)))
    with trio.move_on_after(3) as scope:
        await engine.run()
    assert scope.cancelled_caught


async def test_p22_a_group_with_a_keyboard_interrupt_is_split(
    tree: MakeTree, autojump_clock: trio.testing.MockClock
) -> None:
    """P22, 2.2: the interrupt passes on, the error is the actor's."""

    async def task(_own: Edge) -> None:
        await trio.sleep(1)
        raise BaseExceptionGroup("both", [KeyboardInterrupt(), ValueError("mine")])

    engine = LiveSystem(tree(edge("feed", task)))
    with pytest.raises(BaseExceptionGroup) as raised:
        await engine.run()
    assert raised.value.subgroup(KeyboardInterrupt) is not None
    assert raised.value.subgroup(ValueError) is None
    exits = [report.error for report in engine.lives.last_reports if isinstance(report, ActorExited)]
    assert any("both" in error for error in exits)


async def test_an_edge_may_ask_others_but_not_itself(
    tree: MakeTree, autojump_clock: trio.testing.MockClock
) -> None:
    """P17, checklist 22."""
    answers: list[object] = []

    async def task(own: Edge) -> None:
        answers.append(await own.ask(A, Reply(1)))
        with pytest.raises(AskRefused, match="itself"):
            await own.ask(own.address, 1)
        answers.append("refused")
        await trio.sleep_forever()

    async with living(tree("a", edge("control", task))):
        await trio.sleep(1)
    assert answers == [1, "refused"]


async def test_p8_the_engine_answers_while_an_edge_takes_its_time_to_start(
    tree: MakeTree, autojump_clock: trio.testing.MockClock
) -> None:
    """P1, P8."""

    async def slow(own: Edge) -> None:
        await trio.sleep(2)
        own.ready()
        await trio.sleep_forever()

    engine = LiveSystem(tree("a", edge("feed", slow, ready_when_told=True), "b"))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(engine.run)
        await trio.sleep(1)
        assert [status.state for status in engine.status()] == ["running", "starting", "waiting"]
        assert await engine.ask(A, Reply(1)) == 1
        await trio.sleep(2)
        assert [status.state for status in engine.status()] == ["running"] * 3
        await engine.stop()


async def test_a_broken_invariant_ends_the_run(
    tree: MakeTree, autojump_clock: trio.testing.MockClock
) -> None:
    """DESIGN 6: it passes the task that brought the input, and its supervisor, and everybody else."""

    async def task(own: Edge) -> None:
        own.put(A, Fail(InvariantBroken("ledger")))

    engine = LiveSystem(tree("a", edge("feed", task)))
    with pytest.raises(InvariantBroken):
        await engine.run()


async def test_tasks_run_in_the_nursery_of_their_supervisor(
    tree: MakeTree, autojump_clock: trio.testing.MockClock
) -> None:
    """DESIGN 2."""
    nurseries: dict[str, trio.Nursery | None] = {}

    async def task(own: Edge) -> None:
        nurseries[own.address.last] = trio.lowlevel.current_task().parent_nursery
        await trio.sleep_forever()

    sources = tree(edge("x", task), edge("y", task), name="sources")
    async with living(tree(sources, edge("z", task))):
        await trio.sleep(1)
    assert nurseries["x"] is nurseries["y"]
    assert nurseries["x"] is not nurseries["z"]
