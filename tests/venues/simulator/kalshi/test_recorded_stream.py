"""Recordings served through the simulated stream: what a client is_subscribed is what was recorded.

Covers: venues.simulator.wire.recorded_bodies.
"""

import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from venues.importers.evening import import_files, parse_spec
from venues.recordings.recorder import Recorder, read
from venues.simulator.evening import generate
from venues.simulator.service import ServiceSettings, Simulator
from venues.simulator.world.settings import EveningSettings

Start = Callable[[ServiceSettings], Awaitable[Simulator]]
OpenStream = Callable[[Simulator], AbstractAsyncContextManager[Any]]
RECORDINGS = {
    "ws_orderbook_prod_mlb_wnba_20260807.jsonl.gz": "kalshi-frames",
    "ws_btc15m_prod_20260515T0309Z.jsonl.gz": "kalshi-events",
    "ws_btc15m_prod_20260514T0431Z.jsonl.gz": "kalshi-events",
}


def recorded(folder: Path) -> list[list[str]]:
    """The frames of each recorded connection, without the answers to first subscribes."""
    connections: dict[int, list[str]] = {}
    for line in read(folder):
        if line.source == "kalshi.ws" and line.body.startswith("{") and line.what != "lost":
            frames = connections.setdefault(line.conn, [])
            if json.loads(line.body)["type"] != "subscribed":
                frames.append(line.body)
    return list(connections.values())


async def heard(client: Any, count: int) -> list[str]:  # noqa: ANN401 - a fixture's class
    """Subscribe to everything and read so many frames."""
    await client.command(1, "subscribe", channels=["ticker", "trade", "market_lifecycle_v2"])
    await client.command(2, "subscribe", channels=["orderbook_delta"], market_tickers=["ANY"])
    texts: list[str] = []
    with trio.fail_after(60):
        while len(texts) < count:
            text = await client.socket.get_message()
            if json.loads(text)["type"] != "subscribed":
                texts.append(text)
    return texts


@pytest.mark.parametrize(
    "name",
    [
        "ws_orderbook_prod_mlb_wnba_20260807.jsonl.gz",
        "ws_btc15m_prod_20260515T0309Z.jsonl.gz",
        pytest.param("ws_btc15m_prod_20260514T0431Z.jsonl.gz", marks=pytest.mark.slow),
    ],
)
async def test_real_frames_go_through_unchanged(
    name: str, shared: Path, tmp_path: Path, started: Start, stream_client: OpenStream
) -> None:
    folder = tmp_path / "recording"
    import_files([parse_spec(f"{RECORDINGS[name]}={shared / 'data/kalshi' / name}")], folder)
    connections = recorded(folder)
    assert connections
    simulator = await started(ServiceSettings(speed=100_000, recording=folder))
    for frames in connections:
        async with stream_client(simulator) as client:
            assert await heard(client, len(frames)) == frames


async def test_a_simulated_evening_can_be_recorded_and_served(
    tmp_path: Path, started: Start, stream_client: OpenStream
) -> None:
    folder = tmp_path / "recording"
    with Recorder(folder) as recorder:
        for _, output in zip(range(3000), generate(EveningSettings(seed=4, games=1)), strict=False):
            recorder.write(output.at, output.source, output.conn, output.what, output.body)
    (frames,) = recorded(folder)
    simulator = await started(ServiceSettings(speed=100_000, recording=folder))
    async with stream_client(simulator) as client:
        assert await heard(client, len(frames)) == frames
    # There was one recorded connection; the next client is_subscribed nothing.
    async with stream_client(simulator) as client:
        await client.command(1, "subscribe", channels=["orderbook_delta"], market_tickers=["ANY"])
        assert (await client.frame())["type"] == "subscribed"
        with trio.move_on_after(0.2) as quiet:
            await client.frame()
        assert quiet.cancelled_caught


async def test_a_client_that_subscribes_twice_is_told_ok(
    tmp_path: Path, started: Start, stream_client: OpenStream
) -> None:
    folder = tmp_path / "recording"
    with Recorder(folder) as recorder:
        answer = '{"type":"subscribed","id":9,"msg":{"channel":"trade","sid":7}}'
        recorder.write(1, "kalshi.ws", 1, "subscribed", answer)
    simulator = await started(ServiceSettings(recording=folder))
    async with stream_client(simulator) as client:
        await client.command(1, "subscribe", channels=["trade", "nonsense"])
        assert await client.frame() == {"type": "subscribed", "id": 1, "msg": {"channel": "trade", "sid": 7}}
        assert (await client.frame())["msg"]["code"] == 8
        await client.command(2, "subscribe", channels=["trade"])
        assert await client.frame() == {"type": "ok", "id": 2, "sid": 7}


async def test_recorded_bodies_are_found_again_by_question_and_time(tmp_path: Path, started: Start) -> None:
    folder = tmp_path / "recording"
    with Recorder(folder) as recorder:
        recorder.write(1000, "kalshi.rest", 0, "/events?series_ticker=A&status=open", '{"events":[1]}')
        recorder.write(2000, "kalshi.rest", 0, "/events?series_ticker=A&status=open", '{"events":[2]}')
        recorder.write(2000, "balldontlie", 0, "503 /nba/v1/games?dates[]=2026-11-20", "down")
    simulator = await started(ServiceSettings(recording=folder))
    async with httpx.AsyncClient(trust_env=False) as client:
        events = await client.get(simulator.addresses.kalshi_rest + "/events?status=open&series_ticker=A")
        assert events.json() == {"events": [1]}
        assert (await client.get(simulator.addresses.kalshi_rest + "/events")).status_code == 404
        games = simulator.addresses.balldontlie + "/nba/v1/games?dates[]=2026-11-20"
        down = await client.get(games, headers={"Authorization": simulator.balldontlie_key})
        assert (down.status_code, down.text) == (503, "down")
        simulator.clock.begin()
        await trio.sleep(0.01)
        events = await client.get(simulator.addresses.kalshi_rest + "/events?status=open&series_ticker=A")
        assert events.json() == {"events": [2]}
