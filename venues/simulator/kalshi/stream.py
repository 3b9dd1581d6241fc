"""The simulated Kalshi stream: every connected client with its session, fed from world or recording.

Made by `venues.simulator.service`, which has checked the handshake.
"""

import attrs
import trio
from wsproto.events import CloseConnection

from venues.simulator.kalshi.recorded_stream import PeerMaker, ServedRecording
from venues.simulator.kalshi.subscriptions import Session
from venues.simulator.wire.faults import Faults
from venues.simulator.wire.frame_faults import FrameFaults
from venues.simulator.wire.http import Request
from venues.simulator.wire.websocket import Peer
from venues.simulator.world.events import WorldEvent
from venues.simulator.world.live import LiveEvening
from venues.simulator.world.rare_events import ODD_FEES, override_fees

WAITING_MAX = 50_000
"""Frames that may wait for one client before its subscriptions end with a buffer overflow."""


@attrs.define(eq=False)
class Client:
    """One connection: what it subscribed to and how it is reached."""

    session: Session
    peer: Peer
    frame_faults: FrameFaults

    def obey(self, text: str) -> None:
        """Answer a command."""
        for answer in self.session.receive(text):
            self.peer.send(answer)

    def notify(self, happened: WorldEvent) -> None:
        """Tell the client what happened, if it subscribed to it."""
        texts = self.session.frames_of(happened)
        if texts and len(self.peer.outbox) > WAITING_MAX:
            texts = self.session.overflow()
        for text in self.frame_faults.spoil(texts):
            self.peer.send(text)


@attrs.define(eq=False)
class KalshiStream:
    """All clients of the stream."""

    live: LiveEvening
    faults: Faults
    recording: ServedRecording | None = None
    clients: list[Client] = attrs.field(factory=list)
    _odd_fees: bool = False
    """Whether the events have the fees of that fault by now."""

    @classmethod
    def over(cls, live: LiveEvening, faults: Faults, recording: ServedRecording | None) -> "KalshiStream":
        """A stream of the evening, or of a recording."""
        stream = cls(live, faults, recording)
        live.listeners.append(stream.broadcast)
        return stream

    def broadcast(self, happened: WorldEvent) -> None:
        """Tell every client."""
        if self.faults.odd_fees is not self._odd_fees:
            self._override_fees()
        for client in tuple(self.clients):
            client.notify(happened)

    def _override_fees(self) -> None:
        """Switch the fees over, in the listings too, and say so."""
        self._odd_fees = self.faults.odd_fees
        fees = ODD_FEES if self._odd_fees else (None, None)
        world = self.live.world
        for game in world.games:
            self.broadcast(override_fees(game, world.fee_changes, fees, world.now))

    def nudge(self) -> None:
        """Close every connection cleanly, as in the weekly pause."""
        for client in self.clients:
            client.peer.send(CloseConnection(code=1001, reason="going away"))

    async def serve(self, stream: trio.SocketStream, request: Request, rest: bytes) -> None:
        """Serve one client until it goes."""
        if self.recording is not None:
            maker = PeerMaker(stream, request, rest, self.live.clock, self.faults)
            await self.recording.serve(maker)
            return
        peer = Peer(stream, self.faults, lambda _text: None)
        client = Client(Session(self.live.world, self.faults), peer, FrameFaults(self.faults))

        def receive(text: str) -> None:
            client.obey(text)
            if client.session.subscriptions:
                self.live.clock.begin()

        peer.receive = receive
        self.clients.append(client)
        try:
            await peer.run(request, rest)
        finally:
            self.clients.remove(client)
