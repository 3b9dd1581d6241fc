"""The watchdog is fed by what passes the critical actors: each of them, when it hangs, stops the food.

Covers: tipoff.services.systemd.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import attrs
import pytest
import trio

from actors.addresses import JOURNAL, MARKET_FEED, PAPER_EXCHANGE, RISK_GATE
from actors.messages import Commit
from actors.runtime import Address, Outgoing
from engine.facts import Noted
from engine.units import Nanos
from tests.tipoff.engines import live
from tipoff.live.engine import LiveEngine
from tipoff.live.heartbeats import HEARTBEAT_S, LATE_S
from tipoff.process.notifier import Notifier, watch
from tipoff.services.systemd import WRITER_S_MAX, Liveness

GAME = Address("games/the game")
"""Whatever the game of the evening is called."""


class Fed(Notifier):
    """A manager that counts what it is fed."""

    def __init__(self, seconds: float) -> None:
        super().__init__({"WATCHDOG_USEC": str(round(seconds * 1e6))})
        self.meals = 0
        self.told = ""
        self.changed = threading.Condition()

    def _send(self, *lines: str) -> None:
        with self.changed:
            self.meals += "WATCHDOG=1" in lines
            self.told = next((line for line in lines if line.startswith("STATUS=")), self.told)
            self.changed.notify_all()

    def wait_for(self, so: Callable[[], bool], seconds: float = 60.0) -> bool:
        with self.changed:
            return self.changed.wait_for(so, seconds)


def hang(engine: LiveEngine, address: Address, then: Callable[[], object]) -> None:
    """Let the actor do this at its next message instead of answering."""
    cells = engine.system.dispatcher.cells
    place = address if address != GAME else next(each for each in cells if str(each).startswith("games/"))
    cell = cells[place]
    inner = cell.receive
    assert inner is not None

    def hanging(message: object, now: int) -> Iterable[Outgoing]:
        then()
        return inner(message, now)

    cell.receive = hanging


def beat(engine: LiveEngine) -> None:
    """Send a heartbeat now."""
    engine.system.put(MARKET_FEED, engine.heartbeats.next(engine.status()))


@attrs.frozen
class InThread:
    """An engine and its watch in a thread, so that a test can look on while its loop hangs."""

    notifier: Fed
    engine: LiveEngine
    token: trio.lowlevel.TrioToken


@contextmanager
def watched(folder: Path) -> Iterator[InThread]:
    """Feed a watchdog that waits for half a second."""
    ready, over = threading.Event(), trio.Event()
    found: list[InThread] = []

    async def run() -> None:
        async with live(folder) as engine, trio.open_nursery() as nursery:
            notifier = Fed(0.5)
            nursery.start_soon(partial(watch, notifier, Liveness(engine).healthy, lambda: "running"))
            found.append(InThread(notifier, engine, trio.lowlevel.current_trio_token()))
            ready.set()
            await over.wait()
            nursery.cancel_scope.cancel()

    thread = threading.Thread(target=partial(trio.run, run))
    thread.start()
    assert ready.wait(60)
    yield found[0]
    found[0].token.run_sync_soon(over.set)
    thread.join(60)
    assert not thread.is_alive()


@pytest.mark.fault("I9")
@pytest.mark.parametrize("address", [MARKET_FEED, GAME, RISK_GATE, PAPER_EXCHANGE, JOURNAL], ids=str)
def test_an_actor_that_hangs_stops_the_food_until_it_goes_on(tmp_path: Path, address: Address) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def stand_still() -> None:
        reached.set()
        go_on.wait(60)

    with watched(tmp_path) as at:
        assert at.notifier.wait_for(lambda: at.notifier.meals > 0)
        note = Commit("test", (Noted("sharp_line", "key", "1", Nanos(at.engine.now)),))
        at.token.run_sync_soon(hang, at.engine, address, stand_still)
        at.token.run_sync_soon(at.engine.system.put, JOURNAL, note)
        at.token.run_sync_soon(beat, at.engine)
        assert reached.wait(60)
        fed = at.notifier.meals
        assert not at.notifier.wait_for(lambda: at.notifier.meals > fed, 1.0)
        go_on.set()
        assert at.notifier.wait_for(lambda: at.notifier.meals > fed)


async def pass_beats(clock: trio.testing.MockClock, engine: LiveEngine, beats: int) -> None:
    """Let so many heartbeats go their way; transactions take no time."""
    for _ in range(beats):
        clock.jump(HEARTBEAT_S)
        for _ in range(5):
            await trio.lowlevel.checkpoint()
        await engine.commit_queue.drain()


@pytest.mark.fault("I9")
@pytest.mark.parametrize("address", [MARKET_FEED, GAME, RISK_GATE, PAPER_EXCHANGE], ids=str)
async def test_an_actor_that_lets_no_heartbeat_pass_stops_the_food_though_the_loop_goes_on(
    tmp_path: Path, address: Address, mock_clock: trio.testing.MockClock
) -> None:
    async with live(tmp_path) as engine:
        pulse = Liveness(engine)
        await pass_beats(mock_clock, engine, 2)
        assert await pulse.healthy(), pulse.why
        cells = engine.system.dispatcher.cells
        place = address if address != GAME else next(each for each in cells if str(each).startswith("games/"))
        inner = cells[place].receive
        assert inner is not None

        def deaf(message: object, now: int) -> Iterable[Outgoing]:
            return () if "Heartbeat" in type(message).__name__ else inner(message, now)

        cells[place].receive = deaf
        await pass_beats(mock_clock, engine, round(LATE_S / HEARTBEAT_S) + 2)
        assert not await pulse.healthy()
        assert f"no heartbeat has passed {place}" in pulse.why
        cells[place].receive = inner
        await pass_beats(mock_clock, engine, 2)
        assert await pulse.healthy(), pulse.why


@pytest.mark.fault("I9")
async def test_a_transaction_that_does_not_end_stops_the_food(
    tmp_path: Path, mock_clock: trio.testing.MockClock
) -> None:
    reached, go_on, stuck = threading.Event(), threading.Event(), threading.Event()

    def seam(_operation: str) -> None:
        if stuck.is_set():
            reached.set()
            go_on.wait(60)

    async with live(tmp_path, seam) as engine:
        pulse = Liveness(engine)
        await engine.commit_queue.drain()
        assert await pulse.healthy()
        stuck.set()
        engine.system.put(JOURNAL, Commit("test", (Noted("sharp_line", "key", "1", Nanos(engine.now)),)))
        assert await trio.to_thread.run_sync(reached.wait, 60)
        assert await pulse.healthy()
        mock_clock.jump(WRITER_S_MAX + 1)
        assert not await pulse.healthy()
        assert pulse.why.startswith("a transaction of the journal does not end")
        stuck.clear()
        go_on.set()
        await engine.commit_queue.drain()
        assert await pulse.healthy() or "heartbeat" in pulse.why
