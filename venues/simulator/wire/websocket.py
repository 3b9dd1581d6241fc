"""The server side of one WebSocket connection: wsproto frames over a trio stream, heartbeats, and faults.

The Kalshi service makes one for each client and puts texts in with `send`, which never waits; a client that
reads too slowly is told so by the subscription's end.
"""

import base64
import hashlib
import ssl
from collections import deque
from collections.abc import Callable
from typing import Final

import attrs
import trio
from wsproto.connection import Connection, ConnectionType
from wsproto.events import (
    CloseConnection,
    Event,
    Ping,
    Pong,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from venues.simulator.wire.faults import Faults
from venues.simulator.wire.http import Request

# Kalshi's heartbeat: a Ping frame every ten seconds with this body.
PING_SECONDS: Final = 10
HEARTBEAT: Final = b"heartbeat"
READ_BYTES: Final = 65_536
OUTBOX_MAX: Final = 200_000
"""Frames that may wait for a slow client before it is cut off."""
GOODBYE_SECONDS_MAX: Final = 1
COMMAND_CHARACTERS_MAX: Final = 1_000_000
GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def handshake(request: Request) -> bytes:
    """The 101 answer that makes an HTTP connection a WebSocket. Raises ValueError without a proper key."""
    key = request.headers.get("sec-websocket-key", "")
    if len(base64.b64decode(key, validate=True)) != 16:
        raise ValueError("Sec-WebSocket-Key is not sixteen bytes in base64")
    accept = base64.b64encode(hashlib.sha1(key.encode() + GUID, usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


@attrs.define(eq=False)
class Peer:
    """One connected client."""

    stream: trio.SocketStream
    faults: Faults
    receive: Callable[[str], None]
    """Called with every text that the client sends."""
    outbox: deque[str | Event] = attrs.field(factory=deque)
    pongs: int = 0
    """Heartbeats that the client has answered."""
    _filled: trio.Event = attrs.field(factory=trio.Event)
    _command: str = ""
    _parted: trio.Event = attrs.field(factory=trio.Event)
    _protocol: Connection = attrs.field(factory=lambda: Connection(ConnectionType.SERVER))

    async def run(self, request: Request, rest: bytes) -> None:
        """Shake hands and serve until either side goes."""
        await self.stream.send_all(handshake(request))
        if rest:
            self._protocol.receive_data(rest)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._write)
                nursery.start_soon(self._ping)
                await self._read()
                nursery.cancel_scope.cancel()
        except* (trio.BrokenResourceError, trio.ClosedResourceError, ssl.SSLError):
            pass

    def send(self, item: str | Event) -> None:
        """Have a text or a control frame sent in its turn; beyond OUTBOX_MAX the connection is closed."""
        if len(self.outbox) == OUTBOX_MAX:
            self.outbox.clear()
            item = CloseConnection(code=1008, reason="too slow")
        if len(self.outbox) < OUTBOX_MAX:
            self.outbox.append(item)
        self._filled.set()

    async def _read(self) -> None:
        """Listen until the client goes or breaks the protocol."""
        while True:
            for event in self._protocol.events():
                if not await self._understood(event):
                    return
            await self._until_moving()
            data = await self.stream.receive_some(READ_BYTES)
            if not data:
                return
            try:
                self._protocol.receive_data(data)
            except (RemoteProtocolError, LocalProtocolError):
                return

    async def _understood(self, event: Event) -> bool:
        """Work on one event; whether the connection goes on."""
        match event:
            case TextMessage():
                self._command += event.data
                if len(self._command) > COMMAND_CHARACTERS_MAX:
                    return False
                if event.message_finished:
                    command, self._command = self._command, ""
                    self.receive(command)
            case Ping():
                self.send(event.response())
            case Pong():
                self.pongs += 1
            case CloseConnection():
                await self._goodbye(event)
                return False
            case _:
                pass
        return True

    async def _goodbye(self, event: CloseConnection) -> None:
        """Let the writer answer a close; it alone writes."""
        self.outbox.clear()
        self.send(event.response())
        with trio.move_on_after(GOODBYE_SECONDS_MAX):
            await self._parted.wait()

    async def _ping(self) -> None:
        while True:
            await trio.sleep(PING_SECONDS)
            self.send(Ping(payload=HEARTBEAT))

    async def _write(self) -> None:
        while True:
            await self._filled.wait()
            self._filled = trio.Event()
            await self._until_moving()
            chunks: list[bytes] = []
            while self.outbox:
                item = self.outbox.popleft()
                chunks.append(self._encoded(item))
                if isinstance(item, CloseConnection):
                    break
            data = b"".join(chunks)
            if self.faults.shoot("half_frame"):
                await self.stream.send_all(data[: max(1, len(data) - 7)])
                await trio.aclose_forcefully(self.stream)
                return
            if self.faults.shoot("disconnect"):
                data = self._encoded(CloseConnection(code=1001, reason="going away"))
            await self.stream.send_all(data)
            if chunks and isinstance(item, CloseConnection):
                self._parted.set()

    def _encoded(self, item: str | Event) -> bytes:
        try:
            return self._protocol.send(TextMessage(data=item) if isinstance(item, str) else item)
        except LocalProtocolError:
            # The connection is being closed; what still comes is not sent.
            return b""

    async def _until_moving(self) -> None:
        """A stalled connection neither reads nor writes."""
        # Switches are plain values that anybody may set; there is no event to wait for.
        while self.faults.stall:  # noqa: ASYNC110
            await trio.sleep(0.02)
