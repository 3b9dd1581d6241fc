"""A small HTTP/1.1 server side for one connection, on h11 and trio: requests in, answers out.

Both simulated services use it; a WebSocket handshake is handed on with what was read beyond it.
"""

import gzip
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from functools import lru_cache
from typing import Final, TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

import attrs
import h11
import trio

from venues.simulator.wire.faults import Faults
from venues.simulator.wire.odd_bodies import null_lists, odd_rows

BODY_BYTES_MAX: Final = 65_536
IDLE_SECONDS_MAX: Final = 120
READ_BYTES: Final = 65_536


@attrs.frozen
class Request:
    """One request as the handlers see it."""

    method: str
    path: str
    """As sent, without the query."""
    query: tuple[tuple[str, str], ...]
    """In the order sent; names may repeat."""
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    def one(self, name: str, otherwise: str = "") -> str:
        """The last value of a parameter."""
        return next((value for key, value in reversed(self.query) if key == name), otherwise)

    def many(self, name: str) -> list[str]:
        """All values of a repeated parameter."""
        return [value for key, value in self.query if key == name]

    @property
    def wants_websocket(self) -> bool:
        """Whether this is a WebSocket handshake."""
        return self.headers.get("upgrade", "").lower() == "websocket"


@attrs.frozen
class Answer:
    """One answer before faults."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


Handler: TypeAlias = Callable[[Request], Answer | None]
"""Answers a request; None means: a WebSocket, accepted."""
Upgraded: TypeAlias = Callable[[trio.SocketStream, Request, bytes], Awaitable[None]]


@lru_cache(maxsize=2)
def _bomb(size: int) -> bytes:
    return gzip.compress(b" " * size, compresslevel=9)


@attrs.define(eq=False)
class HttpSide:
    """The server side of one connection."""

    stream: trio.SocketStream
    service: str
    handler: Handler
    upgraded: Upgraded
    faults: Faults
    clock: Callable[[], float]
    """Unix seconds for Date headers."""
    _h11: h11.Connection = attrs.field(
        factory=lambda: h11.Connection(h11.SERVER, max_incomplete_event_size=READ_BYTES)
    )

    async def run(self) -> None:
        """Serve until the client goes, a limit is passed or a fault ends it."""
        try:
            async with self.stream:
                await self._serve_all()
        except (trio.BrokenResourceError, trio.ClosedResourceError, h11.ProtocolError):
            return

    async def _serve_all(self) -> None:
        while (request := await self._next()) is not None:
            if not await self._serve(request):
                return

    async def _next(self) -> Request | None:
        """The next request, None when the client is gone, idle or too talkative."""
        with trio.move_on_after(IDLE_SECONDS_MAX):
            return await self._request()
        return None

    async def _request(self) -> Request | None:
        head: h11.Request | None = None
        body = b""
        while True:
            event = self._h11.next_event()
            if event is h11.NEED_DATA:
                self._h11.receive_data(await self.stream.receive_some(READ_BYTES))
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
                if len(body) > BODY_BYTES_MAX:
                    return None
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return _read(head, body)
            else:
                return None

    async def _serve(self, request: Request) -> bool:
        """Answer one request; whether the connection goes on."""
        answer = self.handler(request)
        if answer is None:
            rest = self._h11.trailing_data[0]
            await self.upgraded(self.stream, request, rest)
            return False
        concerned = self.faults.concerns(self.service, request.path)
        if concerned:
            # Read and never answered, not closed: only a total deadline of the client ends it.
            if self.faults.silent:
                await trio.sleep_forever()
            if self.faults.shoot("cut"):
                await trio.aclose_forcefully(self.stream)
                return False
            await trio.sleep(self.faults.latency_ms / 1000)
            answer = self._spoilt(answer)
        await self._send(answer, drip=self.faults.drip_bytes_per_second if concerned else 0)
        if self._h11.our_state is not h11.DONE or self._h11.their_state is not h11.DONE:
            return False
        self._h11.start_next_cycle()
        return True

    def _spoilt(self, answer: Answer) -> Answer:
        """The answer after the shots that change bodies."""
        faults = self.faults
        if faults.shoot("gzip_bomb"):
            headers = (*answer.headers, ("content-encoding", "gzip"))
            return attrs.evolve(answer, body=_bomb(faults.gzip_bomb_bytes), headers=headers)
        if faults.shoot("garbage_json"):
            return attrs.evolve(answer, body=answer.body[: max(1, len(answer.body) // 2)])
        if faults.shoot("null_lists"):
            return attrs.evolve(answer, body=null_lists(answer.body))
        if faults.shoot("odd_rows"):
            return attrs.evolve(answer, body=odd_rows(answer.body))
        if faults.shoot("html"):
            return Answer(200, b"<!doctype html><title>Just a moment</title>", "text/html")
        if faults.shoot("redirect"):
            return Answer(302, b"", headers=(("location", "http://other-host.invalid/collect"),))
        return answer

    async def _send(self, answer: Answer, *, drip: int) -> None:
        headers = [
            ("date", formatdate(self.clock(), usegmt=True)),
            ("content-type", answer.content_type),
            ("content-length", f"{len(answer.body)}"),
            *answer.headers,
        ]
        head = h11.Response(status_code=answer.status, headers=headers)
        data = self._h11.send(head) or b""
        body = (self._h11.send(h11.Data(data=answer.body)) or b"") if answer.body else b""
        body += self._h11.send(h11.EndOfMessage()) or b""
        if not drip:
            await self.stream.send_all(data + body)
            return
        await self.stream.send_all(data)
        # Ten small writes a second look to the client like a network that is nearly dead.
        step = max(1, drip // 10)
        for start in range(0, len(body), step):
            await self.stream.send_all(body[start : start + step])
            await trio.sleep(step / drip)


def _read(head: h11.Request, body: bytes) -> Request:
    parts = urlsplit(head.target.decode("latin-1"))
    return Request(
        method=head.method.decode(),
        path=unquote(parts.path),
        query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
        headers={name.decode(): value.decode("latin-1") for name, value in head.headers},
        body=body,
    )
