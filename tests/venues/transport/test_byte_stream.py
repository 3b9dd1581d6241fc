"""Requests and streams through a real proxy on loopback, to a host that only the proxy knows."""

import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import attrs
import pytest
import trio

from tests.venues.certificates import NAME, server_context
from tests.venues.peers import WebSocketPeer, answer, http, listen, until
from tests.venues.proxies import TunnelProxy
from venues.errors import TimedOut, TlsRefused, Unreachable, VenueError
from venues.transport.byte_stream import HEAD_BYTES_MAX
from venues.transport.http import Http, HttpLimits
from venues.transport.websocket import SocketLimits, open_socket

HOST = f"{NAME}:443"
LIMITS = HttpLimits(total_s_max=2.0, connect_s_max=0.3, read_s_max=1.0)
STREAM_LIMITS = SocketLimits(open_s_max=1.0, close_s_max=0.3)
Handler = Callable[[trio.SocketStream], Awaitable[None]]


@attrs.frozen
class Scene:
    """A proxy, and behind it a server in TLS that answers requests and takes streams."""

    proxy: TunnelProxy
    trusting: ssl.SSLContext

    async def request(self) -> str:
        """The body of an answer of the venue."""
        async with Http(f"https://{NAME}/root", LIMITS, ssl_context=self.trusting) as client:
            return (await client.get("/x")).body

    async def stream(self, texts: list[str] | None = None) -> str:
        """The first text that the venue's stream sends."""
        heard: list[str] = [] if texts is None else texts
        url = f"wss://{NAME}/ws"
        async with open_socket(url, {}, heard.append, STREAM_LIMITS, self.trusting):
            await until(lambda: bool(heard))
        return heard[0]

    async def failing(self, way: str) -> VenueError:
        """What a request or a stream fails with."""
        with pytest.raises(VenueError) as caught:
            await getattr(self, way)()
        return caught.value


@pytest.fixture
async def scene(nursery: trio.Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """The environment names the proxy."""
    context, trusting = server_context(tmp_path, "")

    async def serve(raw: trio.SocketStream) -> None:
        stream = trio.SSLStream(raw, context, server_side=True, https_compatible=True)
        peer = WebSocketPeer(stream)
        try:
            await stream.do_handshake()
            if stream.selected_alpn_protocol() == "http/1.1":
                await http(lambda head: answer(head.split(" ")[1]))(stream)  # type: ignore[arg-type]
            else:
                await peer.accept()
                await peer.say("hello")
                await trio.sleep_forever()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return

    context.set_alpn_protocols(["http/1.1"])
    proxy = await TunnelProxy({HOST: await listen(nursery, serve)}).start(nursery)
    point_to(monkeypatch, proxy.url)
    return Scene(proxy, trusting)


def point_to(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for name in ("https_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", url)


WAYS = pytest.mark.parametrize("way", ["request", "stream"])


@pytest.mark.promise("through-a-proxy")
async def test_a_request_goes_through_the_proxy_which_alone_resolves_the_name(scene: Scene) -> None:
    assert await scene.request() == "/root/x"
    assert scene.proxy.asked == [f"CONNECT {HOST}"]


@pytest.mark.promise("through-a-proxy")
async def test_a_stream_goes_through_the_proxy_which_alone_resolves_the_name(scene: Scene) -> None:
    assert await scene.stream() == "hello"
    assert scene.proxy.asked == [f"CONNECT {HOST}"]


@WAYS
async def test_a_proxy_that_wants_a_password_is_given_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    scene.proxy.credentials = "me:secret"
    assert "user and a password" in str(refused := await scene.failing(way))
    assert isinstance(refused, Unreachable)
    point_to(monkeypatch, scene.proxy.url)
    await getattr(scene, way)()
    assert scene.proxy.asked == [f"CONNECT {HOST}"] * 2


@WAYS
async def test_a_proxy_in_tls_is_verified(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: str
) -> None:
    scene.proxy.context, trusting = server_context(tmp_path, "")
    point_to(monkeypatch, scene.proxy.url)
    assert isinstance(await scene.failing(way), TlsRefused)
    assert scene.proxy.asked == []
    monkeypatch.setattr("ssl.create_default_context", lambda: trusting)
    await getattr(scene, way)()
    assert scene.proxy.asked == [f"CONNECT {HOST}"]


@WAYS
async def test_what_a_proxy_refuses_is_unreachable_by_its_words(scene: Scene, way: str) -> None:
    scene.proxy.ports.clear()
    error = await scene.failing(way)
    assert isinstance(error, Unreachable)
    assert f"through the proxy 127.0.0.1:{scene.proxy.port}" in str(error)
    assert "HTTP 502 Bad Gateway" in str(error)


@WAYS
async def test_a_proxy_that_is_not_there_is_named(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    point_to(monkeypatch, "http://me:secret@127.0.0.1:1")
    error = await scene.failing(way)
    assert isinstance(error, Unreachable)
    assert str(error).endswith("through the proxy 127.0.0.1:1: the connection was refused")


@WAYS
async def test_a_proxy_that_hangs_is_waited_for_no_longer_than_for_a_connection(
    scene: Scene, way: str
) -> None:
    scene.proxy.hangs = True
    error = await scene.failing(way)
    assert isinstance(error, TimedOut)
    assert f"through the proxy 127.0.0.1:{scene.proxy.port}" in str(error) or way == "request"


@WAYS
@pytest.mark.limit("venues.transport.byte_stream:HEAD_BYTES_MAX")
@pytest.mark.parametrize(
    "says", [b"220 smtp.example ESMTP\r\n\r\n", b"HTTP/1.1 200 OK\r\nx: " + b"x" * 200_000, b"\x15\x03\x01"]
)
async def test_what_is_no_proxy_is_unreachable(scene: Scene, way: str, says: bytes) -> None:
    scene.proxy.says = says
    assert isinstance(await scene.failing(way), Unreachable)
    assert HEAD_BYTES_MAX < 200_000


@WAYS
async def test_a_certificate_behind_the_proxy_is_verified_for_the_venues_name(scene: Scene, way: str) -> None:
    strict = attrs.evolve(scene, trusting=ssl.create_default_context())
    assert isinstance(await strict.failing(way), TlsRefused)


async def test_hosts_of_no_proxy_are_not_asked_of_the_proxy(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "test")
    for way in ("request", "stream"):
        assert "the name cannot be resolved" in str(await scene.failing(way))
    assert scene.proxy.asked == []


async def test_cancelled_waits_for_a_proxy_do_not_use_up_the_connections(scene: Scene) -> None:
    scene.proxy.hangs = True
    limits = attrs.evolve(LIMITS, connections_max=3, connect_s_max=5.0, read_s_max=5.0)
    async with Http(f"https://{NAME}", limits, ssl_context=scene.trusting) as client:
        for _ in range(12):
            with trio.move_on_after(0.05):
                await client.get("/")
        assert len(scene.proxy.asked) >= 3
        scene.proxy.hangs = False
        with trio.fail_after(20):
            assert [(await client.get("/")).body for _ in range(6)] == ["/"] * 6
