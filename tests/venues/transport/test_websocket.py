"""One WebSocket connection over loopback: every way to fail has its word, every wait its end."""

import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import trio

from tests.venues.certificates import server_context
from tests.venues.peers import CLOSE, PING, PONG, TEXT, WebSocketPeer, frame, listen, until, websocket
from venues.errors import (
    BodyTooLarge,
    ClockRefused,
    ConnectionEnded,
    CredentialsRefused,
    RateLimited,
    RequestRefused,
    ServerFailed,
    TimedOut,
    TlsRefused,
    Unreachable,
    VenueError,
)
from venues.transport.websocket import Socket, SocketLimits, open_socket

LIMITS = SocketLimits(
    open_s_max=1.0, send_s_max=0.3, close_s_max=0.3, silence_s_max=5.0, message_bytes_max=100_000
)


@asynccontextmanager
async def connected(
    nursery: trio.Nursery,
    handler: Callable[[WebSocketPeer], Awaitable[None]],
    texts: list[str] | None = None,
    limits: SocketLimits = LIMITS,
) -> AsyncGenerator[Socket, None]:
    """An open connection to a peer that does what `handler` says."""
    port = await listen(nursery, websocket(handler))
    heard = [] if texts is None else texts
    async with open_socket(f"ws://127.0.0.1:{port}/ws?x=1", {"x-test": "1"}, heard.append, limits) as socket:
        yield socket


async def opening(url: str, **more: object) -> VenueError:
    """The error that opening gives."""
    with pytest.raises(VenueError) as caught:
        async with open_socket(url, {}, lambda _: None, LIMITS, **more):  # type: ignore[arg-type]
            pass
    return caught.value


async def refused(nursery: trio.Nursery, status: str, *headers: str) -> VenueError:
    async def handle(stream: trio.SocketStream) -> None:
        await WebSocketPeer(stream).refuse(status, '{"error":"no"}', *headers)
        await trio.sleep_forever()

    return await opening(f"ws://127.0.0.1:{await listen(nursery, handle)}/")


async def test_texts_come_in_order_and_messages_go_out(nursery: trio.Nursery) -> None:
    texts: list[str] = []

    async def echo(peer: WebSocketPeer) -> None:
        assert peer.head.startswith("GET /ws?x=1 HTTP/1.1")
        assert "x-test: 1" in peer.head.lower()
        while True:
            opcode, payload = await peer.receive()
            if opcode == TEXT:
                await peer.say(payload.decode())

    async with connected(nursery, echo, texts) as socket:
        for index in range(50):
            await socket.send(f"message {index}")
        await until(lambda: len(texts) == 50)
    assert texts == [f"message {index}" for index in range(50)]


@pytest.mark.fault("A1")
async def test_a1_a_refused_connection_is_unreachable() -> None:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    await listeners[0].aclose()
    assert isinstance(await opening(f"ws://127.0.0.1:{port}/"), Unreachable)


@pytest.mark.fault("A2")
async def test_a2_a_name_that_is_not_found_is_unreachable() -> None:
    assert isinstance(await opening("ws://no-such-host.invalid/"), Unreachable)


@pytest.mark.fault("A3")
async def test_a3_a_certificate_that_nobody_vouches_for_is_refused(
    nursery: trio.Nursery, tmp_path: Path
) -> None:
    context, _ = server_context(tmp_path)

    async def handle(stream: trio.SocketStream) -> None:
        await trio.SSLStream(stream, context, server_side=True).do_handshake()

    error = await opening(f"wss://127.0.0.1:{await listen(nursery, handle)}/")
    assert isinstance(error, TlsRefused)
    assert "CERTIFICATE_VERIFY_FAILED" in str(error)


