"""A stream of bytes to the host of an address: straight or through a proxy's tunnel, and with TLS on top.

Used by `venues.transport.websocket` and by `tipoff doctor`. httpx makes its own. Callers set the deadline.
"""

import base64
import ssl
from typing import Final
from urllib.parse import urlsplit

import h11
import trio

from venues.errors import TlsRefused, Unreachable, VenueError
from venues.transport.proxy import Proxy, place_of, port_of, proxy_for, refused, through
from venues.transport.unreachable import why_unreachable

HEAD_BYTES_MAX: Final = 16_384
"""A longer answer of a proxy is refused."""

READ_BYTES: Final = 4_096


async def open_stream(url: str) -> trio.abc.Stream:
    """Connect to the host of an address; TLS is not begun. Raises VenueError."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", port_of(parts)
    proxy = proxy_for(url)
    where = through(place_of(host, port), proxy)
    if proxy is None:
        return await _tcp(host, port, where)
    stream: trio.abc.Stream = await _tcp(proxy.host, proxy.port, where)
    if proxy.scheme == "https":
        stream = await secured(stream, ssl.create_default_context(), proxy.host, where)
    try:
        await _tunnel(stream, place_of(host, port), proxy, where)
    except BaseException as error:
        await trio.aclose_forcefully(stream)
        if isinstance(error, trio.BrokenResourceError | h11.ProtocolError):
            raise Unreachable(f"{where}: it does not speak HTTP, or has hung up") from error
        raise
    return stream


async def secured(
    stream: trio.abc.Stream, context: ssl.SSLContext, host: str, where: str
) -> "trio.SSLStream[trio.abc.Stream]":
    """The stream with TLS on top; it is closed if that is refused. Raises VenueError."""
    # `https_compatible`: many servers end without TLS's close_notify.
    wrapped = trio.SSLStream(stream, context, server_hostname=host, https_compatible=True)
    try:
        await wrapped.do_handshake()
    except BaseException as error:
        await trio.aclose_forcefully(stream)
        if isinstance(error, trio.BrokenResourceError | OSError):
            raise _no_tls(error, where) from error
        raise
    return wrapped


def _no_tls(error: Exception, where: str) -> VenueError:
    """A refused certificate is another matter than a lost connection."""
    cause = error.__cause__ or error
    kind = TlsRefused if isinstance(cause, ssl.SSLError) else Unreachable
    return kind(f"{where}: {cause}")


async def _tcp(host: str, port: int, where: str) -> trio.SocketStream:
    try:
        return await trio.open_tcp_stream(host, port)
    except OSError as error:
        raise Unreachable(f"{where}: {why_unreachable(error)}") from error


async def _tunnel(stream: trio.abc.Stream, target: str, proxy: Proxy, where: str) -> None:
    """Ask for a tunnel (RFC 9110, 9.3.6), and wait for the answer."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES_MAX)
    headers = [("Host", target), ("User-Agent", "tipoff")]
    if proxy.user or proxy.password:
        token = base64.b64encode(f"{proxy.user}:{proxy.password}".encode()).decode()
        headers.append(("Proxy-Authorization", f"Basic {token}"))
    asked = connection.send(h11.Request(method="CONNECT", target=target, headers=headers))
    await stream.send_all((asked or b"") + (connection.send(h11.EndOfMessage()) or b""))
    while (answer := connection.next_event()) is h11.NEED_DATA:
        connection.receive_data(bytes(await stream.receive_some(READ_BYTES)))
    if not isinstance(answer, h11.Response):
        raise Unreachable(f"{where}: it has hung up")
    if not 200 <= answer.status_code < 300:
        raise Unreachable(f"{where}: {refused(str(answer.status_code), answer.reason.decode('latin-1'))}")
