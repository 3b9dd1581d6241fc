"""Who holds a connection stops within its shutdown time, whatever the peer does meanwhile: nothing, mostly.

At the pace of a demo and with the limits of the daemon, over real sockets.

Covers: tipoff.sources.edges, actors.feed_edge, actors.pollers.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress

import attrs
import pytest
import trio
import trio.testing

from actors.addresses import FEED_EDGE
from actors.feed_edge import FeedEdge, feed_task
from actors.messages import SnapshotWanted
from actors.pollers import Poll, Poller, polling_task
from actors.runtime import ActorExited, Address, ChildSpec, ExitReason, SupervisorSpec
from engine.units import NANOS_PER_SECOND
from tests.venues.kalshi.stage import SIGNER
from tests.venues.peers import WebSocketPeer, listen, read_head, until
from tipoff.live.clock import EveningClock
from tipoff.live.stamped_system import StampedSystem
from tipoff.sources.edges import edge
from venues.errors import VenueError
from venues.kalshi.stream import KalshiStream, StreamDependencies
from venues.transport.http import Http

SPEED = 160.0
FEED = Address(FEED_EDGE.last)
POLLER = Address("poller")
MORE_THAN_BUFFERS_HOLD = tuple(f"KXNBAGAME-{'X' * 500}-{number}" for number in range(20_000))


@attrs.define
class Venue:
    """A peer that goes so far and no further."""

    reached: trio.Event = attrs.field(factory=trio.Event)
    """The moment in which it falls silent."""

    async def accepts(self, stream: trio.SocketStream) -> None:
        """Take the connection, and say nothing to whatever greets us: TLS or an upgrade."""
        await stream.receive_some()
        await self.silence()

    async def talks(self, stream: trio.SocketStream) -> None:
        """Open the WebSocket and take commands; answer neither them nor a goodbye."""
        peer = WebSocketPeer(stream)
        await peer.accept()
        await peer.command()
        self.reached.set()
        with suppress(trio.EndOfChannel):
            while True:
                await peer.receive()

    async def reads_no_more(self, stream: trio.SocketStream) -> None:
        """Open the WebSocket, and leave what is sent in the buffers until they are full."""
        await WebSocketPeer(stream).accept()
        await self.silence()

    async def begins_to_answer(self, stream: trio.SocketStream) -> None:
        """Send half of an answer."""
        await read_head(stream)
        await stream.send_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{")
        await self.silence()

    async def silence(self) -> None:
        """From here on."""
        self.reached.set()
        await trio.sleep_forever()


def streaming(url: str, wanted: tuple[str, ...]) -> tuple[KalshiStream, ChildSpec]:
    """The market feed's edge as the daemon makes it."""
    given = StreamDependencies(hear=lambda *_: (0, ()), wall=lambda: NANOS_PER_SECOND, draw=lambda: 1.0)
    stream = KalshiStream(url, SIGNER, given)
    stream.want(wanted)
    return stream, edge(FEED.last, FeedEdge, feed_task(stream.run, stream.request_snapshots))


async def stopped(spec: ChildSpec, ready: Callable[[StampedSystem], Awaitable[None]]) -> ActorExited:
    """How the actor ends that is asked to stop when it has come so far."""
    system = StampedSystem(SupervisorSpec(name="root", children=(spec,)), 1, EveningClock(0, SPEED))
    async with trio.open_nursery() as nursery:
        await nursery.start(system.run)
        system.begin()
        with trio.fail_after(10):
            await ready(system)
        began = trio.current_time()
        await system.stop()
        assert trio.current_time() - began < spec.shutdown_ns / NANOS_PER_SECOND
    assert system.lives.zombies_ever == 0
    (exited,) = [report for report in system.lives.last_reports if isinstance(report, ActorExited)]
    return exited


@pytest.mark.promise("edges-stop-in-time")
@pytest.mark.parametrize("scheme", ["ws", "wss"])
async def test_an_edge_stops_in_the_middle_of_a_handshake(nursery: trio.Nursery, scheme: str) -> None:
    """Of the upgrade's, or of TLS's."""
    venue = Venue()
    port = await listen(nursery, venue.accepts)
    _, spec = streaming(f"{scheme}://127.0.0.1:{port}/ws", ("T",))
    exited = await stopped(spec, lambda _: venue.reached.wait())
    assert (exited.reason, exited.error) == (ExitReason.SHUTDOWN, "")


@pytest.mark.promise("edges-stop-in-time")
async def test_an_edge_stops_when_its_goodbye_is_not_answered(nursery: trio.Nursery) -> None:
    venue = Venue()
    port = await listen(nursery, venue.talks)
    _, spec = streaming(f"ws://127.0.0.1:{port}/ws", ("T",))
    exited = await stopped(spec, lambda _: venue.reached.wait())
    assert (exited.reason, exited.error) == (ExitReason.SHUTDOWN, "")


@pytest.mark.promise("edges-stop-in-time")
async def test_an_edge_stops_when_its_goodbye_cannot_even_be_sent(nursery: trio.Nursery) -> None:
    """A command fills every buffer between us and a peer that does not read."""
    venue = Venue()
    port = await listen(nursery, venue.reads_no_more)
    _, spec = streaming(f"ws://127.0.0.1:{port}/ws", MORE_THAN_BUFFERS_HOLD)

    async def sending(_system: StampedSystem) -> None:
        await venue.reached.wait()
        await trio.testing.wait_all_tasks_blocked(0.05)

    exited = await stopped(spec, sending)
    assert (exited.reason, exited.error) == (ExitReason.SHUTDOWN, "")


@pytest.mark.promise("edges-stop-in-time")
async def test_an_edge_stops_between_two_attempts() -> None:
    stream, spec = streaming("ws://127.0.0.1:1/ws", ("T",))
    exited = await stopped(spec, lambda _: until(lambda: stream.status.waiting_s > 0))
    assert (exited.reason, exited.error) == (ExitReason.SHUTDOWN, "")


@pytest.mark.promise("edges-stop-in-time")
async def test_an_edge_stops_with_a_full_mailbox_of_wishes() -> None:
    _, spec = streaming("ws://127.0.0.1:1/ws", ("T",))

    async def wishing(system: StampedSystem) -> None:
        for number in range(1_000):
            system.put(FEED, SnapshotWanted(1, number))

    exited = await stopped(spec, wishing)
    assert (exited.reason, exited.error) == (ExitReason.SHUTDOWN, "")


@pytest.mark.promise("edges-stop-in-time")
@pytest.mark.parametrize("silent", ["accepts", "begins_to_answer"])
async def test_a_poller_stops_while_an_answer_is_waited_for(nursery: trio.Nursery, silent: str) -> None:
    """Which has not begun, or has not ended."""
    venue = Venue()
    port = await listen(nursery, getattr(venue, silent))
    async with Http(f"http://127.0.0.1:{port}") as http:

        async def ask() -> int:
            await http.get("/markets")
            return NANOS_PER_SECOND

        clock = EveningClock(0, SPEED)
        poll = Poll(name="markets", ask=ask, expected=(VenueError,), sleep=clock.sleep, wall=clock)
        spec = edge(POLLER.last, Poller, polling_task((poll,)))
        exited = await stopped(spec, lambda _: venue.reached.wait())
    assert (exited.reason, exited.error) == (ExitReason.SHUTDOWN, "")
