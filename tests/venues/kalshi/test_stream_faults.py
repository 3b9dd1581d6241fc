"""Faults of the stream that take more than one connection to show (A2 to A4, A15, A16)."""

import json
import socket
import ssl
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import attrs
import pytest
import trio

from engine.events import BookSnapshot, VenueEvent
from engine.message import changed
from tests.venues.certificates import server_context
from tests.venues.kalshi.stage import LIMITS, QUICK, Edge, Venue, answering, serve
from tests.venues.peers import PING, PONG, TEXT, WebSocketPeer, frame, header, listen, until
from venues.kalshi.stream import KalshiStream, StreamRetryPolicy

NANOS = 1_000_000_000


class Names(trio.abc.HostnameResolver):
    """A resolver that finds nobody until it is told to."""

    def __init__(self) -> None:
        self.found = False
        self.asked = 0

    async def getaddrinfo(  # type: ignore[override]  # the rest is not looked at
        self, host: object, port: int, *rest: object
    ) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        """The address of loopback, or none."""
        await trio.lowlevel.checkpoint()
        self.asked += 1
        if not self.found:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", int(port)))]

    async def getnameinfo(self, sockaddr: object, flags: int) -> tuple[str, str]:
        """Nobody asks."""
        raise NotImplementedError


@pytest.mark.fault("A2")
async def test_a2_a_name_that_comes_back_is_connected_to_by_the_same_stream(nursery: trio.Nursery) -> None:
    names = Names()
    trio.socket.set_custom_hostname_resolver(names)
    edge = Edge()
    port = await serve(nursery, answering)
    stream = edge.stream(port)
    stream._url = f"ws://venue.example:{port}/trade-api/ws/v2"
    stream.want(["A"])
    nursery.start_soon(stream.run)
    await until(lambda: names.asked >= 3)
    assert (stream.status.connected, stream.status.last_error_kind) == (False, "Unreachable")
    assert "name resolution" in stream.status.last_error
    assert edge.lines == []
    names.found = True
    await until(lambda: edge.count(BookSnapshot) == 1)
    assert stream.status.connected
    nursery.cancel_scope.cancel()


