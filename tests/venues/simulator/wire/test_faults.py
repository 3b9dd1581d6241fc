"""Every fault switch does to a real client what its name says, and nothing happens while all are off.

Covers: venues.simulator.wire.error_responses, venues.simulator.wire.frame_faults,
venues.simulator.wire.odd_bodies, venues.simulator.wire.websocket.
"""

import itertools
import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
import trio
from trio_websocket import ConnectionClosed

from venues.simulator.service import ServiceSettings, Simulator
from venues.simulator.wire.faults import SWITCHES, FaultError, Faults
from venues.simulator.world.settings import EveningSettings

Start = Callable[[ServiceSettings], Awaitable[Simulator]]
OpenStream = Callable[[Simulator], AbstractAsyncContextManager[Any]]
SETTINGS = ServiceSettings(
    EveningSettings(seed=8, games=1, postponed=False, cancelled=False), speed=600, held=True, limited=False
)


async def books_of(simulator: Simulator, client: Any) -> int:  # noqa: ANN401 - a fixture's class
    """Subscribe to all books and read until the first change; its sequence number."""
    tickers = sorted(simulator.live.world.markets)
    await client.command(1, "subscribe", channels=["orderbook_delta"], market_tickers=tickers)
    first: dict[str, Any] = await client.frame_of("orderbook_delta")
    return int(first["seq"])


async def numbers(client: Any, count: int) -> list[int]:  # noqa: ANN401
    """The sequence numbers of the next frames."""
    return [(await client.frame())["seq"] for _ in range(count)]


def test_the_switch_board_never_suffers_from_its_own_switches() -> None:
    faults = Faults(silent=True)
    assert faults.concerns("kalshi", "/trade-api/v2/markets")
    assert not faults.concerns("kalshi", "/admin/faults")


def steps(read: list[int]) -> list[int]:
    return [later - earlier for earlier, later in itertools.pairwise(read)]


@pytest.mark.parametrize(
    ("switch", "expected"),
    [
        ("drop", {1, 2}),
        ("skip_seq", {1, 2}),
        ("duplicate", {0, 1}),
        ("reorder", {1, 2, -1}),
    ],
)
async def test_the_order_and_number_of_frames_can_be_spoilt(
    started: Start, stream_client: OpenStream, switch: str, expected: set[int]
) -> None:
    simulator = await started(SETTINGS)
    with trio.fail_after(20):
        async with stream_client(simulator) as client:
            first = await books_of(simulator, client)
            simulator.faults.change({switch: 1})
            assert set(steps([first, *await numbers(client, 100)])) == expected


async def test_three_skipped_numbers_are_three_gaps(started: Start, stream_client: OpenStream) -> None:
    simulator = await started(SETTINGS)
    with trio.fail_after(20):
        async with stream_client(simulator) as client:
            first = await books_of(simulator, client)
            simulator.faults.change({"skip_seq": 3})
            assert steps([first, *await numbers(client, 100)]).count(2) == 3


async def test_error_25_ends_the_subscription_and_another_subscribe_begins_anew(
    started: Start, stream_client: OpenStream
) -> None:
    simulator = await started(SETTINGS)
    with trio.fail_after(20):
        async with stream_client(simulator) as client:
            await books_of(simulator, client)
            simulator.faults.change({"error_25": 1})
            ended = await client.frame_of("error")
            assert ended["msg"]["code"] == 25
            assert ended["sid"] == 1
            ticker = min(simulator.live.world.markets)
            await client.command(2, "subscribe", channels=["orderbook_delta"], market_tickers=[ticker])
            again = await client.frame()
            assert again["msg"] == {"channel": "orderbook_delta", "sid": 2}


async def test_a_wrong_snapshot_is_not_the_book(started: Start, stream_client: OpenStream) -> None:
    simulator = await started(SETTINGS)
    async with stream_client(simulator) as client:
        await books_of(simulator, client)
        simulator.faults.change({"wrong_snapshot": 1})
        ticker = min(simulator.live.world.markets)
        await client.command(
            2, "update_subscription", sids=[1], action="get_snapshot", market_tickers=[ticker]
        )
        wrong = await client.frame_of("orderbook_snapshot")
        assert wrong["msg"]["yes_dollars_fp"] == [["0.0100", "42.42"]]


