"""Thread actors, and other threads at the door of the loop (P10, P11, P13, P16; checklist 13, 35).

Covers: actors.runtime.live.
"""

# ruff: noqa: ARG001  pytest-trio takes the clock from a test's arguments

import threading
from collections.abc import Iterable

import pytest
import trio
import trio.testing

from actors.runtime import (
    Behaviour,
    ChildSpec,
    Kind,
    LiveSystem,
    LoopBusy,
    Outgoing,
    StartFailed,
)
from actors.runtime.live import WrongThread
from tests.actors.runtime.engines import (
    A,
    MakeTree,
    W,
    living,
    state,
    until,
    writer,
)
from tests.actors.runtime.fakes import Script


async def test_a_thread_actor_works_on_its_own_thread_and_answers_with_new_inputs(
    tree: MakeTree, script: Script
) -> None:
    seen: list[object] = []
    async with living(tree("a", writer(threading.Event(), seen))) as engine:
        inputs: list[object] = []
        engine.input_tap = lambda _number, _at, to, _message: inputs.append(to)
        engine.put(W, 1)
        await until(lambda: len(script.heard("a")) == 2)
        assert script.heard("a") == ["writer started", (1, False)]
        assert inputs == [W, W]
        assert engine.status_of(W).depth == 0  # type: ignore[union-attr]
    assert seen == ["start", 1, "stop"]


async def test_p13_a_thread_that_fails_is_restarted_and_keeps_what_waited(
    tree: MakeTree, script: Script
) -> None:
    """P13, P14: the message that failed is a dead letter, those behind it reach the next life."""
    gate, seen = threading.Event(), list[object]()
    async with living(tree("a", writer(gate, seen))) as engine:
        for message in ("block", "crash", 3):
            engine.put(W, message)
        assert engine.status_of(W).depth == 3  # type: ignore[union-attr]
        engine.put(W, "one too many")
        assert engine.status_of(W).refused == 1  # type: ignore[union-attr]
        gate.set()
        await until(lambda: 3 in seen)
        await until(lambda: state(engine, W) == "running")
        letters = [(letter.message, letter.error) for letter in engine.dispatcher.last_dead_letters]
        assert letters == [("one too many", ""), ("crash", "OSError: disk full")]
        await until(lambda: engine.status_of(W).depth == 0)  # type: ignore[union-attr]
    assert seen == ["start", "blocked", "block", "start", 3, "stop"]


async def test_p16_a_stop_overtakes_what_waits_for_a_thread_unless_it_drains(tree: MakeTree) -> None:
    """P16."""
    for drains, expected in ((False, ["block", "stop"]), (True, ["block", 2, 3, "stop"])):
        gate, seen = threading.Event(), list[object]()
        async with living(tree("a", writer(gate, seen, drain_on_stop=drains))) as engine:
            for message in ("block", 2, 3):
                engine.put(W, message)
            await until(lambda: "blocked" in seen)  # noqa: B023
            async with trio.open_nursery() as nursery:
                nursery.start_soon(engine.stop)
                await trio.sleep(0.01)
                gate.set()
        assert seen[2:] == expected


async def test_p10_p11_a_stuck_thread_is_fenced_and_counted(tree: MakeTree, script: Script) -> None:
    """P10, P11, checklist 13: the zombie's answer is refused when it comes at last."""
    gate, seen = threading.Event(), list[object]()
    async with living(tree("a", writer(gate, seen, shutdown_ns=1_000_000))) as engine:
        await until(lambda: state(engine, W) == "running")
        engine.put(W, "block")
        await until(lambda: "blocked" in seen)
        engine.restart(W)
        await until(lambda: engine.lives.zombies == 1)
        await until(lambda: state(engine, W) == "running")
        engine.put(W, 2)
        await until(lambda: (2, False) in script.heard("a"))
        gate.set()
        await until(lambda: engine.lives.zombies == 0)
        assert ("block", False) not in script.heard("a")
        assert engine.stale_refused == 1


async def test_a_thread_whose_start_fails_fails_the_start(tree: MakeTree) -> None:
    def broken() -> Behaviour:
        raise OSError("no database")

    engine = LiveSystem(tree("a", ChildSpec(name="w", kind=Kind.THREAD, factory=broken)))
    with pytest.raises(StartFailed, match="w did not start: OSError: no database"):
        await engine.run()


async def test_checklist_35_other_threads_enter_by_the_token_only(tree: MakeTree, script: Script) -> None:
    """Checklist 35: and behind a limit."""
    async with living(tree("a")) as engine:
        await trio.to_thread.run_sync(engine.put_from_thread, A, "x")
        await until(lambda: script.heard("a") == ["x"])

        def wrong() -> None:
            with pytest.raises(WrongThread):
                engine.put(A, "y")

        await trio.to_thread.run_sync(wrong)
        engine._foreign_waiting = 10_000
        with pytest.raises(LoopBusy):
            engine.put_from_thread(A, "z")
        engine._foreign_waiting = 0
        assert engine.foreign_refused == 1
    assert script.heard("a") == ["x"]
    engine.put_from_thread(A, "after the end")
    await trio.testing.wait_all_tasks_blocked()


async def test_a_stuck_handler_is_seen_from_another_thread(tree: MakeTree) -> None:
    """DESIGN 2: a watchdog can name the actor that holds the loop."""
    watched: list[tuple[str, int] | None] = []
    engine: LiveSystem

    class Stuck:
        def receive(self, message: object, now: int, /) -> Iterable[Outgoing]:
            thread = threading.Thread(target=lambda: watched.append(engine.busy_with()))
            thread.start()
            thread.join()
            return ()

    async with living(tree(ChildSpec(name="a", factory=Stuck))) as engine:
        assert engine.busy_with() is None
        engine.put(A, "go")
    assert watched[0] is not None
    assert watched[0][0] == "a"
    assert watched[0][1] > 0
