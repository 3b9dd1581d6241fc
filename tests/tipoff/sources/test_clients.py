"""A run against the simulated venues over real sockets: with keys, without them, and with nobody there.

Covers: tipoff.process.status, tipoff.sources.bundled.balldontlie.connection,
tipoff.sources.bundled.balldontlie.polls, tipoff.sources.bundled.balldontlie.source, tipoff.sources.edges,
tipoff.sources.bundled.kalshi.connection, tipoff.sources.bundled.kalshi.source.
"""

import json
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median
from types import ModuleType

import attrs
import pytest
import trio

from actors.addresses import FEED_EDGE
from actors.messages import TradesWanted
from engine.units import NANOS_PER_MILLISECOND, NANOS_PER_SECOND, Nanos
from engine.venue_facts import BlindnessBegan
from persistence.queries import Reader
from tests.tipoff.live_scene import SERVED, Scene, running
from tipoff.commands.simulate import write_keys
from tipoff.config.load import Config, load
from tipoff.process.status import health_issues
from tipoff.runs.from_config import schema
from tipoff.runs.recording_digest import read_digest
from tipoff.sources.bundled.kalshi.section import KalshiSection
from tipoff.sources.clients import Credentials
from venues.balldontlie import parse as balldontlie_parse
from venues.kalshi import answers
from venues.recordings.recorder import Line, read
from venues.simulator.service import Simulator, serve


@pytest.fixture
async def simulator(nursery: trio.Nursery) -> Simulator:
    """The simulated venues, whose time begins with the run."""
    served: Simulator = await nursery.start(serve, SERVED)
    return served


@pytest.fixture
def config(simulator: Simulator, tmp_path: Path) -> Config:
    """The configuration that `tipoff simulate` writes."""
    return load(write_keys(simulator, tmp_path), schema())


def issues(scene: Scene) -> str:
    """What does not work, in words."""
    return " ".join(issue.text for issue in health_issues(scene.engine, scene.sources))


@pytest.mark.fault("A23")
async def test_with_keys_it_streams_books_and_hears_scores_and_odds(
    simulator: Simulator, config: Config, tmp_path: Path
) -> None:
    async with running(tmp_path, config, Credentials.named_in(config), simulator) as scene:
        heard = scene.engine.ingress.status
        await scene.until(lambda: heard.by_source["kalshi.ws"] > 100)
        await scene.until(lambda: heard.by_source["balldontlie"] > 5)
        await scene.until_books()
        assert health_issues(scene.engine, scene.sources) == []
        assert scene.engine.phase == "running"
        stream = scene.sources.status()["stream"]
        assert isinstance(stream, dict)
        assert isinstance(stream["lag_s"], float)
        assert set(scene.sources.status()["polls"]) == {  # type: ignore[arg-type]
            "markets", "exchange", "fees", "live_data", "games", "box_scores", "odds", "opening_odds",
        }  # fmt: skip
        assert all(game.known and game.known.matched for game in (await scene.engine.games()).values())
        run = scene.engine.plan.run
    folder = config.engine.state_directory / "recordings" / run
    assert read_digest(folder) is not None
    assert {line.source for line in read(folder)} >= {"kalshi.ws", "kalshi.rest", "balldontlie", "journal"}


async def test_without_keys_it_polls_and_says_so(
    simulator: Simulator, config: Config, tmp_path: Path
) -> None:
    async with running(tmp_path, config, Credentials(), simulator) as scene:
        await scene.until(lambda: "polled" in issues(scene))
        heard = scene.engine.ingress.status
        await scene.until(lambda: heard.by_source["kalshi.rest"] > 12)
        await scene.until_books()
        assert heard.by_source["kalshi.ws"] == heard.by_source["balldontlie"] == 0
        said = issues(scene)
        assert "balldontlie has no key" in said
        assert any(words.startswith("degraded: ") for words in scene.said)


@pytest.mark.fault("A1")
async def test_with_nobody_there_it_stays_up_says_so_and_recovers_by_itself(
    simulator: Simulator, config: Config, tmp_path: Path
) -> None:
    simulator.faults.change({"silent": True, "refuse": True, "cut": 3, "http_500": 2})
    async with running(tmp_path, config, Credentials.named_in(config), simulator) as scene:
        await scene.until(lambda: "stream is not connected" in issues(scene))
        simulator.faults.clear()
        await scene.until(lambda: scene.engine.ingress.status.by_source["kalshi.ws"] > 20)
        assert scene.engine.system.lives.restarts == 0


