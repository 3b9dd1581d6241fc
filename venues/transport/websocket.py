"""One WebSocket connection: opening, sending, and the one reason for which it ends.

The only module that knows trio-websocket. Used by `venues.kalshi.stream`. Opening, sending and closing each
have a deadline; a peer that falls silent ends the connection; after a send that did not finish the connection
is given up, because half a frame may be out. Reconnecting is the caller's business, with a new connection
number.
"""

import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import cast
from urllib.parse import urlsplit

import attrs
import trio
import trio_websocket

from engine import freshness
from venues.errors import (
    BodyTooLarge,
    ClockRefused,
    ConnectionEnded,
    CredentialsRefused,
    RateLimited,
    RequestRefused,
    ServerFailed,
    TimedOut,
    VenueError,
)
from venues.transport.byte_stream import open_stream, secured
from venues.transport.clock_skew import skew_of_headers
from venues.transport.frame_tap import READ_BYTES, FrameTap
from venues.transport.proxy import place_of, port_of, proxy_for, through

BODY_SHOWN_MAX = 200
CLOSE_TOO_LARGE = 1009


@attrs.frozen
class SocketLimits:
    """Deadlines and bounds of a connection, in seconds and bytes."""

    open_s_max: float = 10.0
    send_s_max: float = 5.0
    close_s_max: float = 2.0
    silence_s_max: float = freshness.CONNECTION.seconds
    """Without any byte, pings included: the venue pings every 10 s."""
    message_bytes_max: int = 4_194_304


class Reader:
    """The nursery that the library is given: it starts its reader here, and what kills the reader stays here.

    The library meets some answers of broken peers with exceptions of its own parts. Only a crash of the
    callback that takes the texts is ours, and goes on up.
    """

    def __init__(self, nursery: trio.Nursery, tap: FrameTap) -> None:
        """`nursery` is the connection's."""
        self.opening = trio.CancelScope()
        self.failure: VenueError | None = None
        self.socket: Socket | None = None
        self._nursery = nursery
        self._tap = tap

    def start_soon(self, task: Callable[[], Awaitable[None]]) -> None:
        """Start the library's reader."""
        self._nursery.start_soon(self._guard, task)

    async def _guard(self, task: Callable[[], Awaitable[None]]) -> None:
        try:
            await task()
            self.failure = ConnectionEnded("closed during the handshake")
        except Exception as error:
            # A fault of whoever hears the frames is no fault of the connection, and is not healed by another
            # one.
            if self._tap.crashed:
                raise
            self.failure = _refused(error)
            if self.socket is not None:
                self.socket.end(self.failure)
        # Only while the handshake is waited for does this wake anybody.
        self.opening.cancel()


class Socket:
    """An open connection. Texts it receives have gone to the callback; here it sends, and says when it
    ended.
    """

    def __init__(
        self, connection: trio_websocket.WebSocketConnection, tap: FrameTap, limits: SocketLimits
    ) -> None:
        """Made by `open_socket`."""
        self.tap = tap
        self._connection = connection
        self._limits = limits
        self._ended = trio.Event()
        self._reason: VenueError = ConnectionEnded("closed by us")

    async def send(self, text: str) -> None:
        """Send one message. Raises VenueError, after which the connection is over."""
        if self._ended.is_set():
            raise self._reason
        finished = False
        try:
            with trio.move_on_after(self._limits.send_s_max):
                await self._connection.send_message(text)
                finished = True
        except trio_websocket.ConnectionClosed as error:
            raise self._end(_closed(error, self.tap)) from error
        finally:
            # Cancelled or timed out in the middle: the library does not close by itself, though half a
            # frame may be out.
            if not finished:
                self._end(TimedOut("write", f"{len(text)} characters"))
        if not finished:
            raise self._reason

    async def wait_ended(self) -> VenueError:
        """Wait until the connection is over; returns why."""
        await self._ended.wait()
        return self._reason

    @property
    def idle_s(self) -> float:
        """Seconds since the last text."""
        return trio.current_time() - self.tap.last_text_at

    def end(self, reason: VenueError) -> None:
        """Give the connection up, for a reason of the caller's."""
        self._end(reason)

    def _end(self, reason: VenueError) -> VenueError:
        """The first reason is the reason."""
        if not self._ended.is_set():
            self._reason = reason
            self._ended.set()
        return self._reason

    async def _watch_close(self) -> None:
        """The library hands out no message (all are tapped), so asking for one returns when the connection is
        over.
        """
        try:
            await self._connection.get_message()
            self._end(ConnectionEnded("sent a message that is no text"))
        except trio_websocket.ConnectionClosed as error:
            self._end(_closed(error, self.tap))

    async def _watch_silence(self) -> None:
        limit = self._limits.silence_s_max
        while True:
            silent = trio.current_time() - self.tap.last_bytes_at
            if silent >= limit:
                self._end(ConnectionEnded(f"silent for {limit:g} s, pings included"))
                return
            await trio.sleep(limit - silent)


