"""`tipoff run`: the daemon.

Locks its directory, starts the engine, and ends it as signals or failures ask. Called by the command line. It
starts degraded and says so when keys are missing; a configuration that cannot be used ends it at once, with
all problems. Exit codes: 0 stopped in good order, 75 escalated (start me again), 70 an invariant is broken,
71 the stop was cut short, 78 the configuration.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import attrs
import trio

from actors.runtime import Escalated
from actors.runtime.children import StartFailed
from actors.runtime.system import EngineBroken
from engine.invariant import InvariantBroken
from persistence.errors import SchemaNewer, SchemaOlder, StorageError, StorageForeign, StorageReadOnly
from persistence.lock import DirectoryLock
from tipoff.commands.options import RunRequest
from tipoff.config.load import Config, load_or_template
from tipoff.config.problems import ConfigError
from tipoff.config.secret_files import file_problems
from tipoff.exit_codes import Exit
from tipoff.json_types import Json
from tipoff.live.engine import LiveEngine
from tipoff.output import Answer, Failure, progress
from tipoff.process.notifier import Notifier
from tipoff.process.run import SIGNALS, Beside, EndedEarly, Ending, Setting, run_live
from tipoff.process.shutdown import Stopping
from tipoff.process.signals import Loop, SignalHandler
from tipoff.reports.document import report_screen
from tipoff.runs.from_config import schema
from tipoff.services import SERVICES
from tipoff.sources.clients import Credentials


def run_daemon(request: RunRequest) -> Answer:
    """Run until a signal ends it. Raises ConfigError, Failure or InvariantBroken."""
    config = load_or_template(request.config, schema())
    problems = list(file_problems(config))
    if problems:
        raise ConfigError(str(request.config or "engine.toml"), problems)
    setting = Setting(
        config=config,
        access=Credentials.named_in(config),
        beside=tuple(neighbours(config)),
        notifier=Notifier(),
    )
    try:
        document = run_setting(setting)
    except EndedEarly as early:
        return Answer({"run": None, "stop": {"reason": str(early), "unfinished": []}}, str(early))
    return Answer(document, report_screen(document), _exit_of(document))


def _exit_of(document: Mapping[str, Json]) -> Exit:
    stop = document.get("stop")
    return Exit.CUT_SHORT if isinstance(stop, Mapping) and stop.get("unfinished") else Exit.OK


def run_setting(setting: Setting) -> dict[str, Json]:
    """Lock the state directory and run until a signal ends it; returns the last run's report.

    Raises EndedEarly, and Failure or InvariantBroken, as `run_daemon` does.
    """
    directory, desk = setting.config.engine.state_directory, SignalHandler()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with desk.listening(), DirectoryLock(directory):
            return _until_the_end(setting, desk)
    except StorageError as error:
        raise Failure(f"storage_{error.kind}", str(error), exit_code=exit_of(error)) from error


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


def neighbours(config: Config) -> Iterator[Beside]:
    """Who stands beside the engine: what each service gives for this configuration."""
    for give in SERVICES:
        task = give(config)
        if task is not None:
            yield task


def _until_the_end(setting: Setting, desk: SignalHandler) -> dict[str, Json]:
    """One run after the other, an evening each, until somebody ends it."""
    try:
        while True:
            ending = Ending()
            document = trio.run(_watched, setting, ending, desk)
            if not ending.next_day:
                return document
            if _exit_of(document) is not Exit.OK:
                message = "the game day's run did not stop in good order; start me again for the next"
                raise Failure("escalated", message, exit_code=Exit.ESCALATED)
    except BaseExceptionGroup as group:
        raise in_our_words(group) from group
    except (Escalated, StartFailed, EngineBroken) as error:
        raise in_our_words(error) from error


async def _watched(setting: Setting, ending: Ending, desk: SignalHandler) -> dict[str, Json]:
    """A run under the eyes of the signals: the first asks it to end, the second does not wait for it."""
    met: list[tuple[LiveEngine, Stopping]] = []
    with trio.CancelScope() as scope:
        loop = Loop(
            token=trio.lowlevel.current_trio_token(),
            want=ending.want,
            cut=scope.cancel,
            reload=partial(_call, "SIGHUP", lambda: SIGNALS.reload),
            dump=partial(_call, "SIGUSR1", lambda: SIGNALS.dump),
            stuck=lambda: _stuck(*met[-1]) if met else "the start did not end",
        )
        with desk.serving(loop):
            return await run_live(attrs.evolve(setting, meet=lambda *both: met.append(both)), ending)
    message = "ended at once by a second signal; the journal is whole, the recording is cut off"
    raise Failure("cut_short", message, exit_code=Exit.CUT_SHORT)


def _call(name: str, hook: Callable[[], Callable[[], None] | None]) -> None:
    act = hook()
    if act is None:
        progress(f"{name}: nobody listens to it")
    else:
        act()


def _stuck(engine: LiveEngine, stopping: Stopping) -> str:
    """What a run hangs in. Called by another thread."""
    busy, step = engine.system.busy_with(), stopping.step
    words = f"the step {step!r} of the stop did not end" if step else "the stop did not begin"
    return f"{words}; {busy[0] or 'the loop'} has been at work for {busy[1] / 1e9:.1f} s" if busy else words


def in_our_words(error: BaseException) -> Exception:
    """What ended the engine, for the exit code: a broken invariant goes before everything."""
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
