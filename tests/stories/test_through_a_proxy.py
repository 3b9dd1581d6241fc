"""A real daemon whose only way out is a proxy: it alone knows the venues' names, and both speak TLS."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trio

from persistence.maintenance import verify
from tests.stories.test_killed_wishes import LIVELY, SPEED, House, assert_repeats, seen, traded
from tests.stories.venues import venues
from tests.tipoff.managed import free_port
from tests.venues.certificates import NAME, server_context
from tests.venues.proxies import TunnelProxy, in_tls
from tipoff.exit_codes import Exit
from tipoff.process.shutdown import STOP_S_ALL

pytestmark = pytest.mark.slow

KALSHI, BALLDONTLIE = f"{NAME}:8443", f"{NAME}:8444"


def ports_of(config: Path) -> tuple[int, int]:
    """Where the simulated Kalshi and balldontlie stand, by the configuration that was written for them."""
    named = [
        urlsplit(line.split('"')[1])
        for line in config.read_text("utf-8").splitlines()
        if '"http://127' in line
    ]
    kalshi, balldontlie = (parts.port for parts in named)
    assert kalshi is not None
    assert balldontlie is not None
    return kalshi, balldontlie


def points_elsewhere(config: Path, kalshi: int, balldontlie: int) -> None:
    """The configuration names the venues as the proxy knows them, in TLS."""
    text = config.read_text("utf-8")
    for plain, port, host in (
        ("http", kalshi, KALSHI),
        ("ws", kalshi, KALSHI),
        ("http", balldontlie, BALLDONTLIE),
    ):
        text = text.replace(f"{plain}://127.0.0.1:{port}", f"{plain}s://{host}")
    assert "://127.0.0.1" not in text
    config.write_text(text, "utf-8")


@contextmanager
def proxied(folder: Path, config: Path) -> Iterator[TunnelProxy]:
    """A proxy in a thread of its own, between a daemon with this configuration and the venues."""
    context, _trusting = server_context(folder, "")
    kalshi, balldontlie = ports_of(config)
    points_elsewhere(config, kalshi, balldontlie)
    proxy = TunnelProxy()
    ready = threading.Event()
    ends: list[tuple[trio.lowlevel.TrioToken, trio.CancelScope]] = []

    async def run() -> None:
        async with trio.open_nursery() as nursery:
            for host, port in ((KALSHI, kalshi), (BALLDONTLIE, balldontlie)):
                proxy.ports[host] = await in_tls(nursery, port, context)
            await proxy.start(nursery)
            ends.append((trio.lowlevel.current_trio_token(), nursery.cancel_scope))
            ready.set()

    thread = threading.Thread(target=partial(trio.run, run), name="proxy")
    thread.start()
    assert ready.wait(60)
    token, scope = ends[0]
    try:
        yield proxy
    finally:
        token.run_sync_soon(scope.cancel)
        thread.join(30)


@pytest.fixture
def proxy_and_house(root: Path, tmp_path: Path) -> Iterator[tuple[TunnelProxy, House]]:
    with venues(tmp_path, LIVELY, SPEED) as (config, switch), proxied(tmp_path, config) as proxy:
        port = free_port()
        text = config.read_text("utf-8")
        config.write_text(text.replace("port = 9464", f"port = {port}", 1), "utf-8")
        trusted = {"HTTPS_PROXY": proxy.url, "SSL_CERT_FILE": str(tmp_path / "server.pem")}
        house = House(root, tmp_path, config, port, switch, environment=trusted)
        yield proxy, house
        for life in house.lives:
            life.killed()


@pytest.mark.promise("through-a-proxy")
@pytest.mark.timeout(300)
def test_a_whole_run_goes_through_a_proxy(proxy_and_house: tuple[TunnelProxy, House]) -> None:
    """Books by the stream, games and odds by requests, an order filled, and a replay that repeats it."""
    proxy, house = proxy_and_house
    life = house.begin()
    traded(house)
    seen(life, lambda: any(row["sportsbooks"] for row in house.ask("games")), "odds")
    life.process.terminate()
    assert life.process.wait(2 * STOP_S_ALL) == Exit.OK, life.errors()
    assert set(proxy.asked) == {f"CONNECT {KALSHI}", f"CONNECT {BALLDONTLIE}"}
    assert verify(house.url).problems == ()
    assert_repeats(house)
