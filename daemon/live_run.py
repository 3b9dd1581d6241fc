"""One run of the daemon from its past to its end: what was durable before, the engine, who stands beside it.

Called by `daemon.run`, which knows signals and exit codes, and by tests. A run is an evening: a process that
starts again on the same game day goes on with it, and so does one whose positions are not settled yet. Must
not read the command line.
"""

import contextlib
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Final

import attrs
import trio

from daemon import __version__
from daemon.config import Config
from daemon.evening_clock import EveningClock
from daemon.figures import live_document, seal_recording
from daemon.live import LiveEngine, LivePlan
from daemon.output import Json, progress
from daemon.replay import settings_digest
from daemon.seal import break_seal, write_config
from daemon.sources import Access, Sources
from daemon.storage import database_url
from daemon.trading import trading_settings
from engine.calendar import game_day
from engine.events import GamePhase
from engine.facts import Fact
from engine.units import Nanos
from persistence.queries import Reader
from persistence.schema import upgrade
from persistence.writer import JournalWriter
from venues.recording import Recorder

MEGABYTE: Final = 1_048_576
NEXT_DAY_EVERY_S: Final = 60.0
PLAYING: Final = frozenset({GamePhase.LIVE, GamePhase.HALFTIME})

Beside = Callable[[LiveEngine, Sources], Awaitable[None]]
"""A task that runs as long as the engine does."""


@attrs.define
class Signals:
    """What is done when the system calls: reload on SIGHUP, tell the state on SIGUSR1.

    Set by who can do it; None is answered with a word that nobody listens.
    """

    reload: Callable[[], None] | None = None
    dump: Callable[[], None] | None = None


SIGNALS: Final = Signals()


@attrs.frozen(kw_only=True)
class Setting:
    """What a run needs beside the engine's configuration."""

    config: Config
    access: Access
    clock: Callable[[], EveningClock] = EveningClock
    beside: tuple[Beside, ...] = ()
    """Tasks that run as long as the engine does: control socket, metrics, pages, watchdog."""
    on_phase: Callable[[str], None] = progress
    """Hears `ready`, `stopping` and `stopped`, each in a sentence for people."""


@attrs.frozen
class Past:
    """What earlier processes of a run left behind."""

    run: str
    facts: tuple[Fact, ...]


@attrs.define
class Ending:
    """How a run shall end: whoever wants it says why and sets the event."""

    reason: str = "stopped"
    next_day: bool = False
    wanted: trio.Event = attrs.field(factory=trio.Event)

    def want(self, reason: str) -> None:
        """End the run in good order."""
        if not self.wanted.is_set():
            self.reason = reason
            self.wanted.set()


def past_of(url: str, environment: str, at: Nanos) -> Past:
    """The run that a process which starts now belongs to. Raises StorageError as reading does."""
    name = f"{environment}-{game_day(at).isoformat()}"
    with Reader.open(url, None) if _has_runs(url) else contextlib.nullcontext() as reader:
        if reader is None:
            return Past(name, ())
        ours = [row.run for row in reader.runs() if row.run.startswith(f"{environment}-")]
    latest = ours[-1] if ours else None
    if latest is None:
        return Past(name, ())
    with Reader.open(url, latest) as reader:
        if latest != name and not reader.positions(open_only=True):
            return Past(name, ())
        return Past(latest, tuple(recorded.fact for recorded in reader.facts()))


def _has_runs(url: str) -> bool:
    from persistence.connect import reading
    from persistence.tables import runs

    with reading(url) as connection:
        return connection.execute(runs.select().limit(1)).first() is not None


async def run_live(setting: Setting, ending: Ending) -> dict[str, Json]:
    """Live until `ending` is wanted or the tree gives up; returns the run's report.

    Raises Escalated, EngineBroken or InvariantBroken (possibly in groups) if that is how it ended.
    """
    config = setting.config
    url = database_url(config, None)
    await trio.to_thread.run_sync(upgrade, url)
    clock = setting.clock()
    past = await trio.to_thread.run_sync(past_of, url, config.engine.environment, Nanos(clock()))
    writer = await trio.to_thread.run_sync(JournalWriter, url, past.run)
    settings = trading_settings(config)
    with contextlib.closing(writer), _recorder(config, past.run) as recorder:
        async with Sources(config, setting.access).opened() as sources:
            plan = LivePlan(
                settings=settings,
                settings_digest=settings_digest(settings),
                run=past.run,
                writer=writer,
                recorder=recorder,
                clock=clock,
                facts=past.facts,
                rows_max=config.database.batch_rows_max,
                disk_free_megabytes_min=config.recording.disk_free_megabytes_min,
            )
            engine = LiveEngine(plan, sources.specs)
            document = await _live(setting, engine, sources, ending)
        seal_recording(engine)
    return document


async def _live(setting: Setting, engine: LiveEngine, sources: Sources, ending: Ending) -> dict[str, Json]:
    """The engine's life with everybody beside it, and its end in phases."""
    async with trio.open_nursery() as nursery:
        await nursery.start(engine.run)
        for task in setting.beside:
            nursery.start_soon(partial(task, engine, sources))
        nursery.start_soon(_next_day, engine, ending)
        entries = len(engine.plan.facts)
        goes_on = f", going on after {entries} facts" if entries else ""
        setting.on_phase(f"ready: run {engine.plan.run}{goes_on}")
        for complaint in sources.degraded:
            setting.on_phase(f"degraded: {complaint}")
        await ending.wanted.wait()
        setting.on_phase(f"stopping: {ending.reason}")
        if not await engine.quiet(ending.reason):
            setting.on_phase("stopping: not everything became durable in time")
        document = await live_document(engine)
        await engine.close()
        nursery.cancel_scope.cancel()
    setting.on_phase("stopped")
    return document


async def _next_day(engine: LiveEngine, ending: Ending) -> None:
    """End the run when another game day has begun, nobody plays and nothing is open any more."""
    clock = engine.plan.clock
    first = game_day(Nanos(clock()))
    while True:
        await trio.sleep(NEXT_DAY_EVERY_S)
        if game_day(Nanos(clock())) == first or _open_positions(engine):
            continue
        scores = [game.score for game in (await engine.games()).values()]
        if not any(score is not None and score.phase in PLAYING for score in scores):
            ending.next_day = True
            ending.want("the game day is over")
            return


def _open_positions(engine: LiveEngine) -> bool:
    rows = engine.tally.strategies.values()
    return any(count for row in rows for count in row.positions.values())


@contextlib.contextmanager
def _recorder(config: Config, run: str) -> Iterator[Recorder | None]:
    """The recording of a run, begun or gone on with; None if there shall be none."""
    section = config.recording
    if not section.enabled:
        yield None
        return
    folder = config.engine.state_directory / section.directory / run
    recorder = Recorder(
        folder,
        made_by=f"tipoff {__version__}, {config.engine.name}",
        segment_bytes=section.segment_megabytes_max * MEGABYTE,
    )
    break_seal(folder)
    write_config(folder, config)
    try:
        yield recorder
    finally:
        recorder.close()
