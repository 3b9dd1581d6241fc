"""One run of the daemon from its past to its end: what was durable before, the engine, who stands beside it.

Called by `tipoff.commands.run`, which knows signals and exit codes, and by tests. A run is an evening: a
process that starts again on the same game day goes on with it, and so does one whose positions are not
settled yet. Must not read the command line.
"""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, TypeVar

import attrs
import trio

from actors.addresses import OBSERVER
from actors.messages import HaltOperation
from actors.observer import OVERVIEW
from actors.read_model.views import Look, Overview
from engine.facts import Fact
from engine.units import NANOS_PER_MILLISECOND, Nanos
from persistence.queries import Reader
from persistence.schema import upgrade
from persistence.writer import JournalWriter
from tipoff import __version__
from tipoff.config.database import database_url
from tipoff.config.load import Config
from tipoff.json_types import Json
from tipoff.live.clock import EveningClock
from tipoff.live.engine import LiveEngine, LivePlan
from tipoff.output import progress
from tipoff.process.notifier import Notifier
from tipoff.process.rollover import carry_over, halts_of, left_open, run_of, wait_for_next_day
from tipoff.process.shutdown import (
    BESIDE,
    CLOSE,
    DURABLE,
    ENTRIES,
    ORDERS,
    REPORT,
    RUN_END,
    SEAL,
    TREE,
    Stopping,
)
from tipoff.process.stall import Stall
from tipoff.reports.of_live_run import live_document, seal_recording
from tipoff.runs.from_config import trading_settings
from tipoff.runs.recording_digest import break_seal, write_config
from tipoff.runs.settings import settings_digest
from tipoff.sources.clients import Credentials, Sources
from venues.recordings.recorder import Recorder

MEGABYTE: Final = 1_048_576
EXTEND_EVERY_S: Final = 10.0
START_STEP_S_MAX: Final = 3_600.0
"""After so long in one step of the start the manager's own patience decides."""

T = TypeVar("T")
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
    access: Credentials
    clock: Callable[[], EveningClock] = EveningClock
    beside: tuple[Beside, ...] = ()
    """Tasks that run as long as the engine does: control socket, metrics, pages, watchdog."""
    on_phase: Callable[[str], None] = progress
    """Hears `ready`, `stopping` and `stopped`, each in a sentence for people."""
    notifier: Notifier = attrs.field(factory=lambda: Notifier({}))
    """The line to the service manager; nobody hears it unless it is given."""
    meet: Callable[[LiveEngine, Stopping], None] = lambda _engine, _stopping: None
    """Is shown the engine and its stop as soon as both are there."""


@attrs.frozen
class Past:
    """What earlier processes of a run left behind."""

    run: str
    facts: tuple[Fact, ...]
    halts: tuple[HaltOperation, ...] = ()
    """What was halted when the run before this one ended."""


class EndedEarly(Exception):
    """The run was to end before its engine was made; the reason is the text."""


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
    name = run_of(environment, at)
    with Reader.open(url, None) if _has_runs(url) else contextlib.nullcontext() as reader:
        ours = () if reader is None else [row.run for row in reader.runs()]
    earlier = [run for run in ours if run.startswith(f"{environment}-")]
    if earlier:
        with Reader.open(url, earlier[-1]) as reader:
            if earlier[-1] == name or left_open(reader):
                name = earlier.pop()
                facts = tuple(recorded.fact for recorded in reader.facts())
                return Past(name, facts, _halts_of(url, earlier))
    return Past(name, (), _halts_of(url, earlier))


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


async def run_live(setting: Setting, ending: Ending) -> dict[str, Json]:
    """Live until `ending` is wanted or the tree gives up; returns the run's report.

    Raises EndedEarly if it is wanted before the engine is made. Raises Escalated, EngineBroken or
    InvariantBroken (possibly in groups) if that is how it ended.
    """
    config, begin = setting.config, partial(_begin, setting, ending)
    url = database_url(config, None)
    await begin("the database is brought up to date", partial(upgrade, url))
    clock = setting.clock()
    environment = config.engine.environment
    past = await begin("the journal is read", partial(past_of, url, environment, Nanos(clock())))
    # Whoever is still open when the run does not come to its end is closed here; else the stop has done it.
    with contextlib.ExitStack() as unfinished:
        opening = partial(JournalWriter, url, past.run)
        writer = await begin("the journal is checked and opened", opening)
        engines: list[LiveEngine] = []
        unfinished.callback(_give_back, writer, engines)
        recorder = await begin("the recording is opened", partial(_recorder, config, past.run))
        if recorder is not None:
            unfinished.callback(recorder.close)
        async with Sources(config, setting.access).opened() as sources:
            settings = trading_settings(config)
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
                flush_ms_max=config.recording.flush_ms_max,
            )
            engine = LiveEngine(plan, sources.specs)
            engines.append(engine)
            document = await _live(setting, engine, sources, ending, past.halts)
        unfinished.pop_all()
    return document


