"""The end of a run, step by step: in which order, how long each may take, and which of them did not end.

There is one way to stop an engine, for the daemon, the demo and the tests. A step that fails or takes too
long is named and the next one is begun: a disk that is full must not keep the tree from stopping.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, TypeVar

import attrs
import trio

from actors.addresses import OBSERVER
from actors.observer import OVERVIEW
from actors.read_model.views import Overview, Query
from actors.runtime import AskError, SystemEnded
from persistence.errors import StorageError
from tipoff.json_types import Json
from tipoff.live.engine import LiveEngine
from tipoff.process.notifier import Notifier
from tipoff.reports.of_live_run import live_document
from tipoff.runs.recording_digest import RecordingDigest, write_digest
from venues.errors import RecordingError

T = TypeVar("T")


@attrs.frozen
class Step:
    """One step of a stop: its name, what is done, and how many seconds it may take."""

    name: str
    words: str
    seconds_max: float


ENTRIES: Final = Step("entries", "nothing new is heard, and no order passes", 1.0)
ORDERS: Final = Step("orders", "what rests is kept; the next start asks what happened to it meanwhile", 1.0)
RUN_END: Final = Step("run end", "the end stands in the journal", 1.0)
SAMPLE: Final = Step("sample", "the books are kept as they are last", 2.0)
DURABLE: Final = Step("durable", "all that was decided becomes durable", 10.0)
REPORT: Final = Step("report", "the run's figures are put together", 4.0)
SEAL: Final = Step("recording", "the recording is closed and sealed", 5.0)
TREE: Final = Step("tree", "the actors stop in reverse order", 10.0)
SERVICES: Final = Step("beside", "socket, pages and messages to people end", 5.0)
CLOSE: Final = Step("close", "database and connections are given back", 4.0)

STEPS: Final = (ENTRIES, ORDERS, RUN_END, SAMPLE, DURABLE, REPORT, SEAL, TREE, SERVICES, CLOSE)
"""In this order."""

STOP_S_ALL: Final = sum(step.seconds_max for step in STEPS)
"""A whole stop takes no longer than this; the service manager must wait longer."""

GRACE_S: Final = 2.0
"""So much later the process is ended from outside of its loop."""

EXPECTED_FAILURES: Final = (RecordingError, StorageError, OSError, AskError, SystemEnded)


class Shutdown:
    """One stop: which step is being done, and what became of those before it."""

    def __init__(self, say: Callable[[str], None], notifier: Notifier) -> None:
        """`say` hears of every step that did not end well, in a sentence."""
        self.say = say
        self.step = ""
        """The step that is being done; empty before and after a stop."""
        self.late: list[str] = []
        """Steps that were left unfinished."""
        self._notifier = notifier

    def enter(self, step: Step) -> None:
        """A step begins whose end nobody here waits for."""
        self.step = step.name
        self._notifier.extend(step.seconds_max + GRACE_S)
        self._notifier.status(f"stopping, {step.name}: {step.words}")

    async def do(self, step: Step, work: Callable[[], Awaitable[object]]) -> bool:
        """Do one step within its time. False if it failed or was left unfinished; never raises for that."""
        self.enter(step)
        # A step that hangs must not keep those behind it from being done.
        with trio.move_on_after(step.seconds_max) as scope:
            try:
                await work()
            # Any other failure is a fault of ours and ends the process as one.
            except EXPECTED_FAILURES as error:
                return self._leave(step, f"failed: {error}")
        if scope.cancelled_caught:
            return self._leave(step, f"is left unfinished after {step.seconds_max:g} s")
        self.step = ""
        return True

    def _leave(self, step: Step, why: str) -> bool:
        self.late.append(step.name)
        self.step = ""
        self.say(f"stopping: the step {step.name!r} ({step.words}) {why}")
        return False


@attrs.define
class StoppedRun:
    """What is left of a run when its engine has stopped."""

    document: dict[str, Json]
    """Its report, which is short if nobody could tell it."""
    sealed: RecordingDigest | None = None
    """What vouches for its recording; None if there is none, or it is not whole."""


async def stop_engine(engine: LiveEngine, reason: str, shutdown: Shutdown) -> StoppedRun:
    """End an engine in good order, up to its tree.

    What was heard but did not become durable in time never happened: then nothing vouches for the recording.
    """
    stopped = StoppedRun({"run": engine.plan.run})

    async def entries() -> None:
        engine.close_ingress()

    async def orders() -> None:
        seen = await engine.ask(OBSERVER, Query(OVERVIEW))
        if isinstance(seen, Overview) and seen.open_orders:
            shutdown.say(f"stopping: {seen.open_orders} orders rest, and are kept for the next start")

    async def run_end() -> None:
        engine.end_run(reason)

    async def report() -> None:
        stopped.document = await live_document(engine)

    async def seal() -> None:
        if drained:
            # The digest vouches for journal and recording together, so both must have all of their run.
            stopped.sealed = await in_thread(partial(write_recording_digest, engine))
        else:
            await in_thread(engine.ingress.close)

    # The venues first: whatever is still heard would have to become durable too, and the stop had no end.
    await shutdown.do(ENTRIES, entries)
    await shutdown.do(ORDERS, orders)
    # Before the queue is drained, for the end of the run is a fact like any other.
    await shutdown.do(RUN_END, run_end)
    # As late as can be, so that what is open is valued at the last prices; but the samples go through the
    # same queue, so before it is drained.
    await shutdown.do(SAMPLE, engine.sample_books)
    drained = await shutdown.do(DURABLE, engine.commit_queue.drain)
    # What is not durable by now must not become so behind the back of the digest.
    engine.commit_queue.close()
    # While the actors still live, because the figures are asked of them.
    await shutdown.do(REPORT, report)
    await shutdown.do(SEAL, seal)
    await shutdown.do(TREE, engine.system.stop)
    if not drained:
        engine.commit_queue.abandon()
    return stopped


async def in_thread(work: Callable[[], T]) -> T:
    """Do what may block where it blocks nobody; if it takes too long, its thread is left behind."""
    return await trio.to_thread.run_sync(work, abandon_on_cancel=True)


def write_recording_digest(engine: LiveEngine) -> RecordingDigest | None:
    """Close the recording and write the digest of its run beside it; None if it is not whole."""
    plan = engine.plan
    folder = engine.ingress.close()
    if folder is None:
        return None
    digest = RecordingDigest(
        run=plan.run,
        digest=plan.writer.digest(),
        settings_digest=plan.settings_digest,
        seed=plan.settings.seed,
        journal_seq=plan.writer.stored_seq,
    )
    write_digest(folder, digest)
    return digest
