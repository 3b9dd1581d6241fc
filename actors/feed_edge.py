"""The market feed's edge: passes the feed's wish for fresh books to the connection, which it keeps running.

Its task is handed in by the daemon, because actors do not know venues. The behaviour decides nothing. Must
not import venues, persistence or the daemon.
"""

from collections.abc import Awaitable, Callable

import trio

from actors.messages import SnapshotWanted
from actors.runtime import Outgoing, Perform
from actors.runtime.edge import Edge

Run = Callable[[], Awaitable[None]]
Request = Callable[[int, int], None]


class FeedEdge:
    """The behaviour: every wish of the market feed becomes a wish to the task."""

    def receive(self, message: object, now: int) -> list[Outgoing]:
        """Pass on what the task can do."""
        return [Perform(message)] if isinstance(message, SnapshotWanted) else []


def feed_task(run: Run, request: Request) -> Callable[[Edge], Awaitable[None]]:
    """The task: `run` keeps the feed alive, `request` asks for the books of a connection's subscription."""

    async def task(edge: Edge) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(run)
            async for wish in edge.wishes():
                if isinstance(wish, SnapshotWanted):
                    request(wish.conn, wish.sid)

    return task
