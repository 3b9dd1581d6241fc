"""A run against the simulated venues over real sockets: with keys, without them, and with nobody there."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import pytest
import trio

from daemon.config import Config, load
from daemon.evening_clock import EveningClock
from daemon.live import LiveEngine
from daemon.live_run import Ending, Setting, run_live
from daemon.output import Json
from daemon.run import access_of
from daemon.seal import read_seal
from daemon.simulate import write_keys
from daemon.sources import Access, Sources
from daemon.status import board, complaints
from daemon.trading import schema
from engine.events import Trust
from venues.recording import read
from venues.simulator.service import ServiceSettings, Simulator, serve
from venues.simulator.settings import EveningSettings

SPEED = 20.0
SECONDS_MAX = 20.0
SERVED = ServiceSettings(
    evening=EveningSettings(games=2, rungs=2, pregame_minutes=10, postponed=False, cancelled=False),
    speed=SPEED,
    held=True,
    limited=False,
)


@attrs.frozen
class Scene:
    """A run beside simulated venues, and what it says."""

    engine: LiveEngine
    sources: Sources
    simulator: Simulator
    folder: Path
    said: list[str]

    async def until(self, so: Callable[[], bool]) -> None:
        """Wait until something is so."""
        with trio.fail_after(SECONDS_MAX):
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
    folder: Path, config: Config, access: Access, simulator: Simulator
) -> AsyncGenerator[Scene]:
    """A run in its own nursery, ended in good order at the end."""
    met: list[tuple[LiveEngine, Sources]] = []
    here, ending, said = trio.Event(), Ending(), list[str]()

    async def meet(engine: LiveEngine, sources: Sources) -> None:
        met.append((engine, sources))
        here.set()
        await trio.sleep_forever()

    def clock() -> EveningClock:
        simulator.pace.begin()
        return EveningClock(simulator.pace.now(), SPEED)

    documents: list[dict[str, Json]] = []
    setting = Setting(config=config, access=access, clock=clock, beside=(meet,), on_phase=said.append)

    async def live() -> None:
        documents.append(await run_live(setting, ending))

    config.engine.state_directory.mkdir(exist_ok=True)
    with trio.fail_after(3 * SECONDS_MAX):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(live)
            await here.wait()
            yield Scene(*met[0], simulator, folder, said)
            ending.want("end of test")
    assert documents[0]["actors"] == {"restarts": 0, "dead_letters": 0}
    assert said[-1] == "stopped"


@pytest.fixture
async def simulator(nursery: trio.Nursery) -> Simulator:
    """The simulated venues, whose time begins with the run."""
    served: Simulator = await nursery.start(serve, SERVED)
    return served


@pytest.fixture
def config(simulator: Simulator, tmp_path: Path) -> Config:
    """The configuration that `tipoff simulate` writes."""
    return load(write_keys(simulator, tmp_path), schema())


async def test_with_keys_it_streams_books_and_hears_scores_and_odds(
    simulator: Simulator, config: Config, tmp_path: Path
) -> None:
    async with running(tmp_path, config, access_of(config), simulator) as scene:
        heard = scene.engine.hearing.status
        await scene.until(lambda: heard.by_source["kalshi.ws"] > 100)
        await scene.until(lambda: heard.by_source["balldontlie"] > 5)
        await scene.until_books()
        assert complaints(scene.engine, scene.sources) == []
        seen = board(scene.engine, scene.sources)
        assert seen["phase"] == "running"
        assert set(seen["polls"]) == {  # type: ignore[arg-type]
            "markets", "exchange", "fees", "games", "box_scores", "odds", "opening_odds",
        }  # fmt: skip
        assert all(game.known and game.known.matched for game in (await scene.engine.games()).values())
        run = scene.engine.plan.run
    folder = config.engine.state_directory / "recordings" / run
    assert read_seal(folder) is not None
    assert {line.source for line in read(folder)} >= {"kalshi.ws", "kalshi.rest", "balldontlie", "journal"}


async def test_without_keys_it_polls_and_says_so(
    simulator: Simulator, config: Config, tmp_path: Path
) -> None:
    async with running(tmp_path, config, Access(), simulator) as scene:
        await scene.until(lambda: "polled" in " ".join(complaints(scene.engine, scene.sources)))
        heard = scene.engine.hearing.status
        await scene.until(lambda: heard.by_source["kalshi.rest"] > 12)
        await scene.until_books()
        assert heard.by_source["kalshi.ws"] == heard.by_source["balldontlie"] == 0
        said = " ".join(complaints(scene.engine, scene.sources))
        assert "balldontlie has no key" in said
        assert any(words.startswith("degraded: ") for words in scene.said)


async def test_with_nobody_there_it_stays_up_says_so_and_recovers_by_itself(
    simulator: Simulator, config: Config, tmp_path: Path
) -> None:
    simulator.faults.change({"silent": True, "refuse": True, "cut": 3, "http_500": 2})
    async with running(tmp_path, config, access_of(config), simulator) as scene:
        await scene.until(
            lambda: "stream is not connected" in " ".join(complaints(scene.engine, scene.sources))
        )
        simulator.faults.clear()
        await scene.until(lambda: scene.engine.hearing.status.by_source["kalshi.ws"] > 20)
        assert scene.engine.system.lives.restarts == 0