@pytest.mark.fault("A3")
@pytest.mark.parametrize("fault", ["expired", "wrong name", "unknown issuer"])
async def test_a3_a_bad_certificate_is_named_and_tried_slowly(
    nursery: trio.Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """Verification stays on: what the venue offers is refused each time, and there is no storm of tries."""
    context, trusting = server_context(tmp_path, fault)
    tried: list[float] = []

    async def handle(stream: trio.SocketStream) -> None:
        tried.append(trio.current_time())
        await trio.SSLStream(stream, context, server_side=True).do_handshake()

    monkeypatch.setattr("ssl.create_default_context", lambda: trusting)
    edge = Edge()
    port = await listen(nursery, handle)
    stream = edge.stream(port, retry=attrs.evolve(QUICK, refused_wait_s=0.2))
    stream._url = f"wss://127.0.0.1:{port}/trade-api/ws/v2"
    nursery.start_soon(stream.run)
    await until(lambda: len(tried) == 3)
    # The draw of one half makes it three times the least wait of 0.2 s.
    assert all(later - earlier >= 0.55 for earlier, later in pairwise(tried))
    await until(lambda: stream.status.waiting_s > 0)
    assert stream.status.last_error_kind == "TlsRefused"
    words = {"expired": "expired", "wrong name": "IP address mismatch", "unknown issuer": "self-signed"}
    assert words[fault] in stream.status.last_error
    assert trusting.verify_mode is ssl.CERT_REQUIRED
    assert edge.lines == []
    nursery.cancel_scope.cancel()


@pytest.mark.fault("A4")
@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
async def test_a4_a_refused_key_signs_each_of_its_few_attempts_anew(
    nursery: trio.Nursery, status: str
) -> None:
    heads: list[str] = []
    tried: list[float] = []

    async def handle(stream: trio.SocketStream) -> None:
        peer = WebSocketPeer(stream)
        tried.append(trio.current_time())
        await peer.refuse(status, "no")
        heads.append(peer.head)

    edge = Edge()
    stream = edge.stream(await listen(nursery, handle), retry=attrs.evolve(QUICK, refused_wait_s=0.1))
    nursery.start_soon(stream.run)
    await until(lambda: len(heads) == 4)
    assert len({header(head, "kalshi-access-signature") for head in heads}) == 4
    assert len({header(head, "kalshi-access-timestamp") for head in heads}) == 4
    assert all(later - earlier >= 0.25 for earlier, later in pairwise(tried))
    assert stream.status.last_error_kind == "CredentialsRefused"
    nursery.cancel_scope.cancel()


@pytest.mark.fault("A15")
async def test_a15_messages_that_are_always_too_long_are_met_with_longer_and_longer_pauses(
    nursery: trio.Nursery,
) -> None:
    """No message is held in memory beyond its bound, however often it comes."""

    async def script(venue: Venue) -> None:
        await venue.answer()
        await venue.peer.say("x" * 300_000)
        await trio.sleep_forever()

    edge = Edge()
    retry = StreamRetryPolicy(wait_s_base=0.02, wait_s_max=5.0)
    stream = edge.stream(await serve(nursery, script), retry=retry)
    stream._given = attrs.evolve(stream._given, limits=attrs.evolve(LIMITS, message_bytes_max=100_000))
    stream.want(["A"])
    pauses: dict[int, float] = {}

    async def note() -> None:
        while True:
            pauses.setdefault(stream.status.failures_in_row, stream.status.waiting_s)
            if not pauses[stream.status.failures_in_row]:
                del pauses[stream.status.failures_in_row]
            await trio.sleep(0.001)

    nursery.start_soon(stream.run)
    nursery.start_soon(note)
    await until(lambda: stream.status.failures_in_row == 6 and stream.status.waiting_s > 0, within_s=60)
    await until(lambda: 6 in pauses)
    assert stream.status.last_error_kind == "BodyTooLarge"
    assert [pauses[each] for each in sorted(pauses)] == sorted(pauses.values())
    assert pauses[6] >= 10 * 0.02
    assert max(len(line.body) for line in edge.lines) < 1_000
    nursery.cancel_scope.cancel()


def flood(count: int, first: int, wall_ms: int) -> Iterator[bytes]:
    """Changes of one book, all of them stamped with one moment of the venue."""
    for number in range(count):
        msg = {
            "market_ticker": "A",
            "price_dollars": "0.4100",
            "delta_fp": "1.00",
            "side": "yes",
            "ts_ms": wall_ms,
        }
        body = {"type": "orderbook_delta", "sid": 1, "seq": first + number, "msg": msg}
        yield frame(TEXT, json.dumps(body).encode())


@attrs.define
class Slow:
    """An engine that takes longer over each frame than the venue over sending it, and keeps nothing."""

    edge: Edge
    seconds: float = 0.0
    lags: list[float] = attrs.field(factory=list)
    stream: KalshiStream | None = None

    def on_text(self, conn: int, what: str, text: str) -> tuple[int, Sequence[VenueEvent]]:
        _, events = self.edge.on_text(conn, what, text)
        self.edge.lines.clear()
        self.edge.events.clear()
        if what == "orderbook_delta":
            until_s = time.perf_counter() + self.seconds
            while time.perf_counter() < until_s:
                pass
            assert self.stream is not None
            self.lags.append(self.stream.status.lag_s)
        return time.time_ns(), [changed(event, at=time.time_ns()) for event in events]


@pytest.mark.fault("A16")
async def test_a16_a_flood_makes_the_lag_rise_and_fall_again_and_nothing_pile_up(
    nursery: trio.Nursery,
) -> None:
    """4,000 frames at once to an engine that needs a fifth of a millisecond for each: nothing is dropped, the
    rest waits at the venue and not with us, and pings are answered in between.
    """
    waits: list[float] = []

    async def script(venue: Venue) -> None:
        await venue.answer()
        begun = time.time_ns() // 1_000_000
        for burst in range(20):
            for data in flood(200, venue.seq + 1, begun):
                await venue.peer.stream.send_all(data)
            venue.seq += 200
            if burst % 5 == 4:
                began = trio.current_time()
                await venue.peer.stream.send_all(frame(PING, b"now"))
                while (await venue.peer.receive())[0] != PONG:
                    pass
                waits.append(trio.current_time() - began)
        await trio.sleep(0.1)
        for data in flood(1, venue.seq + 1, time.time_ns() // 1_000_000):
            await venue.peer.stream.send_all(data)
        await trio.sleep_forever()

    slow = Slow(Edge(), 0.000_2)
    slow.stream = stream = slow.edge.stream(await serve(nursery, script), hear=slow.on_text)
    stream.want(["A"])
    tracemalloc.start()
    try:
        nursery.start_soon(stream.run)
        await until(lambda: len(slow.lags) == 4_001, within_s=60)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert max(slow.lags) > 0.5
    await until(lambda: stream.status.lag_s < max(slow.lags) / 2)
    assert len(waits) == 4
    assert max(waits) < 1.0 + 1_000 * slow.seconds * 5
    assert peak < 4_000_000
    assert (stream.status.connected, stream.status.attempts) == (True, 1)
    nursery.cancel_scope.cancel()
