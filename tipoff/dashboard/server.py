"""The web server of the dashboard: uvicorn on a loopback address, bounded in everything that a peer can take.

Run in a process of its own, by `tipoff run` (see `child`) or in the foreground by `tipoff dashboard`. Never
imported by the daemon.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import attrs
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tipoff.dashboard.access import Gatekeeper, Tokens
from tipoff.dashboard.hub import Hub
from tipoff.dashboard.page import page_files
from tipoff.dashboard.routes import Dashboard
from tipoff.dashboard.source import DataSource
from tipoff.exit_codes import Exit
from tipoff.output import Failure

CONNECTIONS_MAX: Final = 256
"""Connections at a time; more are answered 503."""

HEADER_BYTES_MAX: Final = 16_384
"""A request with longer headers is refused."""

REQUEST_S_MAX: Final = 10.0
"""A connection that has not sent a whole request after so long is closed."""

IDLE_S_MAX: Final = 15
"""A connection that asks nothing more after an answer is closed."""

STOP_S_MAX: Final = 2
"""Answers under way when the server ends get so long."""

log = logging.getLogger("tipoff.dashboard")


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 with a deadline for the request: without one a peer that sends nothing stays for ever."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Begin to wait for a whole request."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(REQUEST_S_MAX, self._late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)

    def _late(self) -> None:
        # An answer that is under way has its own deadlines; a stream lives as long as its browser.
        if not self._asked or self.cycle.more_body:
            self.transport.abort()

    @property
    def _asked(self) -> bool:
        # None until the first request, whatever uvicorn's annotation says.
        return bool(self.cycle)


@attrs.frozen(kw_only=True)
class ServerSettings:
    """Where it listens and who may ask."""

    host: str
    port: int
    tokens: Tokens


def listener(host: str, port: int) -> socket.socket:
    """Listen. Raises Failure if the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(CONNECTIONS_MAX)
    except OSError as error:
        made.close()
        why = f"dashboard on {host} port {port}: {error.strerror}; choose another [dashboard] port"
        raise Failure("port_taken", why, exit_code=Exit.CONFIG) from None
    made.setblocking(False)
    return made


async def serve(
    settings: ServerSettings,
    source: DataSource,
    *,
    listening: Callable[[int], None],
    until: Callable[[], Awaitable[object]],
) -> None:
    """Serve until `until` returns; `listening` hears the port. Raises Failure if it is taken."""
    hub = Hub()
    bound = listener(settings.host, settings.port)
    app = Dashboard(hub, source, Gatekeeper(settings.tokens), page_files())
    server = _Server(_config(app))
    async with _feeding(source, hub) as feeding:
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        ending = asyncio.ensure_future(until())
        listening(bound.getsockname()[1])
        done, _ = await asyncio.wait((serving, ending, feeding), return_when=asyncio.FIRST_COMPLETED)
        hub.close("the dashboard ends")
        server.should_exit = True
        await serving
        ending.cancel()
    for task in done:
        # A feed that broke is a fault of ours; whoever started this process starts it again.
        if not task.cancelled():
            task.result()


class _Server(uvicorn.Server):
    """Without uvicorn's own handling of signals: whoever started this process says when it ends."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]  # noqa: ANN202 - as in uvicorn
        yield


@contextlib.asynccontextmanager
async def _feeding(source: DataSource, hub: Hub) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(source.feed(hub))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _config(app: Dashboard) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=BoundedProtocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONNECTIONS_MAX,
        h11_max_incomplete_event_size=HEADER_BYTES_MAX,
        timeout_keep_alive=IDLE_S_MAX,
        timeout_graceful_shutdown=STOP_S_MAX,
    )
