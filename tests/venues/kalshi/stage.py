"""What the tests of the stream play with: an edge that notes everything, a venue that follows a script."""

from collections.abc import Awaitable, Callable, Sequence

import attrs
import trio
from cryptography.hazmat.primitives.asymmetric import ed25519

from engine.events import VenueEvent
from tests.venues.peers import WebSocketPeer, listen, websocket
from tipoff.sources.registry import translator
from venues.kalshi.auth import Signer
from venues.kalshi.session import Gap
from venues.kalshi.stream import Hear, KalshiStream, StreamDependencies, StreamRetryPolicy
from venues.recordings.segments import Line
from venues.transport.websocket import SocketLimits

QUICK = StreamRetryPolicy(wait_s_base=0.02, wait_s_max=0.05, refused_wait_s=0.5, stable_s=60.0)
LIMITS = SocketLimits(open_s_max=2.0, send_s_max=1.0, close_s_max=0.2, silence_s_max=10.0)
SIGNER = Signer("key-id", ed25519.Ed25519PrivateKey.generate())


@attrs.define
class Edge:
    """What the market feed's edge does: stamp, translate, and note everything."""

    lines: list[Line] = attrs.field(factory=list)
    events: list[VenueEvent] = attrs.field(factory=list)
    gaps: list[Gap] = attrs.field(factory=list)
    clock: int = 1_000_000_000

    def on_text(self, conn: int, what: str, text: str) -> tuple[int, Sequence[VenueEvent]]:
        self.clock += 1
        line = Line(self.clock, len(self.lines) + 1, "kalshi.ws", conn, what, text)
        found = translator().translate(line)
        self.lines.append(line)
        self.events += found
        return self.clock, found

    def stream(self, port: int, hear: Hear | None = None, retry: StreamRetryPolicy = QUICK) -> KalshiStream:
        given = StreamDependencies(
            hear=hear or self.on_text,
            on_gap=self.gaps.append,
            wall=self.wall,
            draw=lambda: 0.5,
            limits=LIMITS,
            retry=retry,
            channels=("orderbook_delta",),
        )
        return KalshiStream(f"ws://127.0.0.1:{port}/trade-api/ws/v2", SIGNER, given)

    def wall(self) -> int:
        self.clock += 1_000_000
        return self.clock

    def count(self, kind: type) -> int:
        return sum(type(event) is kind for event in self.events)


@attrs.define
class Venue:
    """A venue that serves books: `seq` counts per connection, over snapshots, deltas and replies alike."""

    peer: WebSocketPeer
    tickers: list[str] = attrs.field(factory=list)
    seq: int = 0
    commands: list[dict[str, object]] = attrs.field(factory=list)

    def number(self) -> int:
        self.seq += 1
        return self.seq

    async def answer(self) -> dict[str, object]:
        """Take one command and answer it as the venue does."""
        command = await self.peer.command()
        self.commands.append(command)
        params = command.get("params", {})
        assert isinstance(params, dict)
        tickers = list(params.get("market_tickers", []))
        if command["cmd"] == "subscribe":
            await self.peer.say(
                {
                    "id": command["id"],
                    "type": "subscribed",
                    "msg": {"channel": params["channels"][0], "sid": 1},
                }
            )
        elif command["cmd"] == "list_subscriptions":
            await self.peer.say({"id": command["id"], "type": "ok", "msg": []})
        else:
            ok = {"market_tickers": tickers}
            await self.peer.say(
                {"id": command["id"], "sid": 1, "seq": self.number(), "type": "ok", "msg": ok}
            )
        if params.get("action") != "delete_markets":
            for ticker in tickers:
                await self.snapshot(ticker)
        return command

    async def snapshot(self, ticker: str) -> None:
        msg = {"market_ticker": ticker, "yes_dollars_fp": [["0.4000", "10.00"]]}
        await self.peer.say({"type": "orderbook_snapshot", "sid": 1, "seq": self.number(), "msg": msg})

    async def delta(self, ticker: str, skip: int = 0, ts_ms: int | None = None) -> None:
        self.seq += skip
        msg: dict[str, object] = {"market_ticker": ticker, "price_dollars": "0.4100", "delta_fp": "1.00"}
        msg["side"] = "yes"
        if ts_ms is not None:
            msg["ts_ms"] = ts_ms
        await self.peer.say({"type": "orderbook_delta", "sid": 1, "seq": self.number(), "msg": msg})


async def serve(nursery: trio.Nursery, script: Callable[[Venue], Awaitable[None]]) -> int:
    async def handle(peer: WebSocketPeer) -> None:
        await script(Venue(peer))

    return await listen(nursery, websocket(handle))


async def answering(venue: Venue) -> None:
    """Answer whatever comes, for ever."""
    while True:
        await venue.answer()
