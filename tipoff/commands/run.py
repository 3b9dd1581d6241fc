"""`tipoff run`: the daemon.

Locks its directory, starts the engine, and ends it as signals or failures ask. Called by the command line. It
starts degraded and says so when keys are missing; a configuration that cannot be used ends it at once, with
all problems. Exit codes: 0 stopped in good order, 75 escalated (start me again), 70 an invariant is broken,
71 the stop was cut short, 78 the configuration.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias

import attrs
import trio

from actors.runtime import EngineBroken, Escalated, StartFailed
from engine.invariant import InvariantBroken
from persistence.errors import SchemaNewer, SchemaOlder, StorageError, StorageForeign, StorageReadOnly
from persistence.lock import DirectoryLock
from tipoff.commands.options import RunRequest
from tipoff.config.load import load_or_template
from tipoff.config.problems import ConfigError
from tipoff.dashboard.token_files import forget_tokens
from tipoff.exit_codes import Exit
from tipoff.json_types import Json
from tipoff.live.engine import LiveEngine
from tipoff.logs.structured import phase_teller
from tipoff.output import Answer, Failure
from tipoff.process.context import RunDependencies, StoppedBeforeStart, StopRequest
from tipoff.process.notifier import Notifier
from tipoff.process.run import run_live
from tipoff.process.shutdown import Shutdown
from tipoff.process.signals import Loop, SignalHandler
from tipoff.process.start_problems import start_problems
from tipoff.reports.document import report_screen
from tipoff.runs.from_config import schema
from tipoff.services import SERVICES
from tipoff.sources.clients import Credentials

Surroundings: TypeAlias = Callable[
    [RunDependencies, StopRequest], AbstractAsyncContextManager[RunDependencies]
]
"""What is there around a run: the real venues need nothing, simulated ones are served meanwhile."""


def run_daemon(request: RunRequest) -> Answer:
    """Run until a signal ends it. Raises ConfigError, Failure or InvariantBroken."""
    config = load_or_template(request.config, schema())
    problems = start_problems(config)
    if problems:
        raise ConfigError(str(request.config or "engine.toml"), problems)
    dependencies = RunDependencies(
        config=config,
        credentials=Credentials.named_in(config),
        services=SERVICES,
        notifier=Notifier(),
        on_phase=phase_teller(config.logging),
    )
    try:
        document = run_until_signal(dependencies)
    except StoppedBeforeStart as stopped:
        return Answer({"run": None, "stop": {"reason": str(stopped), "unfinished": []}}, str(stopped))
    return Answer(document, report_screen(document), _exit_of(document))


def _exit_of(document: Mapping[str, Json]) -> Exit:
    stop = document.get("stop")
    return Exit.CUT_SHORT if isinstance(stop, Mapping) and stop.get("unfinished") else Exit.OK


@asynccontextmanager
async def _as_they_are(dependencies: RunDependencies, _stop: StopRequest) -> AsyncGenerator[RunDependencies]:
    yield dependencies


def run_until_signal(
    dependencies: RunDependencies, surroundings: Surroundings = _as_they_are
) -> dict[str, Json]:
    """Lock the state directory and run until a signal ends it; returns the last run's report.

    `surroundings` are entered around each run, in its loop, and say what it really depends on. Raises
    StoppedBeforeStart, and Failure or InvariantBroken, as `run_daemon` does.
    """
    directory, handler = dependencies.config.engine.state_directory, SignalHandler()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with handler.listening(), DirectoryLock(directory):
            document = _until_the_end(dependencies, handler, surroundings)
    except StorageError as error:
        raise Failure(f"storage_{error.kind}", str(error), exit_code=exit_of(error)) from error
    # After a crash they stay, so that a page that is open comes back by itself.
    forget_tokens(directory)
    return document


def exit_of(error: StorageError) -> Exit:
    """How storage that cannot be used ends the daemon: may starting again help, or must a person look?

    What is damaged, lost or contradicts itself is a broken invariant; the wrong database, or one that may not
    be written, is a fault of the configuration. The service manager starts neither again.
    """
    match error:
        case StorageForeign() | SchemaNewer() | SchemaOlder() | StorageReadOnly():
            return Exit.CONFIG
        case _ if error.lasting:
            return Exit.INVARIANT_BROKEN
        case _:
            return Exit.FAILED


def _until_the_end(
    dependencies: RunDependencies, handler: SignalHandler, surroundings: Surroundings
) -> dict[str, Json]:
    """One run after the other, an evening each, until somebody ends it."""
    try:
        while True:
            stop = StopRequest()
            document = trio.run(_run_under_signals, dependencies, stop, handler, surroundings)
            if not stop.next_day:
                return document
            # Another run here would begin over what this one left undone; a new process begins clean.
            if _exit_of(document) is not Exit.OK:
                message = "the game day's run did not stop in good order; start me again for the next"
                raise Failure("escalated", message, exit_code=Exit.ESCALATED)
    except BaseExceptionGroup as group:
        raise in_our_words(group) from group
    except (Escalated, StartFailed, EngineBroken) as error:
        raise in_our_words(error) from error


async def _run_under_signals(
    dependencies: RunDependencies, stop: StopRequest, handler: SignalHandler, surroundings: Surroundings
) -> dict[str, Json]:
    """A run under the eyes of the signals: the first asks it to end, the second does not wait for it."""
    running: list[tuple[LiveEngine, Shutdown]] = []
    signals, say = dependencies.signals, dependencies.on_phase
    with trio.CancelScope() as scope:
        loop = Loop(
            token=trio.lowlevel.current_trio_token(),
            stop=stop.request,
            cut=scope.cancel,
            reload=lambda: _call("SIGHUP", signals.reload, say),
            dump=lambda: _call("SIGUSR1", signals.dump, say),
            stuck=lambda: _stuck(*running[-1]) if running else "the start did not end",
        )
        with handler.serving(loop):
            async with surroundings(dependencies, stop) as chosen:

                def on_engine(engine: LiveEngine, shutdown: Shutdown) -> None:
                    running.append((engine, shutdown))
                    chosen.on_engine(engine, shutdown)

                return await run_live(attrs.evolve(chosen, on_engine=on_engine), stop)
    message = "ended at once by a second signal; the journal is whole, the recording is cut off"
    raise Failure("cut_short", message, exit_code=Exit.CUT_SHORT)


def _call(name: str, action: Callable[[], None] | None, say: Callable[[str], None]) -> None:
    if action is None:
        say(f"{name}: nobody listens to it")
    else:
        action()


def _stuck(engine: LiveEngine, shutdown: Shutdown) -> str:
    """What a run hangs in. Called by another thread."""
    busy, step = engine.system.busy_with(), shutdown.step
    words = f"the step {step!r} of the stop did not end" if step else "the stop did not begin"
    return f"{words}; {busy[0] or 'the loop'} has been at work for {busy[1] / 1e9:.1f} s" if busy else words


def in_our_words(error: BaseException) -> Exception:
    """What ended the engine, for the exit code: a broken invariant goes before everything."""
    # Several may have failed at once; what starting again cannot mend decides the exit code.
    for kind in (InvariantBroken, EngineBroken, StartFailed, Escalated, StorageError, KeyboardInterrupt):
        found = _first(error, kind)
        match found:
            case InvariantBroken():
                return found
            case EngineBroken():
                return Failure("engine_broken", str(found), exit_code=Exit.INVARIANT_BROKEN)
            case StartFailed() | Escalated():
                return Failure("escalated", str(found), exit_code=Exit.ESCALATED)
            case StorageError():
                return found
            case None:
                continue
            case _:
                return Failure("interrupted", "interrupted", exit_code=Exit.INTERRUPTED)
    return error if isinstance(error, Exception) else Failure("interrupted", str(error))


def _first(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            found = _first(inner, kind)
            if found is not None:
                return found
        return None
    return error if isinstance(error, kind) else None
