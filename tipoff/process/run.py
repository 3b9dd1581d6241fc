"""One run of the daemon from its past to its end: what was durable before, the engine and its services.

Called by `tipoff.commands.run`, which knows signals and exit codes, and by tests. A run is an evening: a
process that starts again on the same game day goes on with it, and so does one whose positions are not
settled yet. Must not read the command line.
"""

import contextlib
import gc
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeVar

import attrs
import trio

from actors.messages import HaltOperation
from engine.units import NANOS_PER_MILLISECOND, Nanos
from persistence.errors import StorageError
from persistence.queries import Reader
from persistence.schema_upgrade import upgrade
from persistence.writer import JournalWriter, Options
from tipoff import __version__
from tipoff.config.database import database_url
from tipoff.config.load import Config
from tipoff.json_types import Json
from tipoff.live.engine import LiveEngine, LivePlan
from tipoff.process.context import RunContext, RunDependencies, StoppedBeforeStart, StopRequest, run_context
from tipoff.process.notifier import Notifier
from tipoff.process.rollover import carry_over, halts_of, left_open, run_of, wait_for_next_day
from tipoff.process.shutdown import CLOSE, SERVICES, Shutdown, in_thread, stop_engine
from tipoff.process.stall import Stall
from tipoff.runs.from_config import trading_settings
from tipoff.runs.recording_digest import remove_digest, write_config
from tipoff.runs.recovery import Recovered, recovered
from tipoff.runs.run_fold import RunFold
from tipoff.runs.settings import TradingSettings, settings_digest
from tipoff.sources.clients import Sources
from venues.recordings.recorder import Recorder

log = logging.getLogger("tipoff.run")

MEGABYTE: Final = 1_048_576
EXTEND_EVERY_S: Final = 10.0
START_STEP_S_MAX: Final = 3_600.0
"""After so long in one step of the start the manager's own patience decides."""

T = TypeVar("T")


@attrs.frozen
class Past:
    """What earlier processes of a run left behind."""

    run: str
    goes_on: bool = False
    """Whether the run has begun already."""
    halts: tuple[HaltOperation, ...] = ()
    """What was halted when the run before this one ended."""


def past_of(url: str, environment: str, at: Nanos) -> Past:
    """The run that a process which starts now belongs to. Raises StorageError as reading does."""
    name = run_of(environment, at)
    with Reader.open(url, None) if _has_runs(url) else contextlib.nullcontext() as reader:
        ours = () if reader is None else [row.run for row in reader.runs()]
    earlier = [run for run in ours if run.startswith(f"{environment}-")]
    if earlier:
        with Reader.open(url, earlier[-1]) as reader:
            if earlier[-1] == name or left_open(reader):
                return Past(earlier[-1], goes_on=True, halts=_halts_of(url, earlier[:-1]))
    return Past(name, halts=_halts_of(url, earlier))


def recovered_past(url: str, past: Past, settings: TradingSettings, every: int) -> Recovered:
    """What a run that goes on has come to; nothing of one that begins. Raises as reading does."""
    if not past.goes_on:
        return Recovered(RunFold(settings))
    with Reader.open(url, past.run) as reader:
        return recovered(reader, settings, every)


def opened_journal(url: str, run: str, found: Recovered) -> JournalWriter:
    """The journal, checked from where a snapshot vouches for it. Raises StorageError as opening does."""
    writer = JournalWriter(url, run, Options(folded=found.vouched))
    if found.snapshot is not None:
        try:
            writer.keep(found.snapshot)
        except StorageError as error:
            # The next start takes as long as this one did, and nothing else rests on it.
            log.warning("no snapshot of the journal was stored: %s", error)
    return writer


def _halts_of(url: str, earlier: list[str]) -> tuple[HaltOperation, ...]:
    """What was halted when the last of these runs ended."""
    if not earlier:
        return ()
    with Reader.open(url, earlier[-1]) as reader:
        return halts_of(reader)


def _has_runs(url: str) -> bool:
    from persistence.connect import reading
    from persistence.tables import runs

    with reading(url) as connection:
        return connection.execute(runs.select().limit(1)).first() is not None


async def run_live(dependencies: RunDependencies, stop: StopRequest) -> dict[str, Json]:
    """Live until `stop` is requested or the tree gives up; returns the run's report.

    Raises StoppedBeforeStart if it is requested before the engine is made. Raises Escalated, EngineBroken or
    InvariantBroken (possibly in groups) if that is how it ended.
    """
    config, begin = dependencies.config, partial(_begin, dependencies.notifier, stop)
    url = database_url(config, None)
    await begin("the database is brought up to date", partial(upgrade, url))
    clock = dependencies.clock()
    environment = config.engine.environment
    # Read after the upgrade, for the tables may be an older version's, and before the writer, whose run it
    # names.
    past = await begin("the last run is looked up", partial(past_of, url, environment, Nanos(clock())))
    settings, every = trading_settings(config), config.database.snapshot_entries
    found = await begin("the journal is read", partial(recovered_past, url, past, settings, every))
    # Whoever is still open when the run does not come to its end is closed here; else the stop has done it.
    with contextlib.ExitStack() as unfinished:
        opening = partial(opened_journal, url, past.run, found)
        writer = await begin("the journal is checked and opened", opening)
        engines: list[LiveEngine] = []
        unfinished.callback(_give_back, writer, engines)
        recorder = await begin("the recording is opened", partial(_recorder, config, past.run))
        if recorder is not None:
            unfinished.callback(recorder.close)
        async with Sources(config, dependencies.credentials).opened() as sources:
            plan = LivePlan(
                settings=settings,
                settings_digest=settings_digest(settings),
                run=past.run,
                writer=writer,
                recorder=recorder,
                clock=clock,
                past=found.fold,
                snapshot_entries=every,
                rows_max=config.database.batch_rows_max,
                disk_free_megabytes_min=config.recording.disk_free_megabytes_min,
                flush_ms_max=config.recording.flush_ms_max,
            )
            engine = LiveEngine(plan, sources.specs)
            engines.append(engine)
            context = run_context(dependencies, engine, sources)
            document = await _live(dependencies, context, stop, past.halts)
        unfinished.pop_all()
    return document


