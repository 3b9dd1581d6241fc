"""The end of a run, step by step: in which order, how long each may take, and which of them did not end.

Used by `tipoff.process.run`, which does the steps, and by `tipoff.process.signals`, which ends the process
when the loop itself hangs. A step that fails or takes too long is named and the next one is begun: a disk
that is full must not keep the tree from stopping.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import attrs
import trio

from actors.runtime import AskError, SystemEnded
from persistence.errors import StorageError
from tipoff.process.notifier import Notifier
from venues.errors import RecordingError


@attrs.frozen
class Step:
    """One step of a stop: its name, what is done, and how many seconds it may take."""

    name: str
    words: str
    seconds_max: float


ENTRIES: Final = Step("entries", "nothing new is heard, and no order passes", 1.0)
ORDERS: Final = Step("orders", "what rests is kept; the next start asks what happened to it meanwhile", 1.0)
RUN_END: Final = Step("run end", "the end stands in the journal", 1.0)
DURABLE: Final = Step("durable", "all that was decided becomes durable", 10.0)
REPORT: Final = Step("report", "the run's figures are put together", 4.0)
SEAL: Final = Step("recording", "the recording is closed and sealed", 5.0)
TREE: Final = Step("tree", "the actors stop in reverse order", 10.0)
BESIDE: Final = Step("beside", "socket, pages and messages to people end", 5.0)
CLOSE: Final = Step("close", "database and connections are given back", 4.0)

STEPS: Final = (ENTRIES, ORDERS, RUN_END, DURABLE, REPORT, SEAL, TREE, BESIDE, CLOSE)
"""In this order."""

STOP_S_ALL: Final = sum(step.seconds_max for step in STEPS)
"""A whole stop takes no longer than this; the service manager must wait longer."""

GRACE_S: Final = 2.0
"""So much later the process is ended from outside of its loop."""

WHAT_FAILS: Final = (RecordingError, StorageError, OSError, AskError, SystemEnded)


class Stopping:
    """One stop: which step is being done, and what became of those before it."""

    def __init__(self, say: Callable[[str], None], notifier: Notifier) -> None:
        """`say` hears of every step that did not end well, in a sentence."""
        self.step = ""
        """The step that is being done; empty before and after a stop."""
        self.late: list[str] = []
        """Steps that were left unfinished."""
        self._say = say
        self._notifier = notifier

    def enter(self, step: Step) -> None:
        """A step begins whose end nobody here waits for."""
        self.step = step.name
        self._notifier.extend(step.seconds_max + GRACE_S)
        self._notifier.status(f"stopping, {step.name}: {step.words}")

    async def do(self, step: Step, work: Callable[[], Awaitable[object]]) -> bool:
        """Do one step within its time. False if it failed or was left unfinished; never raises for that."""
        self.enter(step)
        with trio.move_on_after(step.seconds_max) as scope:
            try:
                await work()
            except WHAT_FAILS as error:
                return self._leave(step, f"failed: {error}")
        if scope.cancelled_caught:
            return self._leave(step, f"is left unfinished after {step.seconds_max:g} s")
        self.step = ""
        return True

    def _leave(self, step: Step, why: str) -> bool:
        self.late.append(step.name)
        self.step = ""
        self._say(f"stopping: the step {step.name!r} ({step.words}) {why}")
        return False
