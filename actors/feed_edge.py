"""The market feed's edge: runs the connection, and asks the venue for snapshots and missing trades.

Its task is handed in by the daemon, because actors do not know venues. The behaviour decides nothing.
"""

from collections.abc import Awaitable, Callable

import trio

from actors.messages import SnapshotWanted, TradesWanted
from actors.runtime import Edge, Outgoing, Perform

Run = Callable[[], Awaitable[None]]
Request = Callable[[int, int], None]
Fetch = Callable[[TradesWanted], None]


class FeedEdge:
    """The behaviour: requests of the market feed and the paper exchange become effects for the task."""

    def receive(self, message: object, now: int) -> list[Outgoing]:
        """Pass on what the task can do."""
        return [Perform(message)] if isinstance(message, SnapshotWanted | TradesWanted) else []


def feed_task(
    run: Run, request: Request, fetch: Fetch = lambda _wanted: None
) -> Callable[[Edge], Awaitable[None]]:
    """The task: `run` keeps the feed alive, `request` asks for the books of a connection's subscription.

    `fetch` has the missing trades of a market fetched; what is not fetched is given up by the exchange.
    """

    async def task(edge: Edge) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(run)
            async for effect in edge.effects():
                if isinstance(effect, SnapshotWanted):
                    request(effect.conn, effect.sid)
                elif isinstance(effect, TradesWanted):
                    fetch(effect)

    return task