@pytest.mark.parametrize(
    ("switch", "sides"),
    [
        ("null_side", {"yes_dollars_fp": None, "no_dollars_fp": None}),
        ("renamed_side", {"yes_dollars", "no_dollars"}),
    ],
)
async def test_a_snapshot_may_have_null_or_other_names_for_its_sides(
    started: Start, stream_client: OpenStream, switch: str, sides: dict[str, None] | set[str]
) -> None:
    simulator = await started(SETTINGS)
    async with stream_client(simulator) as client:
        await books_of(simulator, client)
        simulator.faults.change({switch: 1})
        ticker = min(simulator.live.world.markets)
        for number in (2, 3):
            await client.command(
                number, "update_subscription", sids=[1], action="get_snapshot", market_tickers=[ticker]
            )
        odd = (await client.frame_of("orderbook_snapshot"))["msg"]
        assert {key for key in odd if "dollars" in key} == set(sides)
        assert all(odd[key] is None for key in sides) is (switch == "null_side")
        good = (await client.frame_of("orderbook_snapshot"))["msg"]
        assert good["yes_dollars_fp"]
        assert good["no_dollars_fp"]


async def test_fees_that_nobody_knows_are_told_and_listed_until_they_are_taken_back(
    started: Start, stream_client: OpenStream
) -> None:
    simulator = await started(SETTINGS)
    game = simulator.live.world.games[0]
    event = f"KXNBAGAME-{game.listing.code}"
    async with stream_client(simulator) as client, httpx.AsyncClient(trust_env=False) as web:
        await client.command(9, "subscribe", channels=["market_lifecycle_v2"])
        await books_of(simulator, client)
        for odd, fees in ((True, ("flat", 1.0)), (False, (None, None))):
            simulator.faults.change({"odd_fees": odd})
            with trio.fail_after(20):
                told = (await client.frame_of("event_fee_update"))["msg"]
            assert told["event_ticker"] == event
            assert (told["fee_type_override"], told["fee_multiplier_override"]) == fees
            listed = (await web.get(f"{simulator.addresses.kalshi_rest}/events/{event}")).json()["event"]
            assert listed.get("fee_type_override") == fees[0]


async def test_garbage_and_oversized_frames_come_among_the_data(
    started: Start, stream_client: OpenStream
) -> None:
    simulator = await started(SETTINGS)
    async with stream_client(simulator) as client:
        await books_of(simulator, client)
        simulator.faults.change({"garbage": 1})
        with pytest.raises(json.JSONDecodeError):
            await client.frame_of("error")
        simulator.faults.change({"oversized": 1, "oversized_bytes": 2_000_000})
        with trio.fail_after(20), pytest.raises(ConnectionClosed) as closed:
            await client.frame_of("error")
        # trio-websocket refuses what is beyond its limit of a message, one mebibyte.
        assert closed.value.reason is not None
        assert closed.value.reason.code == 1009


@pytest.mark.parametrize(("switch", "code"), [("disconnect", 1001), ("half_frame", 1006)])
async def test_a_connection_is_closed_or_cut(
    started: Start, stream_client: OpenStream, switch: str, code: int
) -> None:
    simulator = await started(SETTINGS)
    async with stream_client(simulator) as client:
        await books_of(simulator, client)
        simulator.faults.change({switch: 1})
        with trio.fail_after(20), pytest.raises(ConnectionClosed) as closed:
            await client.frame_of("error")
        assert closed.value.reason is not None
        assert closed.value.reason.code == code


async def test_frozen_data_leaves_commands_and_pings_alone(started: Start, stream_client: OpenStream) -> None:
    simulator = await started(SETTINGS)
    async with stream_client(simulator) as client:
        await books_of(simulator, client)
        simulator.faults.change({"freeze": True})
        await client.command(5, "list_subscriptions")
        with trio.fail_after(20):
            await client.frame_of("ok")
            await client.socket.ping()
        with trio.move_on_after(0.3) as quiet:
            await client.frame()
        assert quiet.cancelled_caught


async def test_a_stalled_connection_does_not_even_answer_pings(
    started: Start, stream_client: OpenStream
) -> None:
    simulator = await started(SETTINGS)
    async with stream_client(simulator) as client:
        await books_of(simulator, client)
        simulator.faults.change({"stall": True})
        await trio.sleep(0.05)
        with trio.move_on_after(0.3) as quiet:
            await client.socket.ping()
        assert quiet.cancelled_caught
        simulator.faults.change({"stall": False})
        with trio.fail_after(20):
            await client.frame_of("orderbook_delta")


async def test_the_weekly_pause_closes_streams_and_is_in_the_status(
    started: Start, stream_client: OpenStream
) -> None:
    simulator = await started(SETTINGS)
    async with stream_client(simulator) as client, httpx.AsyncClient(trust_env=False) as web:
        await books_of(simulator, client)
        await web.post(simulator.addresses.admin + "/faults", json={"pause": True})
        with trio.fail_after(20), pytest.raises(ConnectionClosed):
            await client.frame_of("error")
        status = (await web.get(simulator.addresses.kalshi_rest + "/exchange/status")).json()
        assert status["trading_active"] is False


