"""A run of the daemon beside simulated venues, on real sockets: what the tests of live sources share."""

import gc
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import trio

from engine.events import Trust
from tipoff.config.load import Config
from tipoff.json_types import Json
from tipoff.live.clock import EveningClock
from tipoff.live.engine import LiveEngine
from tipoff.process.context import RunContext, RunDependencies, StopRequest
from tipoff.process.run import run_live
from tipoff.sources.clients import Credentials, Sources
from venues.simulator.service import ServiceSettings, Simulator
from venues.simulator.world.settings import EveningSettings

SPEED = 20.0
SECONDS_MAX = 20.0
RUN_SECONDS_MAX = 150.0
SERVED = ServiceSettings(
    evening=EveningSettings(games=2, rungs=2, pregame_minutes=10, postponed=False, cancelled=False),
    speed=SPEED,
    held=True,
    limited=False,
)


@attrs.frozen
class Scene:
    """A run beside simulated venues, and what it says."""

    context: RunContext
    simulator: Simulator
    folder: Path
    said: list[str]

    @property
    def engine(self) -> LiveEngine:
        """What trades."""
        return self.context.engine

    @property
    def sources(self) -> Sources:
        """Where its inputs come from."""
        return self.context.sources

    async def until(self, so: Callable[[], bool], seconds: float = SECONDS_MAX) -> None:
        """Wait until something is so."""
        with trio.fail_after(seconds):
            while not so():  # noqa: ASYNC110 - whatever it is, nothing tells of it
                await trio.sleep(0.02)

    async def until_books(self) -> None:
        """Wait until every market of both games has a book that is trusted, or is paused by the venue."""
        with trio.fail_after(SECONDS_MAX):
            while not await self._trusted():  # noqa: ASYNC110 - nothing tells of it
                await trio.sleep(0.1)

    async def _trusted(self) -> bool:
        games = (await self.engine.games()).values()
        books = [market.book for game in games for market in game.markets.values()]
        good = {Trust.TRUSTED, Trust.PAUSED}
        return len(games) == 2 and all(book.snapshots and book.trust in good for book in books)


@asynccontextmanager
async def running(
    folder: Path, config: Config, credentials: Credentials, simulator: Simulator, speed: float = SPEED
) -> AsyncGenerator[Scene]:
    """A run in its own nursery, ended in good order at the end."""
    contexts: list[RunContext] = []
    here, stop, said = trio.Event(), StopRequest(), list[str]()

    async def service(context: RunContext) -> None:
        contexts.append(context)
        here.set()
        await trio.sleep_forever()

    def clock() -> EveningClock:
        simulator.clock.begin()
        return EveningClock(simulator.clock.now(), speed)

    documents: list[dict[str, Json]] = []
    dependencies = RunDependencies(
        config=config, credentials=credentials, clock=clock, services=(service,), on_phase=said.append
    )

    async def live() -> None:
        documents.append(await run_live(dependencies, stop))

    config.engine.state_directory.mkdir(exist_ok=True)
    gc.unfreeze()
    with trio.fail_after(RUN_SECONDS_MAX):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(live)
            await here.wait()
            assert gc.get_freeze_count() > 0, "a full collection would hold the loop"
            yield Scene(contexts[0], simulator, folder, said)
            stop.request("end of test")
    assert documents[0]["actors"] == {"restarts": 0, "dead_letters": 0, "failed": []}
    assert said[-1] == "stopped"
