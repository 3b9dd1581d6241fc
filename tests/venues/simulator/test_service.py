"""The services over real sockets: the same evening as the pure one, signatures, tiers, limits and pages.

Covers: venues.simulator.admin, venues.simulator.kalshi.stream, venues.simulator.wire.json_text.
"""

import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from random import Random
from typing import Any

import httpx
import pytest
import trio
import trio.testing
from trio_websocket import ConnectionClosed

from tests.venues.toxics import address_of
from venues.simulator.evening import generate
from venues.simulator.service import ServiceSettings, Simulator
from venues.simulator.world.settings import EveningSettings, Output

Start = Callable[[ServiceSettings], Awaitable[Simulator]]
OpenStream = Callable[[Simulator], AbstractAsyncContextManager[Any]]
Sign = Callable[[Simulator, str, str], dict[str, str]]
ONE = EveningSettings(seed=8, games=1, postponed=False, cancelled=False)
CHANNELS = ("orderbook_delta", "ticker", "trade", "market_lifecycle_v2")


async def get(url: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(url, headers=headers)


def told(outputs: list[Output]) -> list[str]:
    """What data frames say, without ids and numbers."""
    return [
        json.dumps(json.loads(output.body)["msg"])
        for output in outputs
        if output.what in {"orderbook_delta", "trade", "ticker", "market_lifecycle_v2"}
    ]


async def until_settled(client: Any, count: int) -> list[str]:  # noqa: ANN401 - a fixture's class
    """What a client is_subscribed until so many markets are settled; asserts that no number is missing."""
    numbers: dict[int, int] = {}
    heard: list[str] = []
    settled = 0
    while settled < count:
        frame = await client.frame()
        if "seq" in frame:
            assert frame["seq"] == numbers.get(frame["sid"], 0) + 1
            numbers[frame["sid"]] = frame["seq"]
        if frame["type"] in CHANNELS:
            heard.append(json.dumps(frame["msg"]))
        settled += frame["msg"].get("event_type") == "settled"
    return heard


@pytest.mark.slow
async def test_a_client_of_the_stream_hears_the_pure_evening(
    started: Start, stream_client: OpenStream
) -> None:
    simulator = await started(ServiceSettings(ONE, speed=6000, held=True))
    tickers = sorted(simulator.live.world.markets)
    with trio.fail_after(60):
        async with stream_client(simulator) as client:
            await client.command(1, "subscribe", channels=list(CHANNELS), market_tickers=tickers)
            heard = await until_settled(client, len(tickers))
    assert heard == told(list(generate(ONE)))
    assert simulator.live.over.is_set()


@pytest.mark.parametrize("ed25519", [False, True])
async def test_the_stream_wants_a_signature(
    started: Start, stream_client: OpenStream, sign: Sign, *, ed25519: bool
) -> None:
    simulator = await started(ServiceSettings(ONE, ed25519=ed25519))
    async with stream_client(simulator) as client:
        await client.command(1, "list_subscriptions")
        assert (await client.frame())["msg"] == []
    wrong = sign(simulator, "POST", "/trade-api/ws/v2")
    url = simulator.addresses.kalshi_stream.replace("ws://", "http://")
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    key = {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
    for headers in ({}, wrong):
        answer = await get(url, **upgrade, **key, **headers)
        assert answer.status_code == 401
        assert "code" in answer.json()["error"]


async def test_a_signed_request_is_checked_and_a_private_one_needs_it(started: Start, sign: Sign) -> None:
    simulator = await started(ServiceSettings(ONE))
    url = simulator.addresses.kalshi_rest + "/portfolio/settlements"
    path = "/trade-api/v2/portfolio/settlements"
    assert (await get(url)).status_code == 401
    # The query is not signed.
    answer = await get(url + "?limit=5", **sign(simulator, "GET", path))
    assert answer.json() == {"settlements": [], "cursor": ""}
    spoilt = sign(simulator, "GET", path) | {"KALSHI-ACCESS-SIGNATURE": "AAAA"}
    assert (await get(url, **spoilt)).json()["error"]["code"] == "incorrect_api_key_signature"
    simulator.faults.skew_ms = 120_000
    late = await get(url, **sign(simulator, "GET", path))
    assert late.status_code == 401
    assert late.json()["error"]["code"] == "header_timestamp_expired"
    assert late.headers["date"]


async def test_too_many_requests_without_a_key_are_refused(started: Start) -> None:
    simulator = await started(ServiceSettings(ONE))
    async with httpx.AsyncClient(trust_env=False) as client:
        statuses = [
            (await client.get(simulator.addresses.kalshi_rest + "/exchange/status")).status_code
            for _ in range(30)
        ]
    assert statuses[:10] == [200] * 10
    assert 429 in statuses


@pytest.mark.parametrize(
    ("key", "path", "status"),
    [
        ("", "/nba/v1/games", 401),
        ("simulated-free", "/nba/v1/games", 200),
        ("simulated-free", "/v1/games", 200),
        ("simulated-free", "/nba/v1/box_scores/live", 401),
        ("simulated-all-star", "/nba/v2/odds?dates[]=2026-11-20", 401),
        ("simulated-goat", "/nba/v2/odds?dates[]=2026-11-20", 200),
        ("simulated-goat", "/nba/v2/odds", 400),
        ("simulated-goat", "/nba/v1/games/1", 404),
        ("simulated-goat", "/nba/v1/box_scores/live", 200),
        ("", "/account/v1/plans", 200),
    ],
)
async def test_balldontlie_asks_for_the_right_tier(started: Start, key: str, path: str, status: int) -> None:
    simulator = await started(ServiceSettings(ONE))
    answer = await get(simulator.addresses.balldontlie + path, Authorization=key)
    assert answer.status_code == status
    if status == 401:
        assert answer.text == "Unauthorized"


async def test_a_free_key_has_five_requests_a_minute(started: Start) -> None:
    simulator = await started(ServiceSettings(ONE))
    url = simulator.addresses.balldontlie + "/nba/v1/teams"
    statuses = [(await get(url, Authorization="simulated-free")).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]


async def test_odds_come_in_pages_and_a_full_page_promises_one_more(started: Start) -> None:
    simulator = await started(ServiceSettings(ONE))
    url = simulator.addresses.balldontlie + "/nba/v2/odds?dates[]=2026-11-20&per_page=3"
    rows, cursor, pages = [], "", 0
    while True:
        body = (await get(url + cursor, Authorization="simulated-goat")).json()
        rows += body["data"]
        pages += 1
        if "next_cursor" not in body["meta"]:
            break
        cursor = f"&cursor={body['meta']['next_cursor']}"
    assert [row["vendor"] for row in rows][-1] == "kalshi"
    assert len(rows) == ONE.sportsbooks + 1
    # Nine rows are three full pages, and the fourth is empty.
    assert pages == 4


async def test_markets_come_in_pages_until_the_cursor_is_empty(started: Start) -> None:
    simulator = await started(ServiceSettings(ONE))
    url = simulator.addresses.kalshi_rest + "/markets?limit=5&series_ticker=KXNBASPREAD"
    tickers, cursor = [], "first"
    while cursor:
        body = (await get(url + (f"&cursor={cursor}" if cursor != "first" else ""))).json()
        tickers += [market["ticker"] for market in body["markets"]]
        cursor = body["cursor"]
    assert len(tickers) == len(set(tickers)) == ONE.rungs


async def test_the_stream_pings_every_ten_seconds(
    started: Start, stream_client: OpenStream, autojump_clock: trio.testing.MockClock
) -> None:
    # Real sockets under a virtual clock: give them a moment before the clock jumps.
    autojump_clock.autojump_threshold = 0.05
    simulator = await started(ServiceSettings(ONE, held=True))
    async with stream_client(simulator) as client:
        await trio.sleep(31)
        (served,) = simulator.stream.clients
        assert served.peer.pongs == 3
        assert client.socket.closed is None


async def test_a_key_of_somebody_else_is_not_known(started: Start, sign: Sign) -> None:
    first = await started(ServiceSettings(ONE))
    second = await started(ServiceSettings(EveningSettings(seed=9, games=1)))
    headers = sign(first, "GET", "/trade-api/v2/markets")
    assert (await get(first.addresses.kalshi_rest + "/markets", **headers)).status_code == 200
    assert (await get(second.addresses.kalshi_rest + "/markets", **headers)).status_code == 401


async def test_the_weekly_pause_closes_streams_and_stops_trading(
    started: Start, stream_client: OpenStream
) -> None:
    # A late Wednesday game; the pause begins at three in the morning and lasts a second of ours.
    wednesday = EveningSettings(
        seed=8, games=1, date="2026-11-18", first_tip_hour=22, postponed=False, cancelled=False
    )
    simulator = await started(ServiceSettings(wednesday, speed=6000, held=True, limited=False))
    status = simulator.addresses.kalshi_rest + "/exchange/status"
    assert (await get(status)).json()["trading_active"] is True
    with trio.fail_after(30):
        async with stream_client(simulator) as client:
            await client.command(1, "subscribe", channels=["market_lifecycle_v2"])
            with pytest.raises(ConnectionClosed):
                await until_settled(client, 1_000_000)
        assert simulator.live.paused
        assert (await get(status)).json()["trading_active"] is False


async def test_no_garbage_of_a_client_ends_the_services(started: Start, sign: Sign) -> None:
    simulator = await started(ServiceSettings(ONE, limited=False))
    rng = Random(4)
    host, port = address_of(simulator.addresses.kalshi_rest)
    shake = "GET /trade-api/ws/v2 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    signed = sign(simulator, "GET", "/trade-api/ws/v2")
    shake += "".join(f"{name}: {value}\r\n" for name, value in signed.items())
    beginnings = [
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST /admin/faults HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n\r\n",
        shake.encode() + b"Sec-WebSocket-Key: nonsense\r\n\r\n",
        shake.encode() + b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        shake.encode() + b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n\x81\x85\0\0\0\0hello",
    ]
    for number in range(60):
        async with await trio.open_tcp_stream(host, port) as stream:
            await stream.send_all(beginnings[number % len(beginnings)] + rng.randbytes(rng.randrange(300)))
            with trio.move_on_after(0.02):
                await stream.receive_some()
    assert (await get(simulator.addresses.kalshi_rest + "/exchange/status")).status_code == 200