@asynccontextmanager
async def open_socket(
    url: str,
    headers: Mapping[str, str],
    on_text: Callable[[str], None],
    limits: SocketLimits | None = None,
    ssl_context: ssl.SSLContext | None = None,
) -> AsyncGenerator[Socket, None]:
    """Connect and yield the open socket; every text that comes is given to `on_text`, which must not block.

    Raises VenueError where no connection comes about. Leaving closes it within `close_s_max`.
    """
    bounds = limits or SocketLimits()
    stream = await _connect(url, bounds, ssl_context)
    tap = FrameTap(stream, on_text, bounds.message_bytes_max)
    try:
        async with trio.open_nursery() as nursery:
            reader = Reader(nursery, tap)
            # Frames may reach the tap before this returns; whoever hears them must be ready.
            socket = Socket(await _upgrade(reader, tap, url, headers, bounds), tap, bounds)
            reader.socket = socket
            nursery.start_soon(socket._watch_close)  # noqa: SLF001
            nursery.start_soon(socket._watch_silence)  # noqa: SLF001
            try:
                yield socket
            finally:
                await _close(socket, bounds)
            nursery.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        # A nursery wraps even a single exception in a group; callers catch VenueError.
        raise _sole(group) from None
    finally:
        await trio.aclose_forcefully(tap)


async def _connect(url: str, limits: SocketLimits, context: ssl.SSLContext | None) -> trio.abc.Stream:
    """TCP, a proxy's tunnel where there is one, and, for wss, TLS: all within the deadline."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    where = place_of(host, port_of(parts))
    with trio.move_on_after(limits.open_s_max):
        stream = await open_stream(url)
        if parts.scheme != "wss":
            return stream
        return await secured(stream, context or ssl.create_default_context(), host, where)
    raise TimedOut("connect", through(where, proxy_for(url)))


async def _upgrade(
    reader: Reader, tap: FrameTap, url: str, headers: Mapping[str, str], limits: SocketLimits
) -> trio_websocket.WebSocketConnection:
    """The WebSocket handshake within the deadline; returns the library's connection."""
    parts = urlsplit(url)
    resource = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with trio.move_on_after(limits.open_s_max), reader.opening:
        try:
            return await trio_websocket.wrap_client_stream(
                cast("trio.Nursery", reader),
                # It is called a socket's stream, but only what every stream can do is asked of it.
                cast("trio.SocketStream", tap),
                parts.netloc,
                resource,
                extra_headers=[(name.encode(), value.encode()) for name, value in headers.items()],
                # The tap takes every text; whatever message still reaches the library is refused with 1009.
                max_message_size=0,
                receive_buffer_size=READ_BYTES,
            )
        except trio_websocket.HandshakeError as error:
            raise _refused(error) from error
    raise reader.failure or TimedOut("connect", f"WebSocket handshake with {parts.netloc}")


async def _close(socket: Socket, limits: SocketLimits) -> None:
    """Say goodbye, but not for long: a peer that does not answer is left."""
    # Shielded, so that the close frame goes out when the connection's task is cancelled, too.
    with trio.move_on_after(limits.close_s_max, shield=True):
        await socket._connection.aclose()  # noqa: SLF001


def _closed(error: trio_websocket.ConnectionClosed, tap: FrameTap) -> VenueError:
    """The library's close reason as a VenueError."""
    code = error.reason.code if error.reason is not None else None
    if tap.too_large or code == CLOSE_TOO_LARGE:
        return BodyTooLarge("a message is longer than allowed; closed with 1009")
    text = (error.reason.reason or error.reason.name) if error.reason is not None else "closed"
    return ConnectionEnded(str(text), code)


def _refused(error: Exception) -> VenueError:
    """Why there is no connection (any more): a refused upgrade, or an answer that breaks the protocol."""
    if not isinstance(error, trio_websocket.ConnectionRejected):
        return ConnectionEnded(f"the peer broke the protocol: {type(error).__name__} {error}".rstrip())
    headers = {
        bytes(name).decode("latin-1").lower(): bytes(value).decode("latin-1") for name, value in error.headers
    }
    detail = bytes(error.body or b"").decode("utf-8", "replace")[:BODY_SHOWN_MAX]
    status = error.status_code
    if status in (401, 403):
        skew = skew_of_headers(headers)
        if skew is not None and skew.large:
            return ClockRefused(status, "clock", f"our clock is {skew.seconds:+.0f} s off: {detail}")
        return CredentialsRefused(status, "handshake", detail)
    if status == 429:
        return RateLimited("handshake", detail, None)
    return (
        ServerFailed(status, "handshake", detail)
        if status >= 500
        else RequestRefused(status, "handshake", detail)
    )


def _sole(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one exception of a group of one, however deep; else the group."""
    found: BaseException = group
    while isinstance(found, BaseExceptionGroup) and len(found.exceptions) == 1:
        found = found.exceptions[0]
    return found
