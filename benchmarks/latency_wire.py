"""A simulated evening on the wire at a steady rate, sent by a process that notes when each frame leaves.

Used by `benchmarks.latency`, which starts `python -m benchmarks.latency_wire COUNT RATE` and reads the port
from its first line. The first connection is the venue's stream; the second is told, in nanoseconds of the
machine's monotonic clock, when each delta was handed to the kernel.
"""

import argparse
import base64
import contextlib
import hashlib
import json
import socket
import struct
import time
from collections.abc import Sequence
from typing import Final

import attrs

from venues.simulator.evening import generate
from venues.simulator.world.settings import EveningSettings, Output

EVENING: Final = EveningSettings(
    games=6,
    rungs=19,
    tip_gap_minutes=0,
    pregame_minutes=5,
    activity=5,
    postponed=False,
    cancelled=False,
    # The evening is sent much faster than it was; polls come about as often as on a clock.
    box_poll_seconds=1_000,
    odds_poll_seconds=3_000,
    games_poll_seconds=6_000,
    listing_poll_seconds=90_000,
)
GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
DELTA: Final = "orderbook_delta"


@attrs.frozen
class Evening:
    """The evening's frames in a subscription of their own, and what is heard beside them."""

    tickers: tuple[str, ...]
    opening: tuple[str, ...]
    """The answer to the subscription and a snapshot of each market."""
    deltas: tuple[str, ...]
    beside: tuple[tuple[int, Output], ...]
    """Bodies of the other interfaces, each after so many deltas."""
    starts_at: int
    seconds: float
    """How long the deltas take in the evening."""


def evening(count: int) -> Evening:
    """The first `count` deltas of the evening."""
    snapshots: dict[str, str] = {}
    deltas: list[str] = []
    beside: list[tuple[int, Output]] = []
    first = last = 0
    for output in generate(EVENING):
        first, last = first or output.at, output.at
        if output.source != "kalshi.ws":
            beside.append((len(deltas), output))
        elif output.what == "orderbook_snapshot":
            frame = json.loads(output.body)
            snapshots.setdefault(frame["msg"]["market_ticker"], output.body)
        elif output.what == "orderbook_delta":
            deltas.append(output.body)
        if len(deltas) == count:
            break
    opening = ['{"id":1,"type":"subscribed","msg":{"channel":"orderbook_delta","sid":1}}']
    opening += [_numbered(body, number) for number, body in enumerate(snapshots.values(), start=1)]
    numbered = [_numbered(body, len(opening) + number) for number, body in enumerate(deltas)]
    return Evening(
        tuple(snapshots), tuple(opening), tuple(numbered), tuple(beside), first, (last - first) / 1e9
    )


def _numbered(body: str, seq: int) -> str:
    return json.dumps({**json.loads(body), "sid": 1, "seq": seq}, separators=(",", ":"))


def serve(count: int, rate: int) -> None:
    """Send the evening to one client at a steady rate; then tell a second connection when each frame left."""
    what = evening(count)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    client, _ = listener.accept()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    _greet(client)
    client.recv(65_536)
    for text in what.opening:
        client.sendall(_framed(text))
    left = _paced(client, [_framed(text) for text in what.deltas], rate)
    teller, _ = listener.accept()
    teller.sendall(struct.pack(f"<{len(left)}Q", *left))
    teller.close()
    with contextlib.suppress(ConnectionError):
        while client.recv(65_536):
            pass


def _paced(client: socket.socket, frames: Sequence[bytes], rate: int) -> list[int]:
    """Send each frame at its time, or at once if it is late; when each left, by the machine's clock."""
    began = time.monotonic_ns() + 1_000_000_000
    left = []
    for number, frame in enumerate(frames):
        due = began + number * 1_000_000_000 // rate
        while (wait := due - time.monotonic_ns()) > 0:
            time.sleep(wait / 1e9)
        left.append(time.monotonic_ns())
        client.sendall(frame)
    return left


def _greet(client: socket.socket) -> None:
    head = client.recv(65_536).decode()
    key = next(
        line.split(": ")[1] for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key")
    )
    accept = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()  # noqa: S324
    client.sendall(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
        f"sec-websocket-accept: {accept}\r\n\r\n".encode()
    )


def _framed(text: str) -> bytes:
    payload = text.encode()
    if len(payload) < 126:
        return bytes([0x81, len(payload)]) + payload
    return bytes([0x81, 126]) + len(payload).to_bytes(2, "big") + payload


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Send an evening at a steady rate.")
    parser.add_argument("count", type=int)
    parser.add_argument("rate", type=int)
    chosen = parser.parse_args()
    serve(chosen.count, chosen.rate)
