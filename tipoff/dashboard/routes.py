"""What the dashboard answers over HTTP: the page, the stream, questions and commands.

Every request passes the gatekeeper first. A command goes to the daemon's operator with the request id that
the page chose, so that the same button pressed twice is one command, and with what it came through.
"""

import time
from collections.abc import Mapping
from typing import Any, Final

import attrs
import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tipoff.control.method import REQUEST_ID
from tipoff.control.permissions import Level
from tipoff.control.registry import METHODS
from tipoff.dashboard.access import HEADERS, JSON_TYPE, Asked, Gatekeeper, Refused, Right
from tipoff.dashboard.event_stream import EventStream
from tipoff.dashboard.hub import TOPICS, Hub, TooManyViewers
from tipoff.dashboard.page import PageFile
from tipoff.dashboard.source import DataSource
from tipoff.json_types import Json
from tipoff.output import Failure

BODY_BYTES_MAX: Final = 32_768
"""Of a command."""

STATUS: Final[Mapping[str, int]] = {
    "invalid_params": 400,
    "unknown_method": 404,
    "not_found": 404,
    "not_permitted": 403,
    "conflict": 409,
    "refused": 409,
    "too_large": 413,
    "timeout": 504,
    "internal": 502,
}
"""The status of HTTP for what the daemon says is wrong; of everything else 503."""

ASK: Final = "/api/ask/"
DO: Final = "/api/do/"
STREAM: Final = "/api/stream"
_HEADERS: Final = tuple((name.lower().encode(), value.encode()) for name, value in HEADERS.items())


@attrs.frozen
class Dashboard:
    """The application that the web server calls."""

    hub: Hub
    source: DataSource
    gatekeeper: Gatekeeper
    files: Mapping[str, PageFile]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        # Only HTTP is served: there is no lifespan to speak of, and WebSockets are switched off.
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except ClientDisconnect:
            return
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> ASGIApp:
        found = self.gatekeeper.decide(_asked(request), time.monotonic_ns())
        if isinstance(found, Refused):
            return problem(found.status, "refused", found.why)
        path = request.scope["path"]
        if path in self.files:
            return _page(self.files[path], request)
        if path == STREAM:
            return await self._stream(request)
        if path == "/api/about":
            right = {"right": found.value, "read_only": self.source.read_only}
            return answered({**right, "stored": self.source.about()})
        if path.startswith(ASK) and request.method == "GET":
            return await self._ask(path.removeprefix(ASK), request)
        if path.startswith(DO) and request.method == "POST":
            return await self._do(path.removeprefix(DO), request, found)
        return problem(404, "not_found", f"there is nothing at {path[:80]}")

    async def _stream(self, request: Request) -> ASGIApp:
        named = [name for name in request.query_params.get("topics", "").split(",") if name]
        unknown = [name for name in named if name not in TOPICS]
        if unknown:
            return problem(400, "invalid_params", f"topics are some of {', '.join(TOPICS)}")
        until = request.query_params.get("until")
        try:
            hub = self.hub if until is None else await self.source.at(until)
            return EventStream(hub, named or TOPICS, _HEADERS)
        except Failure as failure:
            return failed(failure)
        except TooManyViewers:
            return problem(503, "busy", "too many browsers look already; close one")

    async def _ask(self, name: str, request: Request) -> Response:
        method = METHODS.get(name)
        if method is None or method.level is not Level.READ or name == "watch":
            return problem(404, "unknown_method", f"there is no question {name[:80]!r}")
        try:
            return answered(await self.source.ask(name, _typed(name, request.query_params)))
        except Failure as failure:
            # That nothing is known yet is an answer: a browser writes every other status into its console.
            return failed(failure, 200 if failure.code == "not_found" else None)

    async def _do(self, name: str, request: Request, right: Right) -> Response:
        method = METHODS.get(name)
        if method is None or not method.mutates:
            return problem(404, "unknown_method", f"there is no command {name[:80]!r}")
        if self.source.read_only:
            return problem(409, "refused", "this run is over; nothing of it can be changed")
        body = await _body(request)
        command = _command(body) if body is not None else None
        if command is None:
            why = "a command is an object of request_id, params and reason"
            return problem(400 if body is not None else 413, "invalid_params", why)
        params: dict[str, Any] = {
            **command.params,
            "request_id": command.request_id,
            "via": f"dashboard ({right.value})",
        }
        if command.reason:
            params["reason"] = command.reason
        try:
            return answered(await self.source.ask(name, params))
        except Failure as failure:
            return failed(failure)


class _Command(msgspec.Struct, forbid_unknown_fields=True):
    request_id: str
    params: dict[str, object]
    reason: str = ""


def _asked(request: Request) -> Asked:
    headers = request.headers
    return Asked(
        method=request.method,
        path=request.scope["path"],
        # Two of them are nobody's: which one counts would be a matter of taste.
        host=headers["host"] if len(headers.getlist("host")) == 1 else None,
        origin=headers.get("origin"),
        content_type=headers.get("content-type"),
        authorization=headers.get("authorization"),
    )


def _typed(name: str, query: Mapping[str, str]) -> dict[str, Json]:
    """The parameters of an address as the method wants them; the daemon refuses what does not fit."""
    kinds = {param.name: param.kind for param in METHODS[name].all_params()}
    return {key: _value(kinds.get(key, "text"), text) for key, text in query.items()}


def _value(kind: str, text: str) -> Json:
    try:
        match kind:
            case "whole":
                return int(text)
            case "number":
                return float(text)
            case "flag":
                return text == "true"
            case _:
                return text
    except ValueError:
        return text


async def _body(request: Request) -> bytes | None:
    """The body of a command; None if it is too long, whatever its headers say of its length."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_BYTES_MAX:
            return None
    return bytes(body)


def _command(body: bytes) -> _Command | None:
    try:
        command = msgspec.json.decode(body, type=_Command)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return command if REQUEST_ID.fullmatch(command.request_id) else None


def _page(file: PageFile, request: Request) -> Response:
    headers = {**HEADERS, "ETag": file.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    packed = "gzip" in request.headers.get("accept-encoding", "")
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(file.compressed if packed else file.body, media_type=file.content_type, headers=headers)


def answered(result: Json) -> Response:
    """An answer."""
    return _json(200, {"result": result})


def failed(failure: Failure, status: int | None = None) -> Response:
    """What the daemon refused, or why it did not answer."""
    return _json(status or STATUS.get(failure.code, 503), failure.document)


def problem(status: int, code: str, why: str) -> Response:
    """Not served, and what to do."""
    return _json(status, {"error": {"code": code, "message": why, "details": []}})


def _json(status: int, document: object) -> Response:
    headers = {**HEADERS, "Cache-Control": "no-store"}
    return Response(msgspec.json.encode(document), status, headers, media_type=JSON_TYPE)
