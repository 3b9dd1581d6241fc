"""A dashboard's server on loopback, and a small daemon that speaks the control socket to it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs

from tipoff.dashboard.access import Tokens
from tipoff.dashboard.daemon_link import DaemonLink
from tipoff.dashboard.server import ServerSettings, serve
from tipoff.dashboard.source import DataSource

TOKENS = Tokens(operate="o" * 43, read="r" * 43)


@attrs.define(eq=False)
class FakeDaemon:
    """Answers `status`, a few questions and every command; whoever watches is told what the test says."""

    path: Path
    run: str = "demo-1"
    asked: list[tuple[str, dict[str, Any]]] = attrs.field(factory=list)
    connections: int = 0
    watching: list[asyncio.StreamWriter] = attrs.field(factory=list)
    rows: dict[str, dict[str, Any]] = attrs.field(factory=lambda: {"markets": {"A": {"yes_bid": "0.40"}}})
    silent: bool = False
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, str(self.path))

    async def stop(self) -> None:
        """As if it were killed: every connection ends."""
        assert self._server is not None
        self._server.close()
        for writer in self.watching:
            writer.transport.abort()
        self.watching.clear()
        self.path.unlink(missing_ok=True)

    def tell(self, method: str, params: dict[str, Any]) -> None:
        for writer in self.watching:
            _write(writer, {"method": method, "params": params})

    def change(self, key: str, row: dict[str, Any] | None) -> None:
        self.tell("watch.diff", {"topic": "markets", "version": 2, "rows": {key: row}})

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        _write(writer, {"method": "hello", "params": {"protocol": 1}})
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                request = json.loads(line)
                method, params = request["method"], request["params"]
                self.asked.append((method, params))
                if not self.silent:
                    self._answer(writer, request["id"], method, params)
        if writer in self.watching:
            self.watching.remove(writer)
        writer.close()

    def _answer(self, writer: asyncio.StreamWriter, number: int, method: str, params: dict[str, Any]) -> None:
        match method:
            case "watch":
                _write(writer, {"id": number, "result": {"topics": params["topics"], "hz": params["hz"]}})
                self.watching.append(writer)
                for topic, rows in self.rows.items():
                    _write(
                        writer,
                        {"method": "watch.snapshot", "params": {"topic": topic, "version": 1, "rows": rows}},
                    )
            case "why":
                error = {"code": -32007, "message": "nothing is known of it", "data": {"name": "not_found"}}
                _write(writer, {"id": number, "error": error})
            case "fills":
                text = json.dumps([{"fill_id": "f1"}])
                for part, piece in enumerate((text[:5], text[5:]), 1):
                    _write(writer, {"id": number, "part": part, "parts": 2, "text": piece})
            case "status":
                _write(writer, {"id": number, "result": {"run": self.run, "state": "running"}})
            case _:
                _write(writer, {"id": number, "result": {"outcome": "done", "command": method}})


def _write(writer: asyncio.StreamWriter, frame: dict[str, Any]) -> None:
    writer.write(json.dumps({"jsonrpc": "2.0", "v": 1, **frame}).encode() + b"\n")


@contextlib.asynccontextmanager
async def served(source: DataSource) -> AsyncIterator[int]:
    """A dashboard's server; its port."""
    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()
    settings = ServerSettings(host="127.0.0.1", port=0, tokens=TOKENS)
    task = asyncio.create_task(serve(settings, source, listening=ready.set_result, until=over.wait))
    await asyncio.wait((task, ready), return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    try:
        yield ready.result()
    finally:
        over.set()
        await task


@contextlib.asynccontextmanager
async def beside_a_daemon(folder: Path) -> AsyncIterator[tuple[FakeDaemon, int]]:
    """The daemon, and the port of its dashboard."""
    daemon = FakeDaemon(folder / "control.sock")
    await daemon.start()
    try:
        async with served(DaemonLink(daemon.path)) as port:
            yield daemon, port
    finally:
        await daemon.stop()


@attrs.frozen
class Answer:
    """Of HTTP."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:  # noqa: ANN401 - it is JSON
        return json.loads(self.body)


async def ask(port: int, path: str, *, method: str = "GET", body: bytes = b"", **headers: str) -> Answer:
    """One request on a connection of its own; header names are written with _ for -."""
    given = {"host": f"127.0.0.1:{port}", "authorization": f"Bearer {TOKENS.operate}", **headers}
    lines = [f"{method} {path} HTTP/1.1", f"content-length: {len(body)}", "connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in given.items() if value]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)
    head, _, rest = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    first, *fields = head.decode().split("\r\n")
    names = (field.partition(": ") for field in fields)
    return Answer(int(first.split()[1]), {name.lower(): value for name, _, value in names}, rest)


async def command(port: int, name: str, **body: object) -> Answer:
    """A command as the page sends it."""
    whole = {"request_id": "page-1", "params": {}, **body}
    origin = f"http://127.0.0.1:{port}"
    return await ask(
        port,
        f"/api/do/{name}",
        method="POST",
        body=json.dumps(whole).encode(),
        origin=origin,
        content_type="application/json",
    )


@contextlib.asynccontextmanager
async def stream(
    port: int, topics: str = "markets"
) -> AsyncIterator[Callable[[], Awaitable[tuple[str, Any]]]]:
    """A browser that looks: yields what waits for the next event."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2_000_000)
    writer.write(
        f"GET /api/stream?topics={topics} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n"
        f"authorization: Bearer {TOKENS.read}\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")

    async def following() -> tuple[str, Any]:
        while True:
            line = await asyncio.wait_for(reader.readline(), 10)
            if not line:
                raise EOFError
            if line.startswith(b"event: "):
                data = await asyncio.wait_for(reader.readline(), 10)
                return line[7:-1].decode(), json.loads(data[6:])

    try:
        yield following
    finally:
        writer.transport.abort()


def run(coroutine: Awaitable[None]) -> None:
    """Run a test on asyncio, on which the server lives; everything else in the project lives on trio."""

    async def bounded() -> None:
        await asyncio.wait_for(coroutine, 60)

    asyncio.run(bounded())