async def _begin(notifier: Notifier, stop: StopRequest, words: str, work: Callable[[], T]) -> T:
    """One step of the start, in a thread; the manager is told what is done and that it takes its time.

    Raises StoppedBeforeStart, before it is begun, if nobody wants the run any more.
    """
    if stop.requested.is_set():
        raise StoppedBeforeStart(stop.reason)
    notifier.status(f"starting: {words}")
    done = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_wait_patiently, notifier, done)
        # Not left behind when a stop is asked for: half an upgrade is worse than a late stop.
        result, error = await trio.to_thread.run_sync(_caught, work)
        done.set()
    if error is not None:
        raise error
    return result[0]


def _caught(work: Callable[[], T]) -> tuple[tuple[T, ...], Exception | None]:
    """What it returned, or raised, so that no nursery wraps it."""
    try:
        return (work(),), None
    except Exception as error:  # noqa: BLE001 - it is raised again, where it was asked for
        return (), error


async def _wait_patiently(notifier: Notifier, done: trio.Event) -> None:
    """Ask the manager for more time as long as a step goes on, but not for ever."""
    until = trio.current_time() + START_STEP_S_MAX
    while not done.is_set() and trio.current_time() < until:
        notifier.extend(2 * EXTEND_EVERY_S)
        with trio.move_on_after(EXTEND_EVERY_S):
            await done.wait()


async def _live(
    dependencies: RunDependencies, context: RunContext, stop: StopRequest, halts: tuple[HaltOperation, ...]
) -> dict[str, Json]:
    """The engine's life with its services, and its end step by step."""
    engine, sources, notifier = context.engine, context.sources, context.notifier
    shutdown = Shutdown(dependencies.on_phase, notifier)
    dependencies.on_engine(engine, shutdown)
    engine.shutdown_step = lambda: shutdown.step
    async with trio.open_nursery() as nursery:
        notifier.status("starting: the actors start")
        await nursery.start(engine.run)
        # Before any service: what was halted yesterday must not trade for the moment until somebody says so.
        await carry_over(engine, halts)
        pass_over_what_stays()
        for service in dependencies.services:
            nursery.start_soon(service, context)
        nursery.start_soon(Stall(engine, sources).run)
        nursery.start_soon(_next_day, engine, context.config.engine.environment, stop)
        entries = engine.entries_before
        goes_on = f", going on after {entries} facts" if entries else ""
        dependencies.on_phase(f"ready: run {engine.plan.run}{goes_on}")
        for issue in sources.degraded:
            dependencies.on_phase(f"degraded: {issue.text}")
        await stop.requested.wait()
        dependencies.on_phase(f"stopping: {stop.reason}")
        if not stop.next_day:
            # Between two game days the service goes on; a manager that hears this would end it after a while.
            notifier.stopping(f"stopping: {stop.reason}")
        stopped = await stop_engine(engine, stop.reason, shutdown)
        shutdown.enter(SERVICES)
        # The services go last, so that socket and metrics tell how far the stop has come.
        nursery.cancel_scope.cancel()
    await shutdown.do(CLOSE, partial(in_thread, partial(_give_back, engine.plan.writer, [engine])))
    dependencies.on_phase("stopped")
    return {**stopped.document, "stop": {"reason": stop.reason, "unfinished": list(shutdown.late)}}


def pass_over_what_stays() -> None:
    """Let the collector of circles walk no more through what has been made until now: it stays all evening.

    A full collection looks at all that lives, modules included, and nobody else runs meanwhile.
    """
    # What an evening before this one has left behind would be held for ever.
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _give_back(writer: JournalWriter, engines: Sequence[LiveEngine]) -> None:
    """Close the database, unless a thread was left behind in it: the system does it when the process ends."""
    if not any(engine.commit_queue.abandoned for engine in engines):
        writer.close()


async def _next_day(engine: LiveEngine, environment: str, stop: StopRequest) -> None:
    """End the run when its game day is over and nothing of it is open any more."""
    await wait_for_next_day(engine, environment)
    stop.next_day = not stop.requested.is_set()
    stop.request("the game day is over")


def _recorder(config: Config, run: str) -> Recorder | None:
    """The recording of a run, begun or gone on with; None if there shall be none."""
    section = config.recording
    if not section.enabled:
        return None
    folder = config.engine.state_directory / section.directory / run
    recorder = Recorder(
        folder,
        made_by=f"tipoff {__version__}, {config.engine.name}",
        segment_bytes=section.segment_megabytes_max * MEGABYTE,
        flush_after_ns=section.flush_ms_max * NANOS_PER_MILLISECOND,
    )
    remove_digest(folder)
    write_config(folder, config, settings_digest(trading_settings(config)))
    return recorder
