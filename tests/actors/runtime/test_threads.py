"""Threads beside the loop: what waits for one, and others at the door (P10, P11; checklist 13, 35).

Covers: actors.runtime.live.
"""

import threading
from collections.abc import Iterable

import pytest
import trio
import trio.testing

from actors.runtime import Address, ChildSpec, Edge, LiveSystem, LoopBusy, Outgoing, StaleIncarnation
from actors.runtime.live import WrongThread
from tests.actors.runtime.engines import A, MakeTree, W, edge, living, state, until
from tests.actors.runtime.fakes import Script


async def test_p11_what_a_thread_brings_after_its_life_is_over_is_refused_and_counted(tree: MakeTree) -> None:
    """P10, P11, checklist 13: a task that waits for its thread cannot be cancelled, and hands in too late."""
    gate = threading.Event()
    refused: list[Address] = []

    lives: list[Address] = []

    async def stuck(edge: Edge) -> None:
        lives.append(edge.address)
        if len(lives) > 1:
            # The life that follows is not stale: it may hand in what it likes.
            await trio.sleep_forever()
        await trio.to_thread.run_sync(gate.wait)
        with pytest.raises(StaleIncarnation):
            edge.put(A, "too late")
        refused.append(edge.address)

    async with living(tree("a", edge("w", stuck, shutdown_ns=1_000_000))) as engine:
        engine.restart(W)
        await until(lambda: engine.lives.zombies == 1)
        await until(lambda: state(engine, W) == "running")
        gate.set()
        await until(lambda: engine.lives.zombies == 0)
        assert refused == [W]
        assert engine.stale_refused == 1


@pytest.mark.limit("actors.runtime.live:FOREIGN_INPUTS_MAX")
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
