"""`tipoff demo --live`: the simulated evening played by the daemon, to be watched and operated meanwhile.

Called by the command line. Venues and daemon are one process; what looks at it (`tipoff top`, `watch`, a
browser, Prometheus) and what acts on it are those of `tipoff run`. The evening is the same at any hour of the
day, in its own time, and its first game begins within a minute.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

import attrs
import trio

from engine.calendar import eastern
from engine.units import NANOS_PER_SECOND, Nanos
from tipoff.commands.demo import believing, credentials_of, demo_folder, pointed_at, settled
from tipoff.commands.options import DemoRequest
from tipoff.commands.run import run_until_signal
from tipoff.config.load import Config, template
from tipoff.exit_codes import Exit
from tipoff.live.clock import EveningClock
from tipoff.live.engine import LiveEngine
from tipoff.logs.structured import phase_teller
from tipoff.output import Answer, Failure
from tipoff.process.context import RunDependencies, StopRequest
from tipoff.process.shutdown import Shutdown
from tipoff.reports.document import report_screen
from tipoff.runs.from_config import schema
from tipoff.services import SERVICES, notifications, systemd
from tipoff.sources.clients import Credentials
from venues.simulator.service import ServiceSettings, Simulator, serve
from venues.simulator.world.settings import EveningSettings

FIRST_TIP_SECONDS: Final = 45
"""So long after its beginning the first game begins, in seconds of ours; the venues start in the rest of a
minute.
"""

PREGAME_MINUTES_MAX: Final = 30
"""A fast evening does not begin earlier than this before its first game."""

BESIDE: Final = tuple(each for each in SERVICES if each not in (notifications.run, systemd.run))
"""A demo writes to nobody, and no service manager waits for it."""


def run_live_demo(request: DemoRequest) -> Answer:
    """Play the evening until it is over or somebody ends it, then report."""
    if request.speed == 0:
        message = "--live plays an evening that can be watched: name a --speed above 0, or leave it out"
        raise Failure("usage", message, exit_code=Exit.USAGE)
    # The defaults, whatever stands in an engine.toml here: its database, keys and messages are a daemon's.
    config = template(schema())
    say = phase_teller(config.logging)
    config = believing(config, say)
    with demo_folder(request.keep) as folder:
        engine = attrs.evolve(config.engine, state_directory=folder.absolute())
        dependencies = RunDependencies(
            config=attrs.evolve(config, engine=engine),
            credentials=Credentials({}),
            services=BESIDE,
            on_phase=say,
        )
        document = run_until_signal(dependencies, partial(_among_venues, request, folder))
    return Answer(document, report_screen(document))


def evening_of(request: DemoRequest) -> EveningSettings:
    """The evening of the seed, its first game `FIRST_TIP_SECONDS` of ours after its beginning, or a minute of
    its own.
    """
    minutes = round(FIRST_TIP_SECONDS * request.speed / 60)
    return EveningSettings(
        seed=request.seed,
        games=request.games,
        pregame_minutes=min(max(minutes, 1), PREGAME_MINUTES_MAX),
        tip_delay_minutes=(0, 0),
    )


@asynccontextmanager
async def _among_venues(
    request: DemoRequest, folder: Path, dependencies: RunDependencies, stop: StopRequest
) -> AsyncGenerator[RunDependencies]:
    """The daemon's dependencies with the simulated venues and their time, which are served meanwhile."""
    evening = evening_of(request)
    service = ServiceSettings(evening=evening, speed=request.speed, held=True, limited=False)
    async with trio.open_nursery() as nursery:
        simulator: Simulator = await nursery.start(serve, service)
        config = pointed_at(dependencies.config, simulator, request.seed)
        for line in hints(config, evening, request.speed):
            dependencies.on_phase(line)

        def begun() -> EveningClock:
            simulator.clock.begin()
            return EveningClock(simulator.clock.now(), request.speed)

        def on_engine(engine: LiveEngine, _shutdown: Shutdown) -> None:
            nursery.start_soon(_end, simulator, engine, stop)

        yield attrs.evolve(
            dependencies,
            config=config,
            credentials=credentials_of(simulator, folder),
            clock=begun,
            on_engine=on_engine,
        )
        nursery.cancel_scope.cancel()


async def _end(simulator: Simulator, engine: LiveEngine, stop: StopRequest) -> None:
    await simulator.live.over.wait()
    await settled(engine)
    stop.request("the evening is over")


def hints(config: Config, evening: EveningSettings, speed: float) -> list[str]:
    """When it begins, and how one looks at it."""
    begins = eastern(Nanos(evening.starts_at)).strftime("%H:%M")
    tip_s = (evening.tip_at(0) - evening.starts_at) / NANOS_PER_SECOND / speed
    socket = config.engine.state_directory / config.control.socket
    lines = [
        f"the evening begins at {begins} in New York, {speed:g} of its seconds in one of ours",
        f"the first game begins in {tip_s:.0f} s",
        f"look at it: tipoff top --socket {socket}",
        f"as lines:   tipoff watch --socket {socket}",
    ]
    if config.metrics.enabled:
        lines.append(f"metrics:    http://{config.metrics.host}:{config.metrics.port}/metrics")
    return [*lines, "Ctrl-C ends it and prints the report"]
