"""The metrics page beside the engine: its figures, kept fresh, and what a taken port means.

Found by `tipoff.commands.run` by its name; `beside` gives the task. Trading goes on without the page: a port
that is taken is a complaint in `status`, and is tried again.
"""

from functools import partial
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

import structlog
import trio

from actors.runtime import LoopWatch
from tipoff.config.database import SQLITE, database_url
from tipoff.config.load import Config
from tipoff.live.engine import LiveEngine
from tipoff.metrics.collector import EngineSnapshots, ProcessCounters
from tipoff.metrics.exposition import Exposition
from tipoff.metrics.server import Health, PortTaken, serve_metrics
from tipoff.process.run import Beside
from tipoff.sources.clients import Sources

AGAIN_S: Final = 30.0
"""After so long a port that was taken is tried again."""

SURROUNDINGS: Final[ProcessCounters] = ProcessCounters()
"""What the process counts beside its engines: whoever counts reloads, log lines or messages says so here."""

_EXPOSITIONS: WeakKeyDictionary[LiveEngine, tuple[Exposition, EngineSnapshots]] = WeakKeyDictionary()


def beside(config: Config) -> Beside | None:
    """The task that serves the page; None where the configuration wants none."""
    if not config.metrics.enabled:
        return None

    async def serve(engine: LiveEngine, sources: Sources) -> None:
        exposition, figures = exposition_of(config, engine, sources)
        watch = SURROUNDINGS.watch = LoopWatch()
        trio.lowlevel.add_instrument(watch)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(figures.follow)
                await _serve(config, exposition, partial(_health, engine), sources)
        finally:
            SURROUNDINGS.port = None
            trio.lowlevel.remove_instrument(watch)

    return serve


def exposition_of(config: Config, engine: LiveEngine, sources: Sources) -> tuple[Exposition, EngineSnapshots]:
    """The one exposition of an engine, made when it is asked for first; the control socket shows it too."""
    found = _EXPOSITIONS.get(engine)
    if found is None:
        url = database_url(config, None)
        SURROUNDINGS.engine = config.engine.name
        SURROUNDINGS.environment = config.engine.environment
        SURROUNDINGS.folder = config.engine.state_directory
        SURROUNDINGS.database = Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None
        SURROUNDINGS.sources = sources.status
        SURROUNDINGS.complaints = sources.complaints
        SURROUNDINGS.clients = sources.clients
        figures = EngineSnapshots(engine, SURROUNDINGS)
        found = _EXPOSITIONS[engine] = Exposition(figures), figures
    return found


async def _serve(config: Config, exposition: Exposition, health: partial[Health], sources: Sources) -> None:
    while True:
        try:
            await serve_metrics(config.metrics, exposition, health, task_status=_Told())
        except PortTaken as error:
            complaint = str(error)
        SURROUNDINGS.port = 0
        structlog.get_logger().warning("metrics_not_served", why=complaint)
        sources.degraded.append(complaint)
        await trio.sleep(AGAIN_S)
        sources.degraded.remove(complaint)


class _Told:
    """Hears of the port as soon as it is listened on."""

    def started(self, value: int = 0) -> None:
        SURROUNDINGS.port = value


def _health(engine: LiveEngine) -> Health:
    return Health(ok=engine.phase == "running" and engine.running, state=engine.phase)
