"""Polling at an interval: never two requests at once, backoff while it fails, and a status for each poll.

The tasks of the edge actors that poll a venue; the request is handed in by the daemon, because actors do not
know venues. What was received has entered the engine before `ask` returns.
"""

from collections.abc import Awaitable, Callable

import attrs
import trio

from actors.runtime import Edge, Outgoing

BACKOFF_MAX = 6
"""After so many failures in a row the pause does not double any more."""

PAUSE_NS_MAX = 300_000_000_000
"""No failing poll waits longer than this, unless its usual pause is longer."""

PAUSE_NS_MIN = 1_000_000_000
"""A failing poll waits at least this long, and twice as long after each further failure."""

REFUSED_NS = 60_000_000_000
"""A poll that was refused waits at least this long."""

Sleep = Callable[[float], Awaitable[None]]
"""Waits for some nanoseconds of the engine's own time."""


@attrs.define
class PollStatus:
    """What can be seen of one poll: for `status` and the metrics. Moments are UTC nanoseconds."""

    polls: int = 0
    failures: int = 0
    failures_in_row: int = 0
    last_error: str = ""
    last_at: int | None = None
    stopped: str = ""
    """Why nothing is asked any more; empty while it is."""


@attrs.frozen(kw_only=True)
class Poll:
    """One thing that is asked again and again. `ask` does it and returns the nanoseconds until the next time,
    or None if there is no sense in asking again (then `status.stopped` says why).
    """

    name: str
    ask: Callable[[], Awaitable[int | None]]
    expected: tuple[type[Exception], ...]
    """Failures that are waited out; anything else is a crash of the actor."""
    sleep: Sleep
    wall: Callable[[], int]
    refusals: tuple[type[Exception], ...] = ()
    """Failures that a quick retry does not mend, such as a refused key: the pause is long at once."""
    status: PollStatus = attrs.field(factory=PollStatus)

    async def run(self) -> None:
        """Ask until cancelled. The pause begins when an answer is there, so that two never overlap."""
        status, usual = self.status, PAUSE_NS_MIN
        while True:
            try:
                pause = await self.ask()
            except self.expected as error:
                status.failures += 1
                status.failures_in_row += 1
                status.last_error = f"{type(self._first_cause(error)).__name__}: {error}"
                # A wrong key stays wrong in the next second.
                least = REFUSED_NS if isinstance(error, self.refusals) else PAUSE_NS_MIN
                factor: int = 2 ** min(status.failures_in_row - 1, BACKOFF_MAX)
                # Never sooner than usual: failing must not make us ask more often than success does.
                await self.sleep(max(usual, min(PAUSE_NS_MAX, max(usual, least) * factor)))
                continue
            status.polls += 1
            status.failures_in_row = 0
            status.last_at = self.wall()
            if pause is None:
                return
            usual = pause
            await self.sleep(pause)

    def _first_cause(self, error: Exception) -> Exception:
        """What somebody can mend: that nobody was asked because of an earlier failure names that failure."""
        cause = error.__cause__
        return cause if isinstance(cause, self.expected) else error


class Poller:
    """The behaviour of an actor that only polls: nobody sends it anything."""

    def receive(self, message: object, now: int) -> list[Outgoing]:
        """Nothing is expected."""
        return []


def polling_task(polls: tuple[Poll, ...]) -> Callable[[Edge], Awaitable[None]]:
    """The task of an actor with these polls, each at its own pace."""

    async def task(_edge: Edge) -> None:
        async with trio.open_nursery() as nursery:
            for poll in polls:
                nursery.start_soon(poll.run, name=poll.name)
            await trio.sleep_forever()

    return task
