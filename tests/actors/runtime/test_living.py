"""The live system on trio: stamps, timers, I/O tasks, threads (P8, P10, P11, P17, P22; 13, 20, 35).

Covers: actors.runtime.behaviour, actors.runtime.cells, actors.runtime.timers, actors.runtime.topics.
"""

# ruff: noqa: ARG001  pytest-trio takes the clock from a test's arguments

import pytest
import trio
import trio.testing

from actors.runtime import (
    ActorDead,
    Address,
    After,
    Answer,
    AskTimeout,
    Defer,
    Escalated,
    ExitReason,
    LiveSystem,
    StartFailed,
)
from tests.actors.runtime.engines import CRASH, SECOND, START_NS, A, B, MakeTree, asked_in_vain, living
from tests.actors.runtime.fakes import STOP, Do, Reply, Script


async def test_an_input_is_stamped_and_worked_on_before_put_returns(
    tree: MakeTree, script: Script, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(tree("a", "b")) as engine:
        await trio.sleep(2)
        assert engine.put(A, Do(((B, "x"),))) == START_NS + 2 * SECOND
        assert script.heard("b") == ["x"]
        assert script.stamps == [START_NS + 2 * SECOND] * 2
    assert script.log[-2:] == [("b", STOP), ("a", STOP)]


async def test_timers_fire_at_their_due_time_without_any_input(
    tree: MakeTree, script: Script, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(tree("a")) as engine:
        engine.put(A, Do((After(30 * SECOND, "late"), After(10 * SECOND, "early"))))
        await trio.sleep(60)
        assert script.heard("a")[1:] == ["early", "late"]
        assert script.stamps[1:] == [START_NS + 10 * SECOND, START_NS + 30 * SECOND]
        engine.put(A, Do((After(5 * SECOND, "again"),)))
        await trio.sleep(6)
        assert script.heard("a")[-1] == "again"


async def test_p17_asks_are_awaited_and_end_in_time(
    tree: MakeTree, autojump_clock: trio.testing.MockClock
) -> None:
    """P17, checklist 20."""
    async with living(tree("a")) as engine:
        assert await engine.ask(A, Reply(7)) == 7
        began = trio.current_time()
        with pytest.raises(AskTimeout):
            await engine.ask(A, Do((Defer("never"),)), timeout_ns=3 * SECOND)
        assert trio.current_time() - began == pytest.approx(3)
        with pytest.raises(ActorDead):
            await engine.ask(Address("nobody"), 1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(asked_in_vain, engine)
            await trio.sleep(1)
            engine.kill(A)
        assert (
            await engine.ask(A, Do((Defer("later"), After(SECOND, Do((Answer("done", "later"),)))))) == "done"
        )


async def test_a_failed_start_ends_the_run_with_the_cause(tree: MakeTree, script: Script) -> None:
    script.fail_start = [ValueError("no")]
    engine = LiveSystem(tree("a"))
    with pytest.raises(StartFailed, match="a did not start: ValueError: no"):
        await engine.run()


async def test_checklist_9_escalation_to_the_root_ends_the_run(tree: MakeTree) -> None:
    engine = LiveSystem(tree("a", restarts_max=0))
    with pytest.RaisesGroup(Escalated):
        async with trio.open_nursery() as nursery:
            await nursery.start(engine.run)
            engine.put(A, CRASH)
    assert engine.lives.reports["SupervisorEscalated"] == 1


# -- I/O tasks


# -- threads


# -- other threads


async def test_the_exit_reason_of_a_stopped_engine(tree: MakeTree) -> None:
    async with living(tree("a")) as engine:
        pass
    assert engine.ended == (ExitReason.SHUTDOWN, None)
