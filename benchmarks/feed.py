"""`python -m benchmarks.feed`: how much of a bare WebSocket client's rate our market feed keeps.

The reference is a loop over trio-websocket that receives the same frames and does nothing with them. Ours
takes each frame through the tap, the translation into events, the sequence numbers and the session. The
server is a process of its own and sends as fast as it can. Medians of several rounds, candidates in turn.
The bar is what the project promises.
"""

import base64
import hashlib
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence

import trio
import trio_websocket

from benchmarks.results import Result, finish, options
from engine.events import BookDelta, VenueEvent
from tipoff.sources.registry import translator
from venues.kalshi.stream import KalshiStream, StreamDependencies
from venues.recordings.segments import Line

FRAMES = 60_000
ROUNDS = 5
RATE_MIN = 3.0
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
SUBSCRIBED = b'{"id":1,"type":"subscribed","msg":{"channel":"orderbook_delta","sid":1}}'
SNAPSHOT = (
    b'{"type":"orderbook_snapshot","sid":1,"seq":1,"msg":{"market_ticker":"KXNBAGAME-26JAN14WASLAC-LAC",'
    b'"market_id":"957ed958-9b9b-4a98-b024-16a394cd214c"}}'
)


def delta(seq: int) -> bytes:
    """A frame as the venue sends it."""
    return (
        f'{{"type":"orderbook_delta","sid":1,"seq":{seq},'
        f'"msg":{{"market_ticker":"KXNBAGAME-26JAN14WASLAC-LAC",'
        f'"market_id":"957ed958-9b9b-4a98-b024-16a394cd214c","price_dollars":"0.{seq % 90 + 10}00",'
        f'"delta_fp":"{seq % 500 + 1}.00","side":"{"yes" if seq % 2 else "no"}",'
        f'"ts":"2026-01-14T06:46:28.978Z","ts_ms":{1_768_373_188_978 + seq}}}}}'
    ).encode()


def framed(payload: bytes) -> bytes:
    """A text frame, not masked."""
    length = len(payload)
    head = bytes([0x81, length]) if length < 126 else bytes([0x81, 126]) + length.to_bytes(2, "big")
    return head + payload


def serve() -> None:
    """Send everything to each client that says something, until killed."""
    payloads = [SUBSCRIBED, SNAPSHOT, *(delta(seq) for seq in range(2, FRAMES + 2))]
    everything = b"".join(framed(payload) for payload in payloads)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        client, _ = listener.accept()
        with client:
            head = client.recv(65_536).decode()
            key = next(
                line.split(": ")[1]
                for line in head.split("\r\n")
                if line.lower().startswith("sec-websocket-key")
            )
            accept = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()  # noqa: S324
            client.sendall(
                "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
                f"sec-websocket-accept: {accept}\r\n\r\n".encode()
            )
            client.recv(65_536)
            try:
                client.sendall(everything)
                client.recv(65_536)
            except ConnectionError:
                pass


async def bare(url: str) -> float:
    """Receive and do nothing; the library gets a long queue and a large buffer, which are its best."""
    async with trio_websocket.open_websocket_url(
        url, message_queue_size=1_000, receive_buffer_size=65_536, disconnect_timeout=0.1
    ) as connection:
        await connection.send_message("{}")
        began = time.perf_counter()
        for _ in range(FRAMES + 2):
            await connection.get_message()
        return time.perf_counter() - began


async def ours(url: str) -> float:
    """Follow the stream as the engine does, up to its events."""
    translate = translator().translate
    done = trio.Event()
    began = [0.0]
    counted = [0]

    def hear(conn: int, what: str, text: str) -> tuple[int, Sequence[VenueEvent]]:
        at = time.time_ns()
        events = translate(Line(at, 0, "kalshi.ws", conn, what, text))
        if what == "connected":
            began[0] = time.perf_counter()
        for event in events:
            if type(event) is BookDelta:
                counted[0] += 1
        if counted[0] == FRAMES:
            done.set()
        return at, events

    given = StreamDependencies(
        hear=hear,
        on_gap=lambda gap: sys.exit(f"a gap where there is none: {gap}"),
        wall=time.time_ns,
        draw=lambda: 0.0,
        channels=("orderbook_delta",),
    )
    stream = KalshiStream(url, None, given)
    stream.want(["KXNBAGAME-26JAN14WASLAC-LAC"])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stream.run)
        await done.wait()
        took = time.perf_counter() - began[0]
        nursery.cancel_scope.cancel()
    return took


def measured(client: Callable[[str], Awaitable[float]], url: str) -> tuple[float, float]:
    """Frames a second, and processor time a frame in microseconds."""
    used = time.process_time()
    took = trio.run(client, url)
    return FRAMES / took, (time.process_time() - used) / FRAMES * 1e6


def main(arguments: Sequence[str]) -> int:
    """Return 0 if the feed keeps its share."""
    if arguments == ["--serve"]:
        serve()
        return 0
    asked = options(__doc__, arguments)
    command = [sys.executable, "-m", "benchmarks.feed", "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:  # noqa: S603 - ourselves
        assert server.stdout is not None
        url = f"ws://127.0.0.1:{int(server.stdout.readline())}/trade-api/ws/v2"
        try:
            rounds = [(measured(bare, url), measured(ours, url)) for _ in range(asked.rounds(ROUNDS))]
        finally:
            server.kill()
    for name, index in (("bare trio-websocket loop", 0), ("our feed, frames to events", 1)):
        rate = statistics.median(pair[index][0] for pair in rounds)
        micros = statistics.median(pair[index][1] for pair in rounds)
        print(f"{name:28} {rate:12,.0f} frames/s {micros:8.2f} µs of processor a frame")
    share = tuple(mine[0] / reference[0] for reference, mine in rounds)
    cost = tuple(mine[1] / reference[1] for reference, mine in rounds)
    return finish(
        [
            Result("feed, frames to events: rate / bare trio-websocket loop's", share, at_least=RATE_MIN),
            Result("feed, frames to events: processor time / bare loop's", cost),
        ],
        asked,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
