"""A state directory on a virtual clock, and processes of the live engine that come and go in it."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path

import attrs
import trio
from trio.testing import MockClock

from engine.units import NANOS_PER_MILLISECOND, NANOS_PER_SECOND
from persistence.connect import Durability, Settings
from persistence.queries import Reader
from persistence.schema_upgrade import create
from persistence.writer import JournalWriter, Options
from tests.tipoff.contexts import stop
from tipoff.commands.replay import Origin, replay
from tipoff.live.clock import EveningClock
from tipoff.live.engine import LiveEngine, LivePlan
from tipoff.runs.recording_digest import RecordingDigest
from tipoff.runs.recovery import recovered
from tipoff.runs.run_fold import RunFold
from tipoff.runs.settings import TradingSettings, settings_digest
from venues.recordings.recorder import Line, Recorder, read_batches
from venues.simulator.evening import generate
from venues.simulator.world.settings import EveningSettings

EVENING = EveningSettings(
    seed=3,
    games=1,
    rungs=2,
    activity=0.05,
    sportsbooks=5,
    box_players=0,
    box_poll_seconds=30,
    odds_poll_seconds=60,
    games_poll_seconds=300,
    postponed=False,
    cancelled=False,
)
Act = Callable[[LiveEngine], Awaitable[None]]


def evening() -> list[Line]:
    """One game, discovery to settlement."""
    return [
        Line(output.at, number, output.source, output.conn, output.what, output.body)
        for number, output in enumerate(generate(EVENING), start=1)
    ]


@attrs.define
class Desk:
    """A state directory and what happens in it."""

    folder: Path
    settings: TradingSettings
    seam: Callable[[str], None] = lambda _operation: None
    flush_ms: int = 1_000
    snapshot_entries: int = 20
    """So few that what goes on goes on from a snapshot; a replay folds everything."""
    known: dict[str, TradingSettings] = attrs.field(factory=dict)
    """The settings of every process so far, by their digest."""

    @property
    def url(self) -> str:
        """The database."""
        return f"sqlite:///{self.folder / 'tipoff.db'}"

    async def process(
        self, clock: MockClock, lines: Sequence[Line], act: Act | None = None, *, die: bool = False
    ) -> RecordingDigest | None:
        """One process: hear some lines at their times, do something, and end in good order or not."""
        if not (self.folder / "tipoff.db").exists():
            create(self.url)
            past = RunFold(self.settings)
        else:
            with Reader.open(self.url, "run") as reader:
                past = recovered(reader, self.settings, self.snapshot_entries).fold
        self.known[settings_digest(self.settings)] = self.settings
        options = Options(settings=Settings(durability=Durability.RELAXED), seam=self.seam)
        with closing(JournalWriter(self.url, "run", options)) as writer:
            plan = LivePlan(
                settings=self.settings,
                settings_digest=settings_digest(self.settings),
                run="run",
                writer=writer,
                recorder=Recorder(
                    self.folder / "recording", flush_after_ns=self.flush_ms * NANOS_PER_MILLISECOND
                ),
                flush_ms_max=self.flush_ms,
                clock=EveningClock(lines[0].at),
                past=past,
            )
            engine = LiveEngine(plan, lambda _engine: ())
            async with trio.open_nursery() as nursery:
                await nursery.start(engine.run)
                await self.feed(clock, engine, lines)
                if act is not None:
                    await act(engine)
                if die:
                    nursery.cancel_scope.cancel()
                    cut_off(engine)
                    return None
                stopped = await stop(engine)
            assert stopped.document["ledger"]["imbalance"] == "0.000000"  # type: ignore[index, call-overload]
            return stopped.sealed

    async def feed(self, clock: MockClock, engine: LiveEngine, lines: Sequence[Line]) -> None:
        """Let an engine hear lines at their times, and wait until what follows is durable."""
        for line in lines:
            await wait(clock, (line.at - engine.plan.clock()) / NANOS_PER_SECOND)
            if line.source == "kalshi.ws":
                engine.ingress.stream(line.conn, line.what, line.body)
            else:
                engine.ingress.body_of(line.source)(line.what, line.body)
            while not (engine.commit_queue.drained or engine.commit_queue.status.failing):
                await trio.lowlevel.checkpoint()

    def replayed(self, batch: int | None = None) -> str:
        """The digest of a replay of the recording."""
        batches = read_batches(self.folder / "recording", batch=batch)
        found = replay(batches, self.settings, "again", origin=Origin(settings_of=self.known.__getitem__))
        return str(found.document["digest"])


async def wait(clock: MockClock, seconds: float) -> None:
    """Let time pass, and what is due happen; transactions take no time of this clock."""
    clock.jump(max(0.0, seconds))
    await trio.lowlevel.checkpoint()


def cut_off(engine: LiveEngine) -> None:
    """What a kill leaves of the recording: what was flushed."""
    recorder = engine.plan.recorder
    assert recorder is not None
    recorder._file.close()


def resumed(lines: Sequence[Line], cut: int) -> list[Line]:
    """What a process hears that starts at line `cut`: the venues tell it again what is current."""
    told = [line for line in lines[:cut] if line.what == "connected" or line.source != "kalshi.ws"]
    return [_moved(line, lines[cut].at) for line in told] + list(lines[cut:])


def _moved(line: Line, at: int) -> Line:
    """The same line at another moment."""
    return Line(at, line.seq, line.source, line.conn, line.what, line.body)
