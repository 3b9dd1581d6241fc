"""Half an hour of drops in virtual time: nothing leaks, nothing of an old connection is applied."""

import json
from itertools import pairwise
from random import Random

import pytest
import trio
from cryptography.hazmat.primitives.asymmetric import ed25519
from trio.testing import MemoryReceiveStream, MemorySendStream, MockClock, memory_stream_pair

from engine.events import FeedConnected, FeedLost
from engine.sequence import NumberCheck
from tests.venues.followers import Follower
from tests.venues.peers import PING, WebSocketPeer, frame
from venues.kalshi.auth import Signer
from venues.kalshi.stream import KalshiStream, StreamDependencies, StreamRetryPolicy

TICKERS = ("A", "B", "C")
MINUTES = 30
MemoryStream = trio.StapledStream[MemorySendStream, MemoryReceiveStream]


class Storm:
    """A venue on streams in memory that drops every connection after some seconds, in one of several ways."""

    def __init__(self, nursery: trio.Nursery, seed: int) -> None:
        self.random = Random(seed)
        self.nursery = nursery
        self.calm = False
        self.connected_at: list[float] = []
        self.truth: dict[str, dict[int, int]] = {}

    async def connect(self, *_: object) -> trio.abc.Stream:
        """What the client's `_connect` is replaced with."""
        await trio.lowlevel.checkpoint()
        self.connected_at.append(trio.current_time())
        client, server = memory_stream_pair()
        self.nursery.start_soon(self.serve, server)
        return client

    async def serve(self, stream: MemoryStream) -> None:
        peer = WebSocketPeer(stream)
        try:
            await peer.accept()
            with trio.move_on_after(1e9 if self.calm else self.random.uniform(0.0, 12.0)):
                await self.play(peer)
            if self.random.random() < 0.3:
                await stream.send_all(frame(1, b'{"type":"orderbook_delta","sid":1,"seq":99')[:20])
        except (trio.EndOfChannel, trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            await trio.aclose_forcefully(stream)

    async def play(self, peer: WebSocketPeer) -> None:
        """Answer the subscription, then change the books and ping, until cancelled."""
        command = await peer.command()
        await peer.say(
            {"id": command["id"], "type": "subscribed", "msg": {"channel": "orderbook_delta", "sid": 1}}
        )
        seq = 0
        for ticker in TICKERS:
            seq += 1
            levels = self.truth.setdefault(ticker, {4_000: 1_000})
            rows = [[f"0.{price:04d}", f"{size / 100:.2f}"] for price, size in sorted(levels.items())]
            msg = {"market_ticker": ticker, "yes_dollars_fp": rows}
            await peer.say({"type": "orderbook_snapshot", "sid": 1, "seq": seq, "msg": msg})
        while True:
            await trio.sleep(self.random.uniform(0.01, 0.4))
            seq += 1
            await self.change(peer, seq)
            if seq % 10 == 0:
                await peer.stream.send_all(frame(PING, b"heartbeat"))

    async def change(self, peer: WebSocketPeer, seq: int) -> None:
        ticker, price = self.random.choice(TICKERS), self.random.randrange(1_000, 5_000, 100)
        size = self.random.choice((100, 500))
        levels = self.truth[ticker]
        levels[price] = levels.get(price, 0) + size
        msg = {
            "market_ticker": ticker,
            "price_dollars": f"0.{price:04d}",
            "delta_fp": f"{size / 100:.2f}",
            "side": "yes",
        }
        await peer.say(json.dumps({"type": "orderbook_delta", "sid": 1, "seq": seq, "msg": msg}))


@pytest.mark.promise("half-hour-drops-leaves")
@pytest.mark.fault("A20")
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_half_an_hour_of_drops_leaves_nothing_behind_and_the_books_right(
    nursery: trio.Nursery, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    assert autojump_clock.rate == 0
    storm, follower = Storm(nursery, seed), Follower()
    monkeypatch.setattr("venues.transport.websocket._connect", storm.connect)
    given = StreamDependencies(
        hear=follower.on_text,
        on_gap=follower.gaps.append,
        wall=lambda: int(trio.current_time() * 1e9),
        draw=Random(seed).random,
        retry=StreamRetryPolicy(stable_s=5.0),
        channels=("orderbook_delta",),
    )
    stream = KalshiStream("ws://venue.invalid/ws", Signer("k", ed25519.Ed25519PrivateKey.generate()), given)
    follower.stream = stream
    stream.want(TICKERS)
    tasks = trio.lowlevel.current_statistics().tasks_living
    nursery.start_soon(stream.run)
    await trio.sleep(MINUTES * 60)
    storm.calm = True
    await trio.sleep(120)
    assert stream.status.connected
    assert follower.trusted(TICKERS)
    for ticker in TICKERS:
        assert {int(price): int(size) for price, size in follower.books[ticker].yes.items()} == storm.truth[
            ticker
        ]
    assert len(storm.connected_at) > 100
    assert follower.stale == 0
    assert set(follower.heard) == {NumberCheck.FIRST, NumberCheck.NEXT}
    assert follower.kinds[FeedConnected] == follower.kinds[FeedLost] + 1
    # run, commands, ticks, the library's reader, the two watches, the venue's side and its parents
    assert trio.lowlevel.current_statistics().tasks_living - tasks <= 12
    assert stream.status.conn == len(storm.connected_at)
    nursery.cancel_scope.cancel()


@pytest.mark.fault("A20")
async def test_a20_the_pauses_of_a_storm_are_spread_over_their_whole_range(
    nursery: trio.Nursery, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert autojump_clock.rate == 0
    tried: list[float] = []

    async def refuse(*_: object) -> trio.abc.Stream:
        await trio.lowlevel.checkpoint()
        tried.append(trio.current_time())
        client, server = memory_stream_pair()
        await trio.aclose_forcefully(server)
        return client

    monkeypatch.setattr("venues.transport.websocket._connect", refuse)
    follower = Follower()
    given = StreamDependencies(
        hear=follower.on_text,
        on_gap=follower.gaps.append,
        wall=lambda: 0,
        draw=Random(7).random,
        retry=StreamRetryPolicy(wait_s_base=1.0, wait_s_max=16.0),
    )
    stream = KalshiStream("ws://venue.invalid/ws", None, given)
    nursery.start_soon(stream.run)
    await trio.sleep(3 * 3600)
    pauses = [later - earlier for earlier, later in pairwise(tried)]
    for number, pause in enumerate(pauses[:5]):
        assert 0 <= pause <= 2**number + 1e-6
    late = pauses[5:]
    assert max(late) <= 16.0 + 1e-6
    counts = [sum(low <= pause < low + 4 for pause in late) for low in (0, 4, 8, 12)]
    assert min(counts) > 0.15 * len(late)
    nursery.cancel_scope.cancel()