async def _begin(setting: Setting, ending: Ending, words: str, work: Callable[[], T]) -> T:
    """One step of the start, in a thread; the manager is told what is done and that it takes its time.

    Raises EndedEarly, before it is begun, if nobody wants the run any more.
    """
    if ending.wanted.is_set():
        raise EndedEarly(ending.reason)
    setting.notifier.status(f"starting: {words}")
    done = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_wait_patiently, setting.notifier, done)
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
    setting: Setting, engine: LiveEngine, sources: Sources, ending: Ending, halts: tuple[HaltOperation, ...]
) -> dict[str, Json]:
    """The engine's life with everybody beside it, and its end step by step."""
    stopping = Stopping(setting.on_phase, setting.notifier)
    setting.meet(engine, stopping)
    engine.step_of_stop = lambda: stopping.step
    async with trio.open_nursery() as nursery:
        setting.notifier.status("starting: the actors start")
        await nursery.start(engine.run)
        await carry_over(engine, halts)
        for task in setting.beside:
            nursery.start_soon(partial(task, engine, sources))
        nursery.start_soon(Stall(engine, sources).run)
        nursery.start_soon(_next_day, engine, setting.config.engine.environment, ending)
        entries = len(engine.plan.facts)
        goes_on = f", going on after {entries} facts" if entries else ""
        setting.on_phase(f"ready: run {engine.plan.run}{goes_on}")
        for complaint in sources.degraded:
            setting.on_phase(f"degraded: {complaint}")
        await ending.wanted.wait()
        document = await stop_run(engine, ending, stopping, setting)
        stopping.enter(BESIDE)
        nursery.cancel_scope.cancel()
    await stopping.do(CLOSE, partial(_in_thread, partial(_give_back, engine.plan.writer, [engine])))
    setting.on_phase("stopped")
    return {**document, "stop": {"reason": ending.reason, "unfinished": list(stopping.late)}}


async def stop_run(
    engine: LiveEngine, ending: Ending, stopping: Stopping, setting: Setting
) -> dict[str, Json]:
    """End a run in good order, up to its tree; returns its report, which is short if nobody could tell it."""
    documents: list[dict[str, Json]] = []
    setting.on_phase(f"stopping: {ending.reason}")
    if not ending.next_day:
        # Between two game days the service goes on; a manager that hears this would end it after a while.
        setting.notifier.stopping(f"stopping: {ending.reason}")

    async def entries() -> None:
        engine.close_ingress()

    async def orders() -> None:
        seen = await engine.ask(OBSERVER, Look(OVERVIEW))
        if isinstance(seen, Overview) and seen.open_orders:
            setting.on_phase(f"stopping: {seen.open_orders} orders rest, and are kept for the next start")

    async def run_end() -> None:
        engine.end_run(ending.reason)

    async def report() -> None:
        documents.append(await live_document(engine))

    await stopping.do(ENTRIES, entries)
    await stopping.do(ORDERS, orders)
    await stopping.do(RUN_END, run_end)
    calm = await stopping.do(DURABLE, engine.durable.wait_calm)
    engine.durable.close()
    await stopping.do(REPORT, report)
    await stopping.do(SEAL, partial(_in_thread, partial(_seal, engine, sealed=calm)))
    await stopping.do(TREE, engine.system.stop)
    if not calm:
        engine.durable.abandon()
    return documents[0] if documents else {"run": engine.plan.run}


def _seal(engine: LiveEngine, *, sealed: bool) -> None:
    """Close the recording. What was heard but did not become durable never happened: then nothing vouches."""
    if sealed:
        seal_recording(engine)
    else:
        engine.hearing.close()


def _give_back(writer: JournalWriter, engines: Sequence[LiveEngine]) -> None:
    """Close the database, unless a thread was left behind in it: the system does it when the process ends."""
    if not any(engine.durable.abandoned for engine in engines):
        writer.close()


async def _in_thread(work: Callable[[], object]) -> None:
    """Do what may block where it blocks nobody; if it takes too long, its thread is left behind."""
    await trio.to_thread.run_sync(work, abandon_on_cancel=True)


async def _next_day(engine: LiveEngine, environment: str, ending: Ending) -> None:
    """End the run when its game day is over and nothing of it is open any more."""
    await wait_for_next_day(engine, environment)
    ending.next_day = not ending.wanted.is_set()
    ending.want("the game day is over")


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
    break_seal(folder)
    write_config(folder, config, settings_digest(trading_settings(config)))
    return recorder
