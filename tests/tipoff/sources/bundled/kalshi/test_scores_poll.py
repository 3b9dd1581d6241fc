"""The venue's own scores against the league's, over sockets: a wrong one stops a game until it is right."""

from pathlib import Path

import attrs
import pytest
import trio

from engine.milestones import KALSHI
from tests.tipoff.live_scene import Scene, running
from tipoff.commands.replay import replay
from tipoff.commands.simulate import write_keys
from tipoff.config.load import load
from tipoff.runs.from_config import schema, trading_settings
from tipoff.runs.recording_digest import read_digest
from tipoff.sources.bundled.balldontlie.section import BalldontlieSection
from tipoff.sources.clients import Credentials
from venues.balldontlie.parse import SOURCE as BALLDONTLIE
from venues.recordings.recorder import read, read_batches
from venues.simulator.service import ServiceSettings, Simulator, serve
from venues.simulator.world.settings import EveningSettings

SPEED = 60.0
SERVED = ServiceSettings(
    evening=EveningSettings(
        games=1, rungs=2, pregame_minutes=5, activity=0.1, box_players=0, postponed=False, cancelled=False
    ),
    speed=SPEED,
    held=True,
    limited=False,
)
WRONG = 30


async def until_disagree(scene: Scene, *, so: bool) -> None:
    """Wait until the game's sources contradict each other, or do not any more."""
    with trio.fail_after(60):
        while [game.disagree for game in (await scene.engine.games()).values()] != [so]:  # noqa: ASYNC110
            await trio.sleep(0.1)


@pytest.mark.promise("score-two-sources-tell")
@pytest.mark.timeout(180)
async def test_a_wrong_score_of_the_venue_stops_the_game_until_it_is_right_again(
    nursery: trio.Nursery, tmp_path: Path
) -> None:
    simulator: Simulator = await nursery.start(serve, SERVED)
    config = load(write_keys(simulator, tmp_path), schema())
    slower = attrs.evolve(config.section(BalldontlieSection), box_score_poll_ms=15_000, odds_poll_ms=60_000)
    config = config.with_sources(slower)
    (game,) = simulator.live.world.games
    async with running(tmp_path, config, Credentials.named_in(config), simulator, SPEED) as scene:
        await scene.until(lambda: game.shown.period > 0, seconds=60)
        await until_both(scene)
        assert not any(game.disagree for game in (await scene.engine.games()).values())
        simulator.faults.change({"wrong_points": WRONG})
        await until_disagree(scene, so=True)
        simulator.faults.change({"wrong_points": 0})
        await until_disagree(scene, so=False)
        run = scene.engine.plan.run
    recording = config.engine.state_directory / "recordings" / run
    asked = {line.what.partition("?")[0] for line in read(recording) if line.source == "kalshi.rest"}
    assert asked >= {"/milestones", "/live_data/batch"}
    seal = read_digest(recording)
    assert seal is not None
    again = replay(read_batches(recording), trading_settings(config), "again")
    assert again.document["digest"] == seal.digest


async def until_both(scene: Scene) -> None:
    """Wait until both sources have told a score."""
    with trio.fail_after(60):
        while [set(game.scores) for game in (await scene.engine.games()).values()] != [{BALLDONTLIE, KALSHI}]:  # noqa: ASYNC110
            await trio.sleep(0.1)
