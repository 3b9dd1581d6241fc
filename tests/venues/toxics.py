"""A TCP proxy that spoils connections the way networks do: the nine classical toxics.

`proxied` is a task for a trio nursery; tests put it between the feed or the pollers and the simulated
services. Knows bytes only, nothing of HTTP or WebSockets.
"""

import socket
import struct
from functools import partial
from random import Random
from typing import Final

import attrs
import trio

CHUNK_BYTES: Final = 16_384
LINGER_NOT: Final = struct.pack("ii", 1, 0)
"""SO_LINGER switched on with no time: closing sends a reset."""


@attrs.define
class Toxics:
    """What happens to the bytes; may be changed while connections are open. Everything is off at first."""

    latency_ms: int = 0
    """Every chunk waits so long."""
    jitter_ms: int = 0
    """Up to so much more, drawn for each chunk."""
    bandwidth_bytes_per_second: int = 0
    """0 is unlimited."""
    slow_close_ms: int = 0
    """The end of a stream is passed on so much later."""
    timeout_ms: int = -1
    """Nothing gets through, and the connection is closed after so long; 0 never closes it, -1 is off."""
    reset_peer_ms: int = -1
    """Both sides get a reset so long after connecting; -1 is off."""
    slice_bytes: int = 0
    """Chunks are cut into pieces of this size, each written by itself; 0 is off."""
    limit_bytes: int = -1
    """After so many bytes in one direction the connection is closed; -1 is off."""
    down: bool = False
    """New connections are refused at once, open ones are cut with the next bytes."""
    upstream: bool = False
    """Whether the bytes from client to server suffer too; those to the client always do."""


@attrs.frozen
class Proxy:
    """A running proxy."""

    host: str
    port: int
    toxics: Toxics

    def through(self, url: str) -> str:
        """The same address by way of the proxy."""
        scheme, _, rest = url.partition("://")
        _, slash, path = rest.partition("/")
        return f"{scheme}://{self.host}:{self.port}{slash}{path}"


async def proxied(
    target: tuple[str, int],
    toxics: Toxics,
    seed: int = 1,
    task_status: trio.TaskStatus[Proxy] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Pass connections on to `target` (host, port) until cancelled; reports a `Proxy` as started."""
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    host, port = listeners[0].socket.getsockname()[:2]
    task_status.started(Proxy(host, port, toxics))
    await trio.serve_listeners(partial(_pass, target, toxics, Random(seed)), listeners)


def address_of(url: str) -> tuple[str, int]:
    """Host and port of a URL that names both."""
    host, _, port = url.partition("://")[2].partition("/")[0].rpartition(":")
    return host, int(port)


class _Reset(Exception):
    """The connection ends with a reset."""


async def _pass(target: tuple[str, int], toxics: Toxics, rng: Random, client: trio.SocketStream) -> None:
    async with client:
        if toxics.down:
            _reset(client)
            return
        try:
            server = await trio.open_tcp_stream(*target)
        except OSError:
            _reset(client)
            return
        async with server:
            await _join(client, server, toxics, rng)


async def _join(client: trio.SocketStream, server: trio.SocketStream, toxics: Toxics, rng: Random) -> None:
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_copy, client, server, _Direction(toxics, rng, suffers=False))
            nursery.start_soon(_copy, server, client, _Direction(toxics, rng, suffers=True))
            nursery.start_soon(_reset_later, toxics)
    except* (_Reset, trio.BrokenResourceError, trio.ClosedResourceError):
        _reset(client)
        _reset(server)


async def _reset_later(toxics: Toxics) -> None:
    if toxics.reset_peer_ms >= 0:
        await trio.sleep(toxics.reset_peer_ms / 1000)
        raise _Reset


def _reset(stream: trio.SocketStream) -> None:
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
    stream.socket.close()


async def _copy(source: trio.SocketStream, sink: trio.SocketStream, direction: "_Direction") -> None:
    """Pass the bytes of one direction on, then its end."""
    while data := await source.receive_some(CHUNK_BYTES):
        for piece in await direction.spoilt(data):
            await direction.pause(len(piece))
            await sink.send_all(piece)
        if direction.exhausted:
            raise _Reset
    if direction.suffering:
        await trio.sleep(direction.toxics.slow_close_ms / 1000)
    await sink.send_eof()


@attrs.define
class _Direction:
    """One direction of one connection, with what it has carried."""

    toxics: Toxics
    rng: Random
    suffers: bool
    carried: int = 0

    @property
    def suffering(self) -> bool:
        """Whether the toxics concern this direction now."""
        return self.suffers or self.toxics.upstream

    @property
    def exhausted(self) -> bool:
        """Whether this direction has carried all that it may."""
        return self.suffering and 0 <= self.toxics.limit_bytes <= self.carried

    async def spoilt(self, data: bytes) -> list[bytes]:
        """The pieces to write, after waiting as long as they have to. Raises _Reset when none may go."""
        toxics = self.toxics
        if toxics.down:
            raise _Reset
        if not self.suffering:
            return [data]
        if toxics.timeout_ms >= 0:
            await trio.sleep(toxics.timeout_ms / 1000 if toxics.timeout_ms else float("inf"))
            raise _Reset
        await trio.sleep((toxics.latency_ms + self.rng.uniform(0, toxics.jitter_ms)) / 1000)
        if toxics.limit_bytes >= 0:
            data = data[: max(0, toxics.limit_bytes - self.carried)]
        self.carried += len(data)
        size = toxics.slice_bytes or toxics.bandwidth_bytes_per_second // 10 or len(data) or 1
        return [data[start : start + size] for start in range(0, len(data), size)]

    async def pause(self, count: int) -> None:
        """Wait as long as a narrow line takes for so many bytes."""
        bandwidth = self.toxics.bandwidth_bytes_per_second
        if self.suffering and bandwidth:
            await trio.sleep(count / bandwidth)
        else:
            await trio.lowlevel.checkpoint()
