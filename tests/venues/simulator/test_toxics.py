"""Each toxic of the proxy, seen from a client that asks a simulated service through it."""

from collections.abc import Awaitable, Callable
from functools import partial

import httpx
import pytest
import trio

from tests.venues.toxics import Proxy, Toxics, address_of, proxied
from venues.simulator.service import ServiceSettings, Simulator
from venues.simulator.world.settings import EveningSettings

Start = Callable[[ServiceSettings], Awaitable[Simulator]]
Ask = Callable[[Toxics], Awaitable[httpx.Response]]


@pytest.fixture
async def ask(started: Start, nursery: trio.Nursery) -> Ask:
    """Asks for the listing of all spreads through a proxy with some toxics, for two seconds at most."""
    settings = EveningSettings(seed=3, games=1, postponed=False, cancelled=False)
    simulator = await started(ServiceSettings(settings, limited=False))
    url = simulator.addresses.kalshi_rest + "/events?series_ticker=KXNBASPREAD&with_nested_markets=true"

    async def asked(toxics: Toxics) -> httpx.Response:
        proxy: Proxy = await nursery.start(partial(proxied, address_of(url), toxics))
        async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
            return await client.get(proxy.through(url))

    return asked


async def test_without_toxics_nothing_changes(ask: Ask) -> None:
    answer = await ask(Toxics())
    assert answer.status_code == 200
    assert len(answer.json()["events"]) == 1


@pytest.mark.parametrize(
    ("toxics", "seconds"),
    [
        (Toxics(latency_ms=200), 0.2),
        (Toxics(jitter_ms=400), 0.0),
        (Toxics(bandwidth_bytes_per_second=40_000), 0.25),
        (Toxics(slice_bytes=64), 0.0),
        (Toxics(latency_ms=150, upstream=True), 0.3),
    ],
)
async def test_slow_networks_lose_nothing(ask: Ask, toxics: Toxics, seconds: float) -> None:
    began = trio.current_time()
    answer = await ask(toxics)
    assert answer.status_code == 200
    assert answer.json()["events"]
    assert trio.current_time() - began >= seconds


@pytest.mark.parametrize(
    "toxics",
    [
        Toxics(down=True),
        Toxics(reset_peer_ms=0),
        Toxics(timeout_ms=100),
        Toxics(limit_bytes=2000),
    ],
)
async def test_broken_networks_break_the_answer(ask: Ask, toxics: Toxics) -> None:
    with pytest.raises((httpx.NetworkError, httpx.RemoteProtocolError)):
        await ask(toxics)


async def test_a_silent_network_never_ends_by_itself(ask: Ask) -> None:
    with pytest.raises(httpx.ReadTimeout):
        await ask(Toxics(timeout_ms=0))


async def test_the_end_of_a_stream_can_come_late(nursery: trio.Nursery) -> None:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")

    async def say_and_leave(stream: trio.SocketStream) -> None:
        async with stream:
            await stream.send_all(b"good night")

    nursery.start_soon(trio.serve_listeners, say_and_leave, listeners)
    target = listeners[0].socket.getsockname()[:2]
    proxy: Proxy = await nursery.start(partial(proxied, target, Toxics(slow_close_ms=200)))
    async with await trio.open_tcp_stream(proxy.host, proxy.port) as stream:
        assert await stream.receive_some() == b"good night"
        began = trio.current_time()
        assert await stream.receive_some() == b""
        assert trio.current_time() - began > 0.15
