"""`tipoff run`: the daemon. Locks its directory, starts the engine, and ends it as signals or failures ask.

Called by the command line. It starts degraded and says so when keys are missing; a configuration that cannot
be used ends it at once, with all problems. Exit codes: 0 stopped in good order, 75 escalated (start me
again), 70 an invariant is broken, 78 the configuration.
"""

import signal
from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

import trio

import daemon
from actors.runtime import Escalated
from actors.runtime.children import StartFailed
from actors.runtime.system import EngineBroken
from daemon.config import Config, load_or_template
from daemon.config_files import file_problems, secret_path
from daemon.config_problems import ConfigError, Problem
from daemon.exits import Exit
from daemon.live_run import SIGNALS, Beside, Ending, Setting, run_live
from daemon.output import Answer, Failure, Json, progress
from daemon.report import report_screen
from daemon.requests import RunRequest
from daemon.sources import Access
from daemon.trading import schema
from engine.invariant import InvariantBroken
from persistence.errors import StorageError
from persistence.lock import DirectoryLock
from venues.errors import KeyUnusable
from venues.kalshi.auth import read_signer

BESIDE: Final = "beside_"
ENDS: Final = (signal.SIGTERM, signal.SIGINT)


def run_daemon(request: RunRequest) -> Answer:
    """Run until a signal ends it. Raises ConfigError, Failure or InvariantBroken."""
    config = load_or_template(request.config, schema())
    problems = list(file_problems(config))
    if problems:
        raise ConfigError(str(request.config or "engine.toml"), problems)
    access = access_of(config)
    try:
        config.engine.state_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with DirectoryLock(config.engine.state_directory):
            setting = Setting(config=config, access=access, beside=tuple(neighbours(config)))
            document = _until_the_end(setting)
    except StorageError as error:
        raise Failure(f"storage_{error.kind}", str(error)) from error
    return Answer(document, report_screen(document))


def access_of(config: Config) -> Access:
    """The keys that the configuration names. Raises ConfigError for one that cannot be used."""
    kalshi, key_file = config.kalshi, config.balldontlie.key_file
    try:
        signer = (
            read_signer(kalshi.key_id, secret_path(kalshi.private_key_file))
            if kalshi.key_id and kalshi.private_key_file
            else None
        )
    except KeyUnusable as error:
        raise ConfigError("engine.toml", [Problem("kalshi.private_key_file", 0, str(error))]) from error
    key = secret_path(key_file).read_text("utf-8").strip() if key_file else ""
    return Access(signer=signer, balldontlie_key=key)


def neighbours(config: Config) -> Iterator[Beside]:
    """Who stands beside the engine: what each module `beside_…` of this package gives."""
    for name in sorted(module.name for module in iter_modules(daemon.__path__)):
        if name.startswith(BESIDE):
            give = getattr(import_module(f"daemon.{name}"), "beside", None)
            task = None if give is None else give(config)
            if task is not None:
                yield task


def _until_the_end(setting: Setting) -> dict[str, Json]:
    """One run after the other, an evening each, until somebody ends it."""
    try:
        while True:
            ending = Ending()
            document = trio.run(_watched, setting, ending)
            if not ending.next_day:
                return document
    except BaseExceptionGroup as group:
        raise in_our_words(group) from group
    except (Escalated, StartFailed, EngineBroken) as error:
        raise in_our_words(error) from error


async def _watched(setting: Setting, ending: Ending) -> dict[str, Json]:
    """A run under the eyes of the signals: the first asks it to end, the second does not wait for it."""
    with trio.open_signal_receiver(*ENDS, signal.SIGHUP, signal.SIGUSR1) as received:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_listen, received, ending, nursery.cancel_scope)
            document = await run_live(setting, ending)
            nursery.cancel_scope.cancel()
            return document
    raise Failure(
        "killed", "ended at once by a second signal; the journal is whole, the recording is cut off"
    )


async def _listen(received: AsyncIterator[int], ending: Ending, scope: trio.CancelScope) -> None:
    async for number in received:
        if number in ENDS:
            if ending.wanted.is_set():
                scope.cancel()
                return
            ending.want(f"stopped by {signal.Signals(number).name}")
            continue
        hook = SIGNALS.reload if number == signal.SIGHUP else SIGNALS.dump
        if hook is None:
            progress(f"{signal.Signals(number).name}: nobody listens to it")
        else:
            hook()


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
