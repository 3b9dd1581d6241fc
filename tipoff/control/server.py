"""The control socket's server: connections, deadlines and levels around the methods.

Run by the daemon on trio's thread (`serve_control`). Who the peer is comes from the kernel and is asked
before a byte is read; everything a peer can do is bounded in size, time and number. A peer's mistakes end
at most its own connection.
"""

import logging
import socket

import attrs
import trio

from tipoff import __version__
from tipoff.control.context import Call, CallContext
from tipoff.control.endpoint import Endpoint
from tipoff.control.parameters import Params
from tipoff.control.permissions import Level
from tipoff.control.ports import Engine, Hooks
from tipoff.control.protocol import (
    FRAME_BYTES_MAX,
    PROTOCOL,
    ErrorCode,
    Fault,
    Request,
    error_frame,
    hello_frame,
    id_of,
    read_object,
    read_request,
    result_frames,
)
from tipoff.control.schema import ENDPOINTS, digest
from tipoff.control.socket_settings import ControlSettings
from tipoff.control.unix_socket import Peer, listening, peer_of
from tipoff.control.watching import Hub
from tipoff.json_schema import plain
from tipoff.json_types import Json

READ_BYTES = 16_384
ACCEPT_AGAIN_SECONDS = 0.1
"""Pause after the system had no descriptor left for a connection."""

REFUSED_MAX = 16
"""So many peers that are being turned away are served at a time; more are closed without a word."""

WATCH = "watch"
"""The one method behind whose answer notifications follow."""

log = logging.getLogger("tipoff.control")


