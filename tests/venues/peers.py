"""The other end of a connection, in the hands of a test: raw WebSocket and HTTP servers on loopback."""

import base64
import hashlib
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import attrs
import trio

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


async def listen(nursery: trio.Nursery, handler: Callable[[trio.SocketStream], Awaitable[None]]) -> int:
    """Serve on a free port of loopback until the nursery ends; a client that goes away is no failure."""

    async def forgiving(stream: trio.SocketStream) -> None:
        try:
            await handler(stream)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            await trio.aclose_forcefully(stream)

    listeners = await nursery.start(partial(trio.serve_tcp, forgiving, 0, host="127.0.0.1"))
    return int(listeners[0].socket.getsockname()[1])


async def until(true: Callable[[], bool], within_s: float = 10.0) -> None:
    """Let the others run until something is true. Raises TooSlowError when it takes too long."""
    with trio.fail_after(within_s):
        while not true():  # noqa: ASYNC110 (what is waited for is not ours to signal)
            await trio.sleep(0.002)


async def read_head(stream: trio.abc.Stream) -> tuple[str, bytes]:
    """A request's head, and what came after it; an empty head at the end of the stream."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = await stream.receive_some()
        if not more:
            return "", b""
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    return head.decode(), rest


def header(head: str, name: str) -> str | None:
    """A header of a head."""
    for line in head.split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.strip().lower() == name.lower():
            return value.strip()
    return None


def frame(opcode: int, payload: bytes, *, final: bool = True) -> bytes:
    """A frame as a server sends it: not masked."""
    first = opcode | (0x80 if final else 0)
    length = len(payload)
    if length < 126:
        return bytes([first, length]) + payload
    if length < 65_536:
        return bytes([first, 126]) + length.to_bytes(2, "big") + payload
    return bytes([first, 127]) + length.to_bytes(8, "big") + payload


@attrs.define
class WebSocketPeer:
    """The server's side of one WebSocket."""

    stream: trio.abc.Stream
    head: str = ""
    _rest: bytes = b""

    async def accept(self, after: bytes = b"") -> None:
        """Answer the upgrade; `after` goes out in the same breath."""
        self.head, self._rest = await read_head(self.stream)
        key = header(self.head, "sec-websocket-key") or ""
        digest = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
        answer = (
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
            f"sec-websocket-accept: {digest}\r\n\r\n"
        )
        await self.stream.send_all(answer.encode() + after)

    async def refuse(self, status: str, body: str = "", *headers: str) -> None:
        """Refuse the upgrade."""
        self.head, self._rest = await read_head(self.stream)
        lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers, "", body]
        await self.stream.send_all("\r\n".join(lines).encode())

    async def say(self, body: object) -> None:
        """Send a text message: JSON, or a text as it is."""
        text = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))
        await self.stream.send_all(frame(TEXT, text.encode()))

    async def receive(self) -> tuple[int, bytes]:
        """The next frame of the client: opcode and payload. Raises EndOfChannel at the end."""
        head = await self._bytes(2)
        length = head[1] & 0x7F
        if length >= 126:
            length = int.from_bytes(await self._bytes(2 if length == 126 else 8), "big")
        mask = await self._bytes(4)
        payload = await self._bytes(length)
        return head[0] & 0x0F, bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))

    async def command(self) -> dict[str, object]:
        """The next command of the client; pongs and pings on the way are passed over."""
        while True:
            opcode, payload = await self.receive()
            if opcode == TEXT:
                command: dict[str, object] = json.loads(payload)
                return command

    async def _bytes(self, count: int) -> bytes:
        while len(self._rest) < count:
            more = await self.stream.receive_some()
            if not more:
                raise trio.EndOfChannel
            self._rest += more
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken


def websocket(
    handler: Callable[[WebSocketPeer], Awaitable[None]],
) -> Callable[[trio.SocketStream], Awaitable[None]]:
    """A handler for `listen` that accepts the upgrade first."""

    async def handle(stream: trio.SocketStream) -> None:
        peer = WebSocketPeer(stream)
        await peer.accept()
        with suppress(trio.EndOfChannel):
            await handler(peer)

    return handle


def answer(body: str | bytes, status: str = "200 OK", *headers: str) -> bytes:
    """A whole HTTP answer."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(data)}", "content-type: application/json", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + data


def http(
    reply: Callable[[str], bytes | Awaitable[bytes]], heads: list[str] | None = None
) -> Callable[[trio.SocketStream], Awaitable[None]]:
    """A handler for `listen` that answers each request by `reply(head)`, keeping the connection open."""

    async def handle(stream: trio.SocketStream) -> None:
        while True:
            head, _ = await read_head(stream)
            if not head:
                return
            if heads is not None:
                heads.append(head)
            found = reply(head)
            await stream.send_all(found if isinstance(found, bytes) else await found)

    return handle
