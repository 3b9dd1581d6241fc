"""The dashboard's way to the daemon: one connection that watches, and short ones that ask.

Runs on the loop of the web server. A daemon that is gone is looked for until it is back; whatever happens
meanwhile, browsers keep what they have and hear since when it is old.
"""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final, TypeAlias

import attrs
import msgspec

from tipoff.control.client import ANSWER_BYTES_MAX, CALL_SECONDS, NotRunning, failure_of
from tipoff.control.protocol import PROTOCOL, encode
from tipoff.dashboard.hub import TOPICS, Hub
from tipoff.exit_codes import Exit
from tipoff.json_types import Json
from tipoff.output import Failure

AGAIN_S_MIN: Final = 0.25
AGAIN_S_MAX: Final = 3.0
"""A daemon that is gone is looked for after so long at most."""

ASKING_MAX: Final = 4
"""Questions to the daemon at a time; the socket is everybody's, and others must find a place."""

FRESH_S: Final = 0.5
"""An answer serves everybody who asks the same within this time: twenty browsers are one."""

ANSWERS_MAX: Final = 128
"""Answers that are kept for that."""

HZ: Final = 10
HELLO_S: Final = 5.0
GONE: Final = "the daemon closed the connection"

Connection: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]


# The library cannot tell a raw value from none in a union.
_NOTHING: Final = msgspec.Raw()


class _Frame(msgspec.Struct):
    """What a frame of the daemon may hold; the rest is passed over."""

    method: str | None = None
    params: msgspec.Raw = _NOTHING
    result: msgspec.Raw = _NOTHING
    error: msgspec.Raw = _NOTHING
    part: int = 0
    parts: int = 0
    text: str = ""


class _Bye(Exception):
    """The daemon said that it goes."""


@attrs.define(eq=False)
class DaemonLink:
    """Asks the daemon behind one socket."""

    path: Path
    read_only: bool = False
    _limit: asyncio.Semaphore = attrs.field(factory=lambda: asyncio.Semaphore(ASKING_MAX), init=False)
    _answers: dict[str, asyncio.Task[Json]] = attrs.field(factory=dict, init=False)

    def about(self) -> None:
        """It is no stored run."""

    async def at(self, moment: str) -> Hub:
        """Raises Failure: a daemon shows what is now."""
        why = f"a running daemon shows no {moment[:40]}; `tipoff dashboard --db URL --run ID` looks back"
        raise Failure("not_available", why, exit_code=Exit.NOT_READY)

    async def feed(self, hub: Hub) -> None:
        """Watch, and watch again after each loss, until cancelled."""
        pause = AGAIN_S_MIN
        while True:
            try:
                why = await self._watch(hub)
                pause = AGAIN_S_MIN
            except _Bye as bye:
                why, pause = str(bye), AGAIN_S_MIN
            except (Failure, OSError, EOFError) as error:
                why = str(error) or GONE
            hub.link(up=False, why=why)
            # Drawn, so that many dashboards do not all come back in the same moment.
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311
            pause = min(AGAIN_S_MAX, pause * 2)

    async def _watch(self, hub: Hub) -> str:
        """Watch until the connection ends; returns why it did."""
        status = await self._asked("status", {})
        run = status.get("run") if isinstance(status, dict) else None
        since = hub.begin(run if isinstance(run, str) else None)
        async with _connected(self.path) as (reader, writer):
            params: dict[str, Json] = {"topics": list(TOPICS), "hz": HZ, "since": since}
            await _answer(reader, writer, "watch", params)
            hub.link(up=True, why="")
            while line := await reader.readline():
                _heard(hub, _read(line))
        return GONE

    async def ask(self, method: str, params: Mapping[str, Json]) -> Json:
        """Ask, or operate. Raises Failure. Who asks the same at the same time gets the same answer."""
        if "request_id" in params:
            return await self._asked(method, params)
        key = json.dumps([method, params], sort_keys=True)
        task = self._answers.get(key)
        if task is None:
            task = asyncio.create_task(self._asked(method, params))
            self._answers[key] = task
            while len(self._answers) > ANSWERS_MAX:
                del self._answers[next(iter(self._answers))]
            asyncio.get_running_loop().call_later(FRESH_S, self._forget, key, task)
        # A browser that goes must not take the answer of the others with it.
        return await asyncio.shield(task)

    def _forget(self, key: str, task: asyncio.Task[Json]) -> None:
        if not task.done():
            task.add_done_callback(lambda done: self._forget(key, done))
            return
        # Whoever asked has raised it; without a look asyncio would complain of it once more.
        if not task.cancelled():
            task.exception()
        if self._answers.get(key) is task:
            del self._answers[key]

    async def _asked(self, method: str, params: Mapping[str, Json]) -> Json:
        """One question on a connection of its own. Raises Failure."""
        try:
            async with self._limit, asyncio.timeout(CALL_SECONDS), _connected(self.path) as (reader, writer):
                return await _answer(reader, writer, method, params)
        except TimeoutError:
            message = f"{method}: no answer within {CALL_SECONDS:g} s"
            raise Failure("timeout", message, exit_code=Exit.TIMEOUT) from None
        except (ConnectionError, EOFError) as error:
            raise Failure("closed", f"{method}: {GONE}") from error


def _heard(hub: Hub, frame: _Frame) -> None:
    match frame.method:
        case "watch.snapshot":
            hub.snapshot(frame.params)
        case "watch.diff":
            hub.diff(frame.params)
        case "watch.facts":
            hub.facts(frame.params)
        case "watch.bye":
            reason = msgspec.json.decode(frame.params)
            raise _Bye(reason.get("reason", "the daemon stops") if isinstance(reason, dict) else "")
        case _:
            pass


@contextlib.asynccontextmanager
async def _connected(path: Path) -> AsyncIterator[Connection]:
    """A connection whose hello was read. Raises NotRunning, Failure."""
    try:
        reader, writer = await asyncio.open_unix_connection(str(path), limit=ANSWER_BYTES_MAX)
    except OSError as error:
        raise NotRunning(path, error.strerror or str(error)) from None
    try:
        async with asyncio.timeout(HELLO_S):
            frame = await _frame(reader)
        if bytes(frame.error):
            raise failure_of(msgspec.json.decode(frame.error))
        yield reader, writer
    except TimeoutError:
        raise Failure("timeout", f"{path}: the daemon does not answer", exit_code=Exit.TIMEOUT) from None
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, method: str, params: Mapping[str, Json]
) -> Json:
    """Send a request and read its answer, whole or in parts. Raises Failure, EOFError."""
    writer.write(encode({"jsonrpc": "2.0", "v": PROTOCOL, "id": 1, "method": method, "params": dict(params)}))
    await writer.drain()
    pieces: list[str] = []
    while True:
        frame = await _frame(reader)
        if bytes(frame.error):
            raise failure_of(msgspec.json.decode(frame.error))
        if bytes(frame.result):
            whole: Json = msgspec.json.decode(frame.result)
            return whole
        if frame.method is not None:
            continue
        pieces.append(frame.text)
        if frame.part == frame.parts:
            joined: Json = json.loads("".join(pieces))
            return joined


async def _frame(reader: asyncio.StreamReader) -> _Frame:
    line = await reader.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return _read(line)


def _read(line: bytes) -> _Frame:
    try:
        return msgspec.json.decode(line, type=_Frame)
    except msgspec.MsgspecError as error:
        raise Failure("protocol", f"what listens there is no tipoff daemon: {error}") from None