@pytest.mark.parametrize("status", [401, 403, 429, 500, 502, 503])
@pytest.mark.parametrize(
    ("shape", "path"),
    [("wrapped", ("error", "code")), ("flat", ("code",)), ("plain", ("error",))],
)
async def test_errors_come_in_every_shape(
    started: Start, status: int, shape: str, path: tuple[str, ...]
) -> None:
    simulator = await started(SETTINGS)
    simulator.faults.change({f"http_{status}": 1, "error_shape": shape, "retry_after": 7})
    url = simulator.addresses.kalshi_rest + "/exchange/status"
    async with httpx.AsyncClient(trust_env=False) as client:
        refused = await client.get(url)
        assert refused.status_code == status
        assert refused.headers.get("retry-after") == ("7" if status in {429, 503} else None)
        found: Any = refused.json()
        for key in path:
            found = found[key]
        assert isinstance(found, str)
        assert (await client.get(url)).status_code == 200


async def test_a_fault_may_be_meant_for_one_service_and_path(started: Start) -> None:
    simulator = await started(SETTINGS)
    simulator.faults.change({"http_500": 1, "service": "balldontlie", "path_prefix": "/nba/v2"})
    key = {"Authorization": "simulated-goat"}
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(simulator.addresses.kalshi_rest + "/events")).status_code == 200
        assert (
            await client.get(simulator.addresses.balldontlie + "/nba/v1/games", headers=key)
        ).status_code == 200
        odds = simulator.addresses.balldontlie + "/nba/v2/odds?dates[]=2026-11-20"
        assert (await client.get(odds, headers=key)).status_code == 500


async def test_bodies_can_be_bombs_garbage_pages_or_redirects(started: Start) -> None:
    simulator = await started(SETTINGS)
    url = simulator.addresses.kalshi_rest + "/exchange/status"
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False) as client:
        simulator.faults.change({"gzip_bomb": 1, "gzip_bomb_bytes": 3_000_000})
        async with client.stream("GET", url) as bomb:
            assert int(bomb.headers["content-length"]) < 20_000
            assert sum([len(chunk) async for chunk in bomb.aiter_bytes()]) == 3_000_000
        simulator.faults.change({"garbage_json": 1})
        with pytest.raises(json.JSONDecodeError):
            (await client.get(url)).json()
        rows = simulator.addresses.kalshi_rest + "/markets"
        good = (await client.get(rows)).json()
        simulator.faults.change({"null_lists": 1})
        assert (await client.get(rows)).json() == good | {"markets": None}
        simulator.faults.change({"odd_rows": 1})
        odd, *others = (await client.get(rows)).json()["markets"]
        assert odd.keys() == good["markets"][0].keys()
        assert (odd["ticker"], odd["price_ranges"]) == (None, None)
        assert others == good["markets"][1:]
        simulator.faults.change({"html": 1})
        assert (await client.get(url)).headers["content-type"] == "text/html"
        simulator.faults.change({"redirect": 1})
        moved = await client.get(url)
        assert (moved.status_code, "other-host" in moved.headers["location"]) == (302, True)
        simulator.faults.change({"cut": 1})
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(url)


async def test_bodies_drip_and_answers_may_never_come(started: Start) -> None:
    simulator = await started(SETTINGS)
    url = simulator.addresses.kalshi_rest + "/exchange/status"
    async with httpx.AsyncClient(trust_env=False) as client:
        simulator.faults.change({"drip_bytes_per_second": 1000})
        began = trio.current_time()
        assert (await client.get(url)).status_code == 200
        assert trio.current_time() - began > 0.25
        simulator.faults.change({"drip_bytes_per_second": 0, "silent": True})
        with trio.move_on_after(0.3) as silence:
            await client.get(url)
        assert silence.cancelled_caught


async def test_switches_are_read_and_set_over_http(started: Start) -> None:
    simulator = await started(SETTINGS)
    url = simulator.addresses.admin + "/faults"
    async with httpx.AsyncClient(trust_env=False) as client:
        assert set((await client.get(url)).json()) == set(SWITCHES)
        assert (await client.post(url, json={"drop": 3})).json()["drop"] == 3
        assert simulator.faults.drop == 3
        for wrong in ({"droop": 1}, {"drop": "1"}, {"drop": True}, {"error_shape": "round"}, [1]):
            assert (await client.post(url, json=wrong)).status_code == 400
        assert (await client.post(url, content=b"{")).status_code == 400
        assert (await client.request("DELETE", url)).json()["drop"] == 0
        assert (await client.get(simulator.addresses.admin + "/state")).json()["clients"] == 0
        assert (await client.get(simulator.addresses.admin + "/nothing")).status_code == 404


def test_a_wrong_change_changes_nothing() -> None:
    faults = Faults()
    with pytest.raises(FaultError):
        faults.change({"drop": 2, "duplicate": "2"})
    assert faults == Faults()


def test_a_shot_is_used_up() -> None:
    faults = Faults(drop=2)
    assert [faults.shoot("drop") for _ in range(3)] == [True, True, False]