@pytest.mark.fault("A3")
async def test_a3_a_handshake_that_the_peer_refuses_is_named(nursery: trio.Nursery) -> None:
    async def handle(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(b"\x15\x03\x03\x00\x02\x02\x28")  # a TLS alert: handshake failure
        await trio.sleep(0.5)

    error = await opening(
        f"wss://127.0.0.1:{await listen(nursery, handle)}/", ssl_context=ssl.create_default_context()
    )
    assert isinstance(error, TlsRefused)


@pytest.mark.fault("A4")
@pytest.mark.parametrize(
    "status, kind",
    [
        ("401 Unauthorized", CredentialsRefused),
        ("403 Forbidden", CredentialsRefused),
        ("429 Too Many Requests", RateLimited),
        ("404 Not Found", RequestRefused),
        ("503 Service Unavailable", ServerFailed),
    ],
)
async def test_a4_a_refused_upgrade_says_why(
    nursery: trio.Nursery, status: str, kind: type[RequestRefused]
) -> None:
    error = await refused(nursery, status)
    assert type(error) is kind
    assert isinstance(error, RequestRefused)
    assert error.detail == '{"error":"no"}'


@pytest.mark.fault("B10")
async def test_b10_a_refusal_with_a_date_far_from_ours_is_about_the_clock(nursery: trio.Nursery) -> None:
    date = format_datetime(datetime.now(UTC) - timedelta(minutes=3), usegmt=True)
    error = await refused(nursery, "401 Unauthorized", f"date: {date}")
    assert isinstance(error, ClockRefused)
    assert "+180 s" in str(error) or "+181 s" in str(error)


@pytest.mark.fault("A5")
async def test_a5_a_reset_in_the_middle_of_a_message_drops_the_part_and_ends(nursery: trio.Nursery) -> None:
    texts: list[str] = []

    async def handle(peer: WebSocketPeer) -> None:
        await peer.stream.send_all(frame(TEXT, b"whole") + frame(TEXT, b"x" * 300)[:100])

    async with connected(nursery, handle, texts) as socket:
        with trio.fail_after(2):
            assert isinstance(await socket.wait_ended(), ConnectionEnded)
    assert texts == ["whole"]


@pytest.mark.fault("A7")
@pytest.mark.limit("engine.toml:kalshi.silence_ms_max")
async def test_a7_a_peer_that_falls_silent_is_given_up_in_time(nursery: trio.Nursery) -> None:
    limits = SocketLimits(silence_s_max=0.3, close_s_max=0.1)

    async def handle(_peer: WebSocketPeer) -> None:
        await trio.sleep_forever()

    async with connected(nursery, handle, limits=limits) as socket:
        with trio.fail_after(2):
            reason = await socket.wait_ended()
    assert "silent" in str(reason)


async def test_pings_keep_a_quiet_connection_alive_but_do_not_count_as_texts(nursery: trio.Nursery) -> None:
    limits = SocketLimits(silence_s_max=0.4, close_s_max=0.1)
    pongs: list[object] = []

    async def handle(peer: WebSocketPeer) -> None:
        for _ in range(10):
            await peer.stream.send_all(frame(PING, b"heartbeat"))
            if await peer.receive() == (PONG, b"heartbeat"):
                pongs.append(peer)
            await trio.sleep(0.1)
        await trio.sleep_forever()

    async with connected(nursery, handle, limits=limits) as socket:
        with trio.move_on_after(0.9):
            await socket.wait_ended()
            raise AssertionError("ended although it was pinged")
        assert socket.idle_s > 0.5
        assert len(pongs) >= 5


@pytest.mark.fault("A8")
async def test_a8_a_peer_that_never_closes_is_left_within_the_deadline(nursery: trio.Nursery) -> None:
    async def handle(_peer: WebSocketPeer) -> None:
        await trio.sleep_forever()

    async with connected(nursery, handle):
        began = trio.current_time()
    assert LIMITS.close_s_max <= trio.current_time() - began < LIMITS.close_s_max + 0.5


async def test_a_close_of_the_peer_gives_its_code_and_reason(nursery: trio.Nursery) -> None:
    async def handle(peer: WebSocketPeer) -> None:
        await peer.stream.send_all(frame(CLOSE, b"\x03\xe9maintenance"))
        await peer.receive()

    async with connected(nursery, handle) as socket:
        with trio.fail_after(2):
            reason = await socket.wait_ended()
    assert isinstance(reason, ConnectionEnded)
    assert reason.code == 1001
    assert "maintenance" in str(reason)


@pytest.mark.fault("A15")
@pytest.mark.limit("venues.transport.websocket:SocketLimits.message_bytes_max")
async def test_a15_a_message_above_the_limit_is_closed_with_1009(nursery: trio.Nursery) -> None:
    closes: list[bytes] = []

    async def handle(peer: WebSocketPeer) -> None:
        await peer.say("x" * 100_001)
        while True:
            opcode, payload = await peer.receive()
            if opcode == CLOSE:
                closes.append(payload[:2])
                return

    async with connected(nursery, handle) as socket:
        with trio.fail_after(2):
            assert isinstance(await socket.wait_ended(), BodyTooLarge)
    assert closes == [(1009).to_bytes(2, "big")]


@pytest.mark.fault("A16")
async def test_a16_pings_are_answered_at_once_while_the_consumer_does_nothing(nursery: trio.Nursery) -> None:
    """The callback puts aside; nobody takes away. The reader goes on all the same."""
    texts: list[str] = []
    waits: list[float] = []

    async def handle(peer: WebSocketPeer) -> None:
        for _ in range(20):
            await peer.stream.send_all(frame(TEXT, b"x" * 200) * 500)
            began = trio.current_time()
            await peer.stream.send_all(frame(PING, b"now"))
            while (await peer.receive())[0] != PONG:
                pass
            waits.append(trio.current_time() - began)
        await peer.say("done")
        await trio.sleep_forever()

    async with connected(nursery, handle, texts):
        await until(lambda: bool(texts) and texts[-1] == "done")
    assert len(texts) == 10_001
    assert max(waits) < 1.0


@pytest.mark.fault("A17")
async def test_a17_one_byte_a_segment_gives_the_same_texts(nursery: trio.Nursery) -> None:
    texts: list[str] = []

    async def handle(peer: WebSocketPeer) -> None:
        for byte in frame(TEXT, b'{"type":"ok"}') + frame(TEXT, "é".encode()) + frame(CLOSE, b"\x03\xe8"):
            await peer.stream.send_all(bytes([byte]))
            await trio.lowlevel.checkpoint()
        await peer.receive()

    async with connected(nursery, handle, texts) as socket:
        with trio.fail_after(2):
            await socket.wait_ended()
    assert texts == ['{"type":"ok"}', "é"]


async def flood(socket: Socket) -> None:
    """Send more than any buffer holds."""
    for _ in range(200):
        await socket.send("x" * 1_000_000)


async def test_a_send_that_does_not_finish_gives_the_connection_up(nursery: trio.Nursery) -> None:
    async def handle(_peer: WebSocketPeer) -> None:
        await trio.sleep_forever()  # never reads

    async with connected(nursery, handle) as socket:
        with trio.fail_after(5):
            with pytest.raises(TimedOut) as caught:
                await flood(socket)
            assert caught.value.phase == "write"
            assert await socket.wait_ended() is caught.value
            with pytest.raises(VenueError):
                await socket.send("again")


async def test_a_cancelled_send_gives_the_connection_up(nursery: trio.Nursery) -> None:
    async def handle(_peer: WebSocketPeer) -> None:
        await trio.sleep_forever()

    async with connected(nursery, handle) as socket:
        with trio.move_on_after(0.05):
            while True:
                await socket.send("x" * 1_000_000)
        with trio.fail_after(1):
            await socket.wait_ended()


async def test_a_handshake_that_never_ends_is_timed_out(nursery: trio.Nursery) -> None:
    async def handle(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await trio.sleep_forever()

    error = await opening(f"ws://127.0.0.1:{await listen(nursery, handle)}/")
    assert isinstance(error, TimedOut)
    assert error.phase == "connect"


async def test_a_peer_that_speaks_no_websocket_is_named(nursery: trio.Nursery) -> None:
    async def handle(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        await trio.sleep(0.5)

    assert isinstance(await opening(f"ws://127.0.0.1:{await listen(nursery, handle)}/"), VenueError)


async def test_a_crash_of_the_callback_is_a_crash_and_not_a_lost_connection(nursery: trio.Nursery) -> None:
    def crash(_text: str) -> None:
        raise ZeroDivisionError

    async def handle(peer: WebSocketPeer) -> None:
        await peer.say("hello")
        await trio.sleep_forever()

    port = await listen(nursery, websocket(handle))
    with pytest.raises(ZeroDivisionError), trio.fail_after(2):
        async with open_socket(f"ws://127.0.0.1:{port}/", {}, crash, LIMITS) as socket:
            await socket.wait_ended()
