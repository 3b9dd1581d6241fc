"""Loading and unloading games of a running daemon: subscriptions, a second process, the replay of both."""

from pathlib import Path

import attrs
import pytest
import trio

from tests.tipoff.live_scene import SERVED, Scene, running
from tipoff.commands.replay import replay
from tipoff.commands.simulate import write_keys
from tipoff.config.load import Config, load
from tipoff.control.context import Call, CallContext, OperationAnswer
from tipoff.control.ports import Hooks
from tipoff.control.protocol import Fault
from tipoff.control.registry import METHODS
from tipoff.control.schema import ENDPOINTS
from tipoff.runs.from_config import schema, trading_settings
from tipoff.runs.recording_digest import read_digest
from tipoff.sources.bundled.kalshi.section import KalshiSection
from tipoff.sources.clients import Credentials
from venues.recordings.recorder import read_batches
from venues.simulator.service import Simulator, serve

ELSEWHERE = ("KXNBAPTS",)
"""A series in which the simulated venue has nothing, so that no game is found by itself."""


async def ask(scene: Scene, method: str, game: str, request_id: str) -> OperationAnswer:
    """What the control socket does with such a request."""
    following = scene.sources.game_selection
    hooks = Hooks(load_game=following.load, unload_game=following.unload, followed=scene.sources.follow)
    given = METHODS[method].check({"game": game, "request_id": request_id})
    call = Call(method=METHODS[method], params=given, uid=0, request_id=request_id)
    acted = await ENDPOINTS[method].handler(CallContext(scene.engine, hooks, 20.0), call)
    assert isinstance(acted, OperationAnswer)
    return acted


def subscribed(simulator: Simulator) -> set[str]:
    """The games whose books the venue sends."""
    return {
        ticker.split("-")[1]
        for client in simulator.stream.clients
        for subscription in client.session.subscriptions.values()
        if subscription.channel == "orderbook_delta"
        for ticker in subscription.tickers or ()
    }


@pytest.mark.promise("game-loaded-unloaded-after")
@pytest.mark.timeout(180)
async def test_a_loaded_game_is_followed_after_a_restart_too_and_an_unloaded_one_is_not(
    nursery: trio.Nursery, tmp_path: Path
) -> None:
    simulator: Simulator = await nursery.start(serve, SERVED)
    first, second = (game.listing.code for game in simulator.live.world.games)
    config = configured(simulator, tmp_path)
    access = Credentials.named_in(config)
    async with running(tmp_path, config, access, simulator) as scene:
        await scene.until(lambda: scene.engine.ingress.status.by_source["kalshi.rest"] > 1)
        with pytest.raises(Fault, match="the venue knows no market of 26JAN14WASLAC"):
            await ask(scene, "games.load", "26jan14waslac", "nowhere")
        with pytest.raises(Fault, match="is not followed; followed are: none"):
            await ask(scene, "games.unload", first, "too-early")
        for number, game in enumerate((first.lower(), f"kxnbagame-{second}")):
            await ask(scene, "games.load", game, f"load-{number}")
        await scene.until_books()
        await scene.until(lambda: subscribed(simulator) == {first, second})
        await ask(scene, "games.unload", second, "unload")
        await scene.until(lambda: subscribed(simulator) == {first})
    async with running(tmp_path, config, access, simulator) as scene:
        await scene.until(lambda: subscribed(simulator) == {first})
        assert list(await scene.engine.listing()) == [first]
        assert (await ask(scene, "games.unload", second, "unload")).repeated
        await ask(scene, "games.load", second, "load-again")
        await scene.until_books()
        await scene.until(lambda: subscribed(simulator) == {first, second})
        run = scene.engine.plan.run
    recording = config.engine.state_directory / "recordings" / run
    seal = read_digest(recording)
    assert seal is not None
    again = replay(read_batches(recording), trading_settings(config), "again")
    assert again.document["digest"] == seal.digest


def configured(simulator: Simulator, folder: Path) -> Config:
    """The configuration that `tipoff simulate` writes, for a daemon that looks for other series."""
    config = load(write_keys(simulator, folder), schema())
    return config.with_sources(attrs.evolve(config.section(KalshiSection), series=ELSEWHERE))
