"""Kalshi's stream for as long as the engine lives: one connection after the other, each with a new number.

Used by the market feed's edge; `run` is a task of its nursery. Every frame goes to `hear` at once, on trio's
thread, between two reads of the socket; nothing here waits for whoever uses it. A connection that ends for
whatever reason is followed by another after a pause with full jitter, signed anew; after a refusal of the key
the pauses are long.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import urlsplit

import attrs
import msgspec
import trio

from engine.events import BookDelta, VenueEvent
from engine.units import NANOS_PER_SECOND
from venues.errors import (
    ConnectionEnded,
    CredentialsRefused,
    RateLimited,
    TlsRefused,
    VenueError,
)
from venues.kalshi.auth import Signer
from venues.kalshi.session import BOOKS, Actions, Gap, Session
from venues.recordings.line_kinds import CONNECTED, LOST
from venues.transport.retry_jitter import full_jitter_s
from venues.transport.websocket import Socket, SocketLimits, open_socket

_TYPE = re.compile(r'"type"\s*:\s*"([a-z_0-9]{1,40})"')

CHANNELS = (BOOKS, "ticker", "trade", "market_lifecycle_v2")
TICK_S = 1.0

Hear = Callable[[int, str, str], tuple[int, Sequence[VenueEvent]]]
"""Takes a connection number, a frame's type and its text; gives back the stamp (UTC ns) and what the frame
means."""


@attrs.frozen
class StreamRetryPolicy:
    """Pauses between connections, in seconds."""

    wait_s_base: float = 0.5
    wait_s_max: float = 30.0
    refused_wait_s: float = 60.0
    """A refused key, clock or certificate is not cured by haste: at least this, at most five times this."""
    stable_s: float = 30.0
    """A connection that lived so long starts the count anew."""
    probe_after_s: float = 15.0
    """Without a frame for so long, ask something harmless: pings alone do not prove that anybody is at
    work."""


@attrs.define
class StreamStatus:
    """What can be seen of the stream: for `status` and the metrics."""

    connected: bool = False
    conn: int = 0
    attempts: int = 0
    failures_in_row: int = 0
    last_error: str = ""
    last_error_kind: str = ""
    waiting_s: float = 0.0
    frames: int = 0
    gaps: int = 0
    lag_s: float = 0.0
    """From the venue's stamp on the latest change of a book to our hearing of it: rises when we fall
    behind. Each connection begins with zero: the lag of one says nothing about the next.
    """


@attrs.frozen(kw_only=True)
class StreamDependencies:
    """What the edge gives: who hears frames, UTC nanoseconds, jitter in [0, 1)."""

    hear: Hear
    wall: Callable[[], int]
    draw: Callable[[], float]
    on_gap: Callable[[Gap], None] = lambda _gap: None
    """Is shown every gap once it is over, to look at; its trades are fetched when the exchange wishes so."""
    limits: SocketLimits = SocketLimits()
    retry: StreamRetryPolicy = StreamRetryPolicy()
    channels: tuple[str, ...] = CHANNELS


class KalshiStream:
    """The stream of one environment, with one key."""

    def __init__(
        self, url: str, signer: Signer | None, surroundings: StreamDependencies, conn: int = 0
    ) -> None:
        """`conn` is the number of the last connection before this one. The venue refuses connections without
        a key.
        """
        self.status = StreamStatus(conn=conn)
        self._url = url
        self._signer = signer
        self._given = surroundings
        self._wanted: tuple[str, ...] = ()
        self._session: Session | None = None
        self._socket: Socket | None = None
        self._outbox: deque[str] = deque()
        self._outbox_filled = trio.Event()
        self._early: list[str] | None = None

    # For the edge

    def want(self, tickers: Iterable[str]) -> None:
        """Follow these markets and no others, on this connection and every later one."""
        self._wanted = tuple(tickers)
        if self._session is not None and self.status.connected:
            self._do(self._session.want(self._wanted, trio.current_time()))

    def request_snapshots(self, conn: int, sid: int) -> None:
        """Request the books of a subscription anew; ignored if it is of an older connection."""
        if self._session is not None and self.status.connected and conn == self.status.conn:
            self._do(self._session.request_snapshots(sid, trio.current_time()))

    def renew(self, reason: str) -> None:
        """Give up the present connection, if there is one; frames that still come on it are ignored."""
        if self._socket is not None:
            self._socket.end(ConnectionEnded(reason))

    async def run(self) -> None:
        """Connect, follow, and connect again; only a cancellation (or a crash of `hear`) ends this."""
        status, retry = self.status, self._given.retry
        while True:
            status.attempts += 1
            began = trio.current_time()
            reason = await self._one_connection()
            status.last_error, status.last_error_kind = str(reason), type(reason).__name__
            lived = trio.current_time() - began
            # Reset by a life, not by a connect: a venue that accepts and hangs up at once would be asked
            # without pause.
            status.failures_in_row = 0 if lived >= retry.stable_s else status.failures_in_row + 1
            status.waiting_s = self._pause_s(reason)
            await trio.sleep(status.waiting_s)
            status.waiting_s = 0.0

    # One connection

    async def _one_connection(self) -> VenueError:
        """From the signature to the end; returns why it ended."""
        self.status.conn += 1
        self.status.lag_s = 0.0
        conn = self.status.conn
        # A market's gap ends with its next book, and that may come on this connection or on one later still.
        unseen = self._session.left_unseen() if self._session is not None else {}
        unseen = {ticker: since for ticker, since in unseen.items() if ticker in self._wanted}
        self._session = Session(conn, self._wanted, self._given.channels, unseen)
        # Frames can come in one read with the upgrade's answer; they wait until CONNECTED is recorded.
        self._early = []
        try:
            async with open_socket(self._url, self._signature(), self._on_text, self._given.limits) as socket:
                return await self._follow(conn, socket)
        except VenueError as error:
            self.status.last_error = str(error)
            return error
        finally:
            self._disconnected(conn)

    def _signature(self) -> dict[str, str]:
        """Headers of this attempt: the moment is part of what is signed, so no two attempts share them."""
        if self._signer is None:
            return {}
        return dict(self._signer.headers("GET", urlsplit(self._url).path, self._given.wall()))

    async def _follow(self, conn: int, socket: Socket) -> VenueError:
        """The life of an open connection."""
        assert self._session is not None  # noqa: S101
        self.status.connected, self._socket = True, socket
        # Commands for the last connection name its sids, which mean nothing here.
        self._outbox.clear()
        self._given.hear(conn, CONNECTED, "")
        early, self._early = self._early or [], None
        for text in early:
            self._on_text(text)
        self._do(self._session.begin(trio.current_time()))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._send_commands, socket)
            nursery.start_soon(self._tick, socket)
            reason = await socket.wait_ended()
            nursery.cancel_scope.cancel()
        self.status.last_error = str(reason)
        return reason

    def _disconnected(self, conn: int) -> None:
        """Record that the connection is lost, if it ever was up: its books are stale."""
        self._socket = None
        if self.status.connected:
            self.status.connected = False
            reason = self.status.last_error or "stopped"
            self._given.hear(conn, LOST, msgspec.json.encode({"reason": reason}).decode())

    def _on_text(self, text: str) -> None:
        """A frame, in the middle of reading: hand it over, then see what the conversation needs."""
        if self._early is not None:
            self._early.append(text)
            return
        self.status.frames += 1
        what = frame_type(text)
        at, events = self._given.hear(self.status.conn, what, text)
        if events and type(events[0]) is BookDelta and events[0].at_venue is not None:
            self.status.lag_s = (at - events[0].at_venue) / NANOS_PER_SECOND
        assert self._session is not None  # noqa: S101
        actions = self._session.on_frame(text, events, at, trio.current_time())
        if actions is not None:
            self._do(actions)

    def _do(self, actions: Actions) -> None:
        """Carry out what the session wants."""
        if actions.commands:
            self._outbox.extend(actions.commands)
            self._outbox_filled.set()
        for gap in actions.gaps:
            self.status.gaps += 1
            self._given.on_gap(gap)
        if actions.reconnect is not None and self._socket is not None:
            self._socket.end(ConnectionEnded(actions.reconnect))

    async def _send_commands(self, socket: Socket) -> None:
        """Send what stands in the outbox, in order."""
        while True:
            while self._outbox:
                try:
                    await socket.send(self._outbox.popleft())
                except VenueError:
                    return  # the socket knows why, and has ended
            self._outbox_filled = trio.Event()
            if not self._outbox:
                await self._outbox_filled.wait()

    async def _tick(self, socket: Socket) -> None:
        """Every second: time-outs of replies and snapshots, and a probe when no frame comes."""
        while True:
            await trio.sleep(TICK_S)
            assert self._session is not None  # noqa: S101
            now = trio.current_time()
            self._do(self._session.tick(now))
            if socket.idle_s >= self._given.retry.probe_after_s:
                self._do(self._session.probe(now))

    def _pause_s(self, reason: VenueError) -> float:
        """Seconds until the next attempt."""
        retry, draw = self._given.retry, self._given.draw()
        match reason:
            case RateLimited(retry_after_ns=int() as wanted):
                return wanted / 1e9
            case CredentialsRefused() | TlsRefused() | RateLimited():
                return retry.refused_wait_s * (1 + 4 * draw)
            case _:
                # This failure is counted already, and the first pause is the shortest.
                failures = max(0, self.status.failures_in_row - 1)
                return full_jitter_s(failures, draw, retry.wait_s_base, retry.wait_s_max)


def frame_type(text: str) -> str:
    """The type of a frame at a glance; the venue writes it first, and nothing depends on it but the
    recording.
    """
    if text.startswith('{"type":"'):
        end = text.find('"', 9, 64)
        if end > 9:
            return text[9:end]
    found = _TYPE.search(text, 0, 200)
    return found[1] if found else "frame"
