"""A recording served through the simulated stream: verbatim frames at their recorded distances.

Each client connection is given the next recorded connection. A client's own subscribes are answered with
the recorded subscription ids; recorded `ok` frames stay in the stream, for they consume sequence numbers.
Used by `venues.simulator.kalshi.stream` when a recording is given.
"""

import json
from pathlib import Path
from typing import Final

import attrs
import trio

from venues.recordings.recorder import read
from venues.simulator.kalshi import frames
from venues.simulator.kalshi.subscriptions import BOOKS, CHANNELS, LIVES, QUOTES, TRADES
from venues.simulator.wire.faults import Faults
from venues.simulator.wire.frame_faults import FrameFaults
from venues.simulator.wire.http import Request
from venues.simulator.wire.recorded_bodies import RecordedBodies
from venues.simulator.wire.websocket import Peer
from venues.simulator.world.clock import SimulatedClock

CHANNEL_OF_TYPE: Final = {
    "orderbook_snapshot": BOOKS,
    "orderbook_delta": BOOKS,
    "ticker": QUOTES,
    "trade": TRADES,
    "market_lifecycle_v2": LIVES,
    "event_lifecycle": LIVES,
    "event_fee_update": LIVES,
}


@attrs.frozen
class Recorded:
    """One recorded frame with what has to be known to serve it."""

    at: int
    kind: str
    sid: int | None
    text: str


@attrs.define
class RecordedConnection:
    """The frames of one recorded connection."""

    frames: list[Recorded] = attrs.field(factory=list)
    sids: dict[str, int] = attrs.field(factory=dict)
    """Recorded subscription ids by channel."""

    def add(self, at: int, text: str) -> None:
        """One more frame; a `subscribed` only tells its channel's id."""
        frame = json.loads(text)
        kind, sid = frame.get("type", ""), frame.get("sid")
        if kind == "subscribed":
            self.sids[frame["msg"]["channel"]] = frame["msg"]["sid"]
            return
        channel = CHANNEL_OF_TYPE.get(kind)
        if channel is not None and isinstance(sid, int):
            self.sids.setdefault(channel, sid)
        self.frames.append(Recorded(at, kind, sid if isinstance(sid, int) else None, text))


@attrs.define(eq=False)
class ServedRecording:
    """All connections of a recording, and how many have been served."""

    connections: list[RecordedConnection]
    bodies: RecordedBodies
    starts_at: int
    """When the first line was recorded, UTC nanoseconds."""
    served: int = 0

    @classmethod
    def read(cls, folder: Path) -> "ServedRecording":
        """Read a recording's frames and bodies. Raises RecordingError for a bad one."""
        connections: dict[int, RecordedConnection] = {}
        lines = list(read(folder))
        for line in lines:
            if line.source == "kalshi.ws" and line.body.startswith("{") and line.what != "lost":
                connections.setdefault(line.conn, RecordedConnection()).add(line.at, line.body)
        starts_at = lines[0].at if lines else 0
        return cls(list(connections.values()), RecordedBodies.of(lines), starts_at)

    async def serve(self, peer_of: "PeerMaker") -> None:
        """Serve the next recorded connection to one client; after the last there is silence."""
        more = self.served < len(self.connections)
        recorded = self.connections[self.served] if more else RecordedConnection()
        self.served += 1
        wanted = trio.Event()
        session = RecordedSession(recorded, wanted)
        peer = peer_of.make(session)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_play, recorded, session, peer, peer_of)
            await peer.run(peer_of.request, peer_of.rest)
            nursery.cancel_scope.cancel()


@attrs.frozen
class PeerMaker:
    """One accepted handshake, and the time by which it is served."""

    stream: trio.SocketStream
    request: Request
    rest: bytes
    clock: SimulatedClock
    faults: Faults

    def make(self, session: "RecordedSession") -> Peer:
        """A peer whose commands the session answers."""
        peer = Peer(self.stream, self.faults, lambda _text: None)

        def obey(text: str) -> None:
            for answer in session.receive(text):
                peer.send(answer)

        peer.receive = obey
        return peer


@attrs.define(eq=False)
class RecordedSession:
    """A client's subscriptions to a recording."""

    recorded: RecordedConnection
    wanted: trio.Event
    """Set when the client has subscribed to what the recording is mainly about."""
    subscribed: dict[str, int] = attrs.field(factory=dict)

    def receive(self, text: str) -> list[str]:
        """Answer a command; only subscribes mean anything here."""
        try:
            command = json.loads(text)
            number, channels = command["id"], command["params"]["channels"]
        except (ValueError, KeyError, TypeError):
            return []
        answers = []
        for channel in channels:
            if channel not in CHANNELS:
                answers.append(frames.error(number, 8, "Unknown channel name"))
            # The venue gives no second id for a channel; it says which one there is.
            elif channel in self.subscribed:
                sid = self.subscribed[channel]
                answers.append(f'{{"type":"ok","id":{number},"sid":{sid}}}')
            else:
                fresh = 100 + len(self.subscribed)
                sid = self.subscribed[channel] = self.recorded.sids.get(channel, fresh)
                answers.append(frames.subscribed(number, channel, sid))
        # Time stands until then: a frame that is sent before somebody listens would be a gap.
        if BOOKS in self.subscribed or (BOOKS not in self.recorded.sids and self.subscribed):
            self.wanted.set()
        return answers

    def is_subscribed(self, frame: Recorded) -> bool:
        """Whether the client subscribed to a frame's subscription."""
        return frame.sid is None or frame.sid in self.subscribed.values()


async def _play(recorded: RecordedConnection, session: RecordedSession, peer: Peer, maker: PeerMaker) -> None:
    """Send the frames at their recorded times; the first subscription lets time begin."""
    await session.wanted.wait()
    frame_faults = FrameFaults(maker.faults)
    maker.clock.begin()
    for frame in recorded.frames:
        await maker.clock.sleep_until(frame.at)
        if session.is_subscribed(frame):
            for text in frame_faults.spoil([frame.text]):
                peer.send(text)
