"""The endpoint for Prometheus: /metrics and /healthz over HTTP, on the loopback by default.

Started by the daemon beside the engine. Connections, the time of each, and the bytes of a question are
bounded, because a scraper that never reads must not cost anything: a new connection beyond the limit is
closed at once. Answers come from memory.
"""

import errno
import json
from collections.abc import Callable
from functools import partial

import attrs
import h11
import structlog
import trio

from tipoff import __version__
from tipoff.config.sections import MetricsSection
from tipoff.metrics.exposition import CONTENT_TYPE, Exposition

CONNECTIONS_MAX = 16
"""Connections at a time; one more is closed at once."""

CONNECTION_S_MAX = 10.0
"""A connection is closed after so long, whatever it does."""

REQUESTS_MAX = 100
"""Questions on one connection."""

HEADER_BYTES_MAX = 8_192
"""A question with longer headers is refused."""

READ_BYTES = 4_096
BACKLOG = 32
ACCEPT_PAUSE_S = 0.1
SHORT_OF_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class PortTaken(Exception):
    """The metrics cannot be served there; the sentence says why and what to do."""


@attrs.frozen
class Health:
    """Whether the daemon can do its work, and its state in a word."""

    ok: bool
    state: str


@attrs.frozen
class _Page:
    status: int
    content_type: str
    body: bytes


@attrs.define
class MetricsServer:
    """Serves one engine's metrics."""

    exposition: Exposition
    health: Callable[[], Health]
    connections: int = 0
    refused: int = 0

    async def serve(self, section: MetricsSection, task_status: trio.TaskStatus[int]) -> None:
        """Listen until cancelled; `task_status` gets the port. Raises PortTaken."""
        listener = await _listener(section)
        async with trio.open_nursery() as nursery:
            with listener:
                task_status.started(listener.getsockname()[1])
                while True:
                    connected = await _accepted(listener)
                    # Dropped at once, not queued: a scraper asks again anyhow, and a waiting one holds a
                    # descriptor.
                    if self.connections >= CONNECTIONS_MAX:
                        self.refused += 1
                        connected.close()
                        continue
                    self.connections += 1
                    nursery.start_soon(self._talk, trio.SocketStream(connected))

    async def _talk(self, stream: trio.SocketStream) -> None:
        try:
            with trio.move_on_after(CONNECTION_S_MAX):
                await self._answer_all(stream)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        except Exception as error:  # noqa: BLE001 - one scraper's trouble is nobody else's
            structlog.get_logger().warning("metrics_connection_failed", error=repr(error))
        finally:
            self.connections -= 1
            await trio.aclose_forcefully(stream)

    async def _answer_all(self, stream: trio.SocketStream) -> None:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=HEADER_BYTES_MAX)
        for _ in range(REQUESTS_MAX):
            try:
                request = await _request(connection, stream)
            except h11.RemoteProtocolError as error:
                await _refuse(connection, stream, error.error_status_hint)
                return
            if request is None:
                return
            await _send(connection, stream, self._page(request), headless=request.method == b"HEAD")
            # h11 reuses a connection only when both sides are done; after a body that was not read they are
            # not.
            if connection.states != {h11.SERVER: h11.DONE, h11.CLIENT: h11.DONE}:
                return
            connection.start_next_cycle()

    def _page(self, request: h11.Request) -> _Page:
        if request.http_version not in (b"1.0", b"1.1"):
            return _text(505, "HTTP/1.1 is spoken here\n")
        path = request.target.partition(b"?")[0]
        if path not in (b"/metrics", b"/healthz"):
            return _text(404, "there are /metrics and /healthz\n")
        if request.method not in (b"GET", b"HEAD"):
            return _text(405, "only GET is answered\n")
        if path == b"/metrics":
            return _Page(200, CONTENT_TYPE, self.exposition.text())
        health = self.health()
        body = json.dumps({"ok": health.ok, "state": health.state}) + "\n"
        return _Page(200 if health.ok else 503, "application/json", body.encode())


async def serve_metrics(
    section: MetricsSection,
    exposition: Exposition,
    health: Callable[[], Health],
    *,
    task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until cancelled; `task_status` gets the port. Raises PortTaken with a sentence to show."""
    await MetricsServer(exposition, health).serve(section, task_status)


async def _listener(section: MetricsSection) -> trio.socket.SocketType:
    where = f"{section.host} port {section.port}"
    hint = "choose another [metrics] port, or stop what listens there"
    try:
        (family, kind, protocol, _, address), *_ = await trio.socket.getaddrinfo(
            section.host, section.port, type=trio.socket.SOCK_STREAM
        )
        listener = trio.socket.socket(family, kind, protocol)
        try:
            # Without it a restart fails for a minute on the old connections, which stay in TIME_WAIT.
            listener.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_REUSEADDR, 1)
            await listener.bind(address)
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise PortTaken(f"metrics cannot be served on {where}: {error.strerror or error}; {hint}") from error
    return listener


async def _accepted(listener: trio.socket.SocketType) -> trio.socket.SocketType:
    while True:
        try:
            connected, _ = await listener.accept()
        except OSError as error:
            # A connection that is gone again, or no descriptor left: others may be closed meanwhile.
            await trio.sleep(ACCEPT_PAUSE_S if error.errno in SHORT_OF_ROOM else 0)
            continue
        return connected


async def _request(connection: h11.Connection, stream: trio.SocketStream) -> h11.Request | None:
    """The next question with its body thrown away; None when the scraper has gone."""
    request: h11.Request | None = None
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await stream.receive_some(READ_BYTES))
        elif isinstance(event, h11.Request):
            request = event
            if event.method not in (b"GET", b"HEAD"):
                return request
        elif isinstance(event, h11.EndOfMessage):
            return request
        elif isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
            return None


async def _send(
    connection: h11.Connection, stream: trio.SocketStream, page: _Page, *, headless: bool
) -> None:
    headers = [
        *([("connection", "close")] if page.status >= 400 else []),
        ("content-type", page.content_type),
        ("content-length", str(len(page.body))),
        ("cache-control", "no-store"),
        ("server", f"tipoff/{__version__}"),
    ]
    write = partial(_write, connection, stream)
    await write(h11.Response(status_code=page.status, headers=headers))
    if not headless:
        await write(h11.Data(data=page.body))
    await write(h11.EndOfMessage())


async def _write(connection: h11.Connection, stream: trio.SocketStream, event: h11.Event) -> None:
    data = connection.send(event)
    if data:
        await stream.send_all(data)


async def _refuse(connection: h11.Connection, stream: trio.SocketStream, status: int) -> None:
    if connection.our_state in (h11.IDLE, h11.SEND_RESPONSE):
        await _send(connection, stream, _text(status, "not understood\n"), headless=False)


def _text(status: int, text: str) -> _Page:
    return _Page(status, "text/plain; charset=utf-8", text.encode())