@pytest.mark.promise("trades-gap-fetched-once")
@pytest.mark.parametrize("keyed", [True, False])
async def test_the_trades_of_a_gap_are_fetched_once_and_only_where_the_exchange_wishes_for_them(
    simulator: Simulator, config: Config, tmp_path: Path, *, keyed: bool
) -> None:
    access = Credentials.named_in(config) if keyed else Credentials()
    async with running(tmp_path, config, access, simulator) as scene:
        await scene.until_books()
        if keyed:
            simulator.faults.change({"skip_seq": 1})
            await scene.until(lambda: gaps(scene) > 0)
        listed = next(iter((await scene.engine.listing()).values()))
        now = Nanos(scene.engine.now)
        wish = TradesWanted(listed.tickers[0], Nanos(now - NANOS_PER_SECOND), now)
        scene.engine.system.put(FEED_EDGE, wish)
        await scene.until(lambda: wish.ticker in recovered(scene))
        fetched, run = recovered(scene), scene.engine.plan.run
    with Reader.open(f"sqlite:///{config.engine.state_directory / 'tipoff.db'}", run) as reader:
        wished = Counter(each.fact.ticker for each in reader.facts((BlindnessBegan,)))  # type: ignore[union-attr]
    wished[wish.ticker] += 1
    assert all(count <= wished[ticker] for ticker, count in fetched.items())


async def test_every_body_is_parsed_once(
    simulator: Simulator, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: Counter[str] = Counter()

    def counted(source: str, module: ModuleType) -> None:
        reader_of: Callable[[str], object] = module._reader_of

        def count(path: str) -> object:
            parsed[source] += 1
            return reader_of(path)

        monkeypatch.setattr(module, "_reader_of", count)

    # Whoever parses a body looks its reader up by the path, once.
    counted("kalshi.rest", answers)
    counted("balldontlie", balldontlie_parse)
    async with running(tmp_path, config, Credentials.named_in(config), simulator) as scene:
        await scene.until(lambda: {"games", "box_scores", "odds", "markets", "live_data"} <= polled(scene))
        run = scene.engine.plan.run
    recording = config.engine.state_directory / "recordings" / run
    heard = Counter(line.source for line in read(recording) if line.source in ("kalshi.rest", "balldontlie"))
    assert heard["kalshi.rest"] > 5
    assert heard["balldontlie"] >= 3
    assert parsed == heard


def polled(scene: Scene) -> set[str]:
    """The polls that have been answered."""
    polls = scene.sources.status()["polls"]
    assert isinstance(polls, dict)
    return {name for name, status in polls.items() if isinstance(status, dict) and status["polls"]}


async def test_without_a_key_books_are_polled_as_often_as_configured(
    simulator: Simulator, config: Config, tmp_path: Path
) -> None:
    every_ms = 4_000
    slower = config.with_sources(
        attrs.evolve(config.section(KalshiSection), poll_ms=every_ms, reads_per_second_keyless=20.0)
    )
    async with running(tmp_path, slower, Credentials(), simulator) as scene:
        await scene.until(lambda: len(moments(scene, "/markets/orderbooks")) > 8)
        polled = moments(scene, "/markets/orderbooks")
    pauses = [(after - before) / NANOS_PER_MILLISECOND for before, after in pairwise(polled)]
    # An answer takes its time, so two of them may come nearer to one another than they were asked for.
    assert 0.7 * every_ms < median(pauses) < 4 * every_ms


def gaps(scene: Scene) -> int:
    """How many gaps the stream has seen."""
    stream = scene.sources.status()["stream"]
    assert isinstance(stream, dict)
    return int(str(stream["gaps"]))


def lines(scene: Scene) -> list[Line]:
    """What was recorded so far."""
    recorder = scene.engine.plan.recorder
    assert recorder is not None
    scene.engine.ingress.flush()
    return list(read(recorder.folder))


def recovered(scene: Scene) -> Counter[str]:
    """The markets whose trades were fetched, and how often."""
    return Counter(json.loads(line.body)["ticker"] for line in lines(scene) if line.what == "recovered")


def moments(scene: Scene, path: str) -> list[int]:
    """When answers of a path came."""
    return [line.at for line in lines(scene) if line.what.startswith(path)]
