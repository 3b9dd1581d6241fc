"""One evening of a soak: venues, and a daemon that is killed and started again until the evening is over.

Used by `tests.simulation.soak.run`. What is found wrong is collected, so that a soak tells all of it.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random

import attrs
import trio

from tests.simulation.soak.comparing import compared, left_behind
from tests.simulation.soak.figures import Sample, grown, growth, sample_of
from tests.simulation.soak.operator import REASON, Operator
from tests.simulation.soak.processes import Daemon, Stuck, Venues, command
from tipoff.json_types import Json
from tipoff.output import Failure, progress

SAMPLE_S = 2.0
CLOCK_WORDS = "our clock is"
SETTLED_S_MAX = 60.0
EARLY_KILL_P = 0.25
"""So many of the kills are followed by another one while the next life is still starting."""

EARLY_KILL_S = (0.3, 2.5)


@attrs.define
class Life:
    """What was seen of one life of the daemon."""

    evening: int
    number: int
    ready_s: float = 0.0
    lived_s: float = 0.0
    end: str = ""
    entries: int = 0
    orders: int = 0
    fills: int = 0
    restarts: int = 0
    dead_letters: int = 0
    resumed: int = 0
    """Halts because of the clock (at this speed a slow answer looks like a clock that is far off), and
    halts of an operator whose daemon was killed before he ended them.
    """
    samples: list[Sample] = attrs.field(factory=list)
    problems: list[str] = attrs.field(factory=list)

    @property
    def name(self) -> str:
        """How tables and files call it."""
        return f"{self.evening}-{self.number:02d}"


@attrs.frozen(kw_only=True)
class Setup:
    """What all evenings of a soak share."""

    folder: Path
    socket: Path
    database: str
    recordings: Path
    speed: float
    kill_s: float
    draw: Random
    deadline: float
    """On `time.monotonic`: when the soak shall end."""


@attrs.define
class Evening:
    """Plays one evening."""

    setup: Setup
    number: int
    run: str
    venues: Venues
    over: Callable[[], bool]
    """Whether the venues have nothing left to show."""
    operator: Operator
    lives: list[Life] = attrs.field(factory=list)
    problems: list[str] = attrs.field(factory=list)
    daemon: Daemon | None = None
    """The last one that was started."""

    def end(self) -> None:
        """Leave no process behind, however the soak ended."""
        if self.daemon is not None and self.daemon.alive:
            self.daemon.kill()

    async def play(self) -> None:
        """Kill and start again until the evening or the soak is over; then stop in good order and replay."""
        while True:
            life, daemon = await self._born()
            last = await self._live(life, daemon)
            if last and daemon.alive:
                await self._stop(life, daemon)
                break
            if not daemon.alive and not life.end:
                life.problems.append(f"it ended by itself with {daemon.process.returncode}; see {daemon.log}")
            await self._after(life)
            if last:
                break
        await self._replayed()

    async def _born(self) -> tuple[Life, Daemon]:
        """Start a daemon, now and then one that is killed before it is ready."""
        setup = self.setup
        while True:
            life = Life(self.number, len(self.lives) + 1)
            self.lives.append(life)
            log = setup.folder / f"daemon-{life.name}.log"
            began = time.monotonic()
            daemon = self.daemon = Daemon.started(self.venues, setup.socket, setup.speed, log)
            early = len(self.lives) > 1 and setup.draw.random() < EARLY_KILL_P
            if early:
                await trio.sleep(setup.draw.uniform(*EARLY_KILL_S))
                daemon.kill()
                life.end = "killed early"
                await self._after(life)
                continue
            status = await trio.to_thread.run_sync(daemon.wait_ready)
            life.ready_s = time.monotonic() - began
            if status["run"] != self.run:
                life.problems.append(f"it trades the run {status['run']} instead of {self.run}")
            return life, daemon

    async def _live(self, life: Life, daemon: Daemon) -> bool:
        """Let it live, look at it, and kill it; True if it shall be the last of the evening (and lives)."""
        setup, ready = self.setup, time.monotonic()
        await self._compare(life, daemon, "after the start")
        lifetime = setup.kill_s * setup.draw.uniform(0.8, 1.2)
        last = False
        while daemon.alive and not last and (lived := time.monotonic() - ready) < lifetime:
            await trio.sleep(SAMPLE_S)
            sample = sample_of(daemon.process.pid, daemon.tasks, lived)
            if sample is not None:
                life.samples.append(sample)
            life.resumed += await trio.to_thread.run_sync(daemon.resume, CLOCK_WORDS)
            life.resumed += await trio.to_thread.run_sync(daemon.resume, REASON)
            life.problems += await self.operator.act(daemon)
            last = time.monotonic() >= setup.deadline
            if await trio.to_thread.run_sync(self.over):
                last = True
                await self._settled(life, daemon)
        if daemon.alive:
            await self._compare(life, daemon, "before the end")
        life.lived_s = time.monotonic() - ready
        life.problems += grown(f"life {life.name}", growth(life.samples))
        if daemon.alive and not last:
            daemon.kill()
            life.end = "kill -9"
        return last

    async def _settled(self, life: Life, daemon: Daemon) -> None:
        """Everything is paid: whatever it has missed, it must come to know so in bounded time."""
        deadline = time.monotonic() + SETTLED_S_MAX
        while daemon.alive and time.monotonic() < deadline:
            with suppress(Failure):
                status = await trio.to_thread.run_sync(daemon.look, "status")
                if isinstance(status, dict) and status["positions"] == 0:
                    return
            await trio.sleep(SAMPLE_S)
        life.problems.append(f"it holds positions {SETTLED_S_MAX:g} s after the venues have paid them all")

    async def _compare(self, life: Life, daemon: Daemon, when: str) -> None:
        """Compare what it shows with its journal, and note what it has counted."""
        setup = self.setup
        try:
            found = await trio.to_thread.run_sync(compared, daemon.look, setup.database, self.run)
            status = await trio.to_thread.run_sync(daemon.look, "status")
        except Exception as error:  # noqa: BLE001 - whatever it is, the soak goes on and tells it
            found, status = [f"cannot be compared: {type(error).__name__}: {error}"], {}
        life.problems += [f"{when}: {each}" for each in found]
        if isinstance(status, dict) and status:
            life.restarts, life.dead_letters = _whole(status["restarts"]), _whole(status["dead_letters"])

    async def _stop(self, life: Life, daemon: Daemon) -> None:
        try:
            code, seconds = await trio.to_thread.run_sync(daemon.stop)
        except Stuck as error:
            life.problems.append(str(error))
        else:
            life.end = f"stopped in {seconds:.1f} s"
            if code != 0:
                life.problems.append(f"SIGTERM ended it with {code}; see {daemon.log}")
        await self._after(life)

    async def _after(self, life: Life) -> None:
        """What must hold of what a life has left."""
        try:
            left = await trio.to_thread.run_sync(left_behind, self.setup.database, self.run)
        except Exception as error:  # noqa: BLE001 - as above
            life.problems.append(f"what it left cannot be read: {type(error).__name__}: {error}")
            return
        before = max((each.entries for each in self.lives[:-1]), default=0)
        if left.entries < before:
            life.problems.append(f"the journal had {before} entries and has {left.entries}")
        life.problems += left.problems
        life.entries = left.entries
        life.orders = sum(strategy.orders for strategy in left.tally.strategies.values())
        life.fills = sum(strategy.fills for strategy in left.tally.strategies.values())
        progress(
            f"life {life.name}: {life.end}; {life.entries} entries, {life.fills} fills, "
            f"{len(life.problems)} problems"
        )
        for problem in life.problems:
            progress(f"life {life.name}: {problem}")

    async def _replayed(self) -> None:
        """Every life of the evening again, from its recording: the same decisions to the last digit."""
        folder = self.setup.recordings / self.run
        progress(f"replaying {folder}")
        code, document = await trio.to_thread.run_sync(partial(command, "replay", str(folder), "--verify"))
        if code != 0:
            self.problems.append(f"the replay of {self.run} ended with {code}: {document.get('error')}")


def _whole(value: Json) -> int:
    assert isinstance(value, int)
    return value