async def serve_control(
    settings: ControlSettings,
    engine: Engine,
    hooks: Hooks | None = None,
    *,
    task_status: trio.TaskStatus["ControlServer"] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Listen until cancelled; `task_status` gets the server once it can be connected to.

    Raises SocketRefused if the socket cannot be had.
    """
    context = CallContext(engine, hooks or Hooks(), settings.request_seconds)
    with listening(settings.path, settings.gid) as bound:
        server = ControlServer(settings, context)
        async with trio.open_nursery() as nursery:
            listener = trio.socket.from_stdlib_socket(bound)
            nursery.start_soon(server.hub.run)
            task_status.started(server)
            await server.accept_all(listener, nursery)


@attrs.define(eq=False)
class Connection:
    """One peer: since when it has been idle (trio's time), or None while a request is worked on."""

    stream: trio.SocketStream
    peer: Peer
    scope: trio.CancelScope
    idle_since: float | None
    buffer: bytearray = attrs.field(factory=bytearray)


class ControlServer:
    """The connections of one socket."""

    def __init__(self, settings: ControlSettings, context: CallContext) -> None:
        """Nothing is listened to yet."""
        self.settings = settings
        self.context = context
        self.hub = Hub(context)
        self.connections: list[Connection] = []
        self.accepted = self.refused = self.dropped = self.requests = self.faults = 0
        self._turning_away = 0
        # Once: it is made of the code, which does not change under a server, and every hello has it.
        self._schema = digest()

    async def accept_all(self, listener: trio.socket.SocketType, nursery: trio.Nursery) -> None:
        """Take connections for ever."""
        while True:
            try:
                accepted, _ = await listener.accept()
            except OSError as error:
                log.warning("cannot accept: %s", error)
                # Without descriptors the waiting connection stays, and accept would fail again at once, for
                # ever.
                await trio.sleep(ACCEPT_AGAIN_SECONDS)
                continue
            self.accepted += 1
            self._welcome(trio.SocketStream(accepted), nursery)

    def _welcome(self, stream: trio.SocketStream, nursery: trio.Nursery) -> None:
        """Ask the kernel who it is, make room, and serve it or turn it away."""
        try:
            peer = peer_of(_stdlib(stream))
        except OSError:
            stream.socket.close()
            return
        # Under systemd's PrivateUsers= every uid but root and the service's own arrives as 65534.
        level = self.settings.levels.level(peer.uid)
        if level is None:
            log.warning("refused uid %d (pid %d)", peer.uid, peer.pid)
            fault = Fault(ErrorCode.NOT_PERMITTED, f"uid {peer.uid} may not use this socket")
            self._turn_away(stream, fault, nursery)
            return
        if len(self.connections) >= self.settings.connections_max and not self._drop_oldest_idle():
            fault = Fault(ErrorCode.BUSY, f"all {self.settings.connections_max} connections are at work")
            self._turn_away(stream, fault, nursery)
            return
        connection = Connection(stream, peer, trio.CancelScope(), trio.current_time())
        self.connections.append(connection)
        nursery.start_soon(self._serve, connection, level)

    def _turn_away(self, stream: trio.SocketStream, fault: Fault, nursery: trio.Nursery) -> None:
        self.refused += 1
        if self._turning_away >= REFUSED_MAX:
            stream.socket.close()
            return
        self._turning_away += 1
        nursery.start_soon(self._refuse, stream, fault)

    async def _refuse(self, stream: trio.SocketStream, fault: Fault) -> None:
        """Say why, without reading anything, and close."""
        try:
            with trio.move_on_after(self.settings.write_seconds):
                await stream.send_all(error_frame(None, fault))
        except trio.BrokenResourceError:
            pass
        finally:
            self._turning_away -= 1
            stream.socket.close()

    def _drop_oldest_idle(self) -> bool:
        """Close the connection that has been idle for longest; False if all are at work."""
        idle = [connection for connection in self.connections if connection.idle_since is not None]
        if not idle:
            return False
        oldest = min(idle, key=lambda connection: connection.idle_since or 0.0)
        self.dropped += 1
        # Not left to its task, which ends later: the newcomer needs the place now.
        self.connections.remove(oldest)
        oldest.scope.cancel()
        return True

    async def _serve(self, connection: Connection, level: Level) -> None:
        try:
            with connection.scope:
                await self._talk(connection, level)
        except (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError):
            log.debug("pid %d went away", connection.peer.pid)
        finally:
            self.hub.leave(connection)
            if connection in self.connections:
                self.connections.remove(connection)
            connection.stream.socket.close()

    async def _talk(self, connection: Connection, level: Level) -> None:
        await self._send(connection, hello_frame(await self._hello(level)))
        while True:
            connection.idle_since = trio.current_time()
            try:
                frame = await self._frame(connection)
            except Fault as fault:
                self.faults += 1
                await self._send(connection, error_frame(None, fault))
                return
            if frame is None:
                return
            connection.idle_since = None
            if await self._answer(connection, frame, level):
                # It stays at work: whoever watches is not idle, and makes room for nobody.
                await self.hub.serve(connection, connection.stream)
                return

    async def _hello(self, level: Level) -> Json:
        methods: list[Json] = [name for name, each in ENDPOINTS.items() if each.method.level <= level]
        with trio.move_on_after(self.settings.write_seconds):
            state = await self.context.state()
            return {
                "protocol": PROTOCOL,
                "tipoff": __version__,
                "state": state,
                "level": level.word,
                "methods": methods,
                "schema": self._schema,
            }
        raise trio.TooSlowError

    async def _send(self, connection: Connection, frame: bytes) -> None:
        """Raises TooSlowError if the peer does not read."""
        with trio.fail_after(self.settings.write_seconds):
            await connection.stream.send_all(frame)

    async def _frame(self, connection: Connection) -> bytes | None:
        """The next frame without its newline; None at the end. Raises Fault for one too long or too slow."""
        buffer = connection.buffer
        searched = 0
        deadline = trio.current_time() + (
            self.settings.read_seconds if buffer else self.settings.idle_seconds
        )
        while True:
            end = buffer.find(b"\n", searched)
            if end >= FRAME_BYTES_MAX or (end < 0 and len(buffer) >= FRAME_BYTES_MAX):
                raise Fault(ErrorCode.FRAME_TOO_LARGE, f"a frame has at most {FRAME_BYTES_MAX} bytes")
            if end >= 0:
                frame = bytes(buffer[:end])
                del buffer[: end + 1]
                return frame
            # Only new bytes are searched: a frame that drips in byte by byte would otherwise cost quadratic
            # time.
            searched = len(buffer)
            with trio.move_on_at(deadline) as waiting:
                received = await connection.stream.receive_some(READ_BYTES)
            if waiting.cancelled_caught:
                if not buffer:
                    return None
                # An idle peer is closed without a word; half a frame is a mistake that it should hear of.
                raise Fault(ErrorCode.TOO_SLOW, f"a frame must end within {self.settings.read_seconds:g} s")
            if not received:
                return None
            if not buffer:
                # The clock of a frame runs from its first byte, however slowly the rest drips.
                deadline = trio.current_time() + self.settings.read_seconds
            buffer += received

    async def _answer(self, connection: Connection, frame: bytes, level: Level) -> bool:
        """Answer a request; True if the connection only carries notifications from now on."""
        self.requests += 1
        ident: int | str | None = None
        try:
            request = read_request(frame)
            ident = request.id
            result = await self._result(request, connection.peer, level)
            watches = request.method == WATCH
            if watches:
                self.hub.admit(connection, Params(request.params))
            for part in result_frames(ident, result):
                await self._send(connection, part)
        except Fault as fault:
            self.faults += 1
            await self._send(connection, error_frame(ident if ident is not None else _id_in(frame), fault))
            return False
        return watches

    async def _result(self, request: Request, peer: Peer, level: Level) -> Json:
        endpoint = ENDPOINTS.get(request.method)
        if endpoint is None:
            raise Fault(ErrorCode.UNKNOWN_METHOD, f"there is no method {request.method!r}")
        method = endpoint.method
        if level < method.level:
            log.warning("refused %s to uid %d", method.name, peer.uid)
            message = f"{method.name} needs the level {method.level.word}; uid {peer.uid} has {level.word}"
            raise Fault(ErrorCode.NOT_PERMITTED, message)
        params = method.check(request.params)
        call = Call(method=method, params=params, uid=peer.uid, request_id=params.text("request_id") or "")
        self.context.require_running(method)
        with trio.move_on_after(self.settings.request_seconds):
            return await self._called(endpoint, call)
        raise Fault(ErrorCode.TIMEOUT, f"no answer within {self.settings.request_seconds:g} s")

    async def _called(self, endpoint: Endpoint, call: Call) -> Json:
        method = endpoint.method
        if method.mutates:
            log.info("uid %d: %s %s", call.uid, method.name, call.request_id)
        try:
            return plain(await endpoint.handler(self.context, call), endpoint.result)
        except Fault:
            raise
        except Exception as error:
            log.exception("%s failed", method.name)
            raise Fault(
                ErrorCode.INTERNAL, f"{method.name} failed: {type(error).__name__}: {error}"
            ) from error


def _id_in(frame: bytes) -> int | str | None:
    """The id of a frame that is no request, if it has one."""
    try:
        return id_of(read_object(frame))
    except Fault:
        return None


def _stdlib(stream: trio.SocketStream) -> socket.socket:
    """The socket beneath, for the one option that trio does not wrap."""
    return stream.socket  # type: ignore[return-value]  # it has getsockopt, which is all that is asked
