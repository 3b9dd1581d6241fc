"""The stream of one browser: what waits in the hub, written as fast as it reads and no faster.

Made by `routes`, called by the server as an application of its own: only so can a write that does not end be
given up.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

from starlette.types import Receive, Scope, Send

from tipoff.dashboard.hub import Hub, Viewer

QUIET_S: Final = 10.0
"""After so long without an event a comment is sent, so that both ends notice when the other one is gone."""

WRITE_S_MAX: Final = 30.0
"""A browser that has read nothing for so long is let go; it comes back by itself when it reads again."""

PAUSE_S: Final = 0.02
"""Between two writes: changes of several tables that come together are one write."""


class EventStream:
    """Server-sent events of some topics, until the browser goes or the hub is closed."""

    def __init__(self, hub: Hub, topics: Iterable[str], headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Raises TooManyViewers."""
        self._hub = hub
        self._something = asyncio.Event()
        self._headers = [*headers, (b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        self._viewer: Viewer = hub.join(topics, self._something.set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write until it ends."""
        writing = asyncio.create_task(self._write(send))
        gone = asyncio.create_task(_until_gone(receive))
        try:
            await asyncio.wait((writing, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._hub.leave(self._viewer)
            for task in (writing, gone):
                task.cancel()
            await asyncio.gather(writing, gone, return_exceptions=True)

    async def _write(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        while True:
            self._something.clear()
            made = self._hub.take(self._viewer)
            if made or not self._hub.closed:
                await _sent(send, made or b": quiet\n\n", more=True)
            if self._hub.closed:
                await _sent(send, b"", more=False)
                return
            try:
                async with asyncio.timeout(QUIET_S):
                    await self._something.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(PAUSE_S)


async def _sent(send: Send, body: bytes, *, more: bool) -> None:
    # The server waits here while the browser's buffers are full: that is what makes events wait in the hub.
    async with asyncio.timeout(WRITE_S_MAX):
        await send({"type": "http.response.body", "body": body, "more_body": more})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
