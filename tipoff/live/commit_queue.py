"""Making facts durable beside the loop: batches for the journal's writer, one at a time, in a thread.

Called by the writer actor; queues facts and returns at once. The end of a transaction enters the loop as a
numbered input (`Ingress.committed`) before anybody acts on it, so a replay commits at the same place. After a
failure the queued facts are dropped: the journal actor sends them again. Must not decide anything.
"""

from collections.abc import Callable, Sequence
from typing import Final

import attrs
import trio

from actors.messages import Numbered
from engine.facts import Fact
from engine.tally import Tally
from persistence.errors import StorageError
from persistence.records import Record
from persistence.snapshots import Snapshot
from persistence.writer import JournalWriter
from tipoff.live.ingress import Ingress

RECORDS_MAX: Final = 50_000
"""Records of the market that may wait while the storage is down; more are given up, and counted."""


@attrs.define
class CommitQueueStatus:
    """What can be seen of the journal: for `status` and the metrics."""

    committed_seq: int = 0
    transactions: int = 0
    facts: int = 0
    records: int = 0
    records_given_up: int = 0
    failures: int = 0
    failing: str = ""
    """Why nothing can be stored at present; empty while it can."""
    slowest_s: float = 0.0


class CommitQueue:
    """The queue in front of the journal's writer, and the task that empties it."""

    def __init__(self, writer: JournalWriter, ingress: Ingress, rows_max: int, tally: Tally) -> None:
        """`tally` counts what is durable; `rows_max` facts are the most that one transaction takes."""
        self.status = CommitQueueStatus(committed_seq=writer.stored_seq)
        self.tally = tally
        self.listeners: list[Callable[[Fact], None]] = []
        """Hear every fact as soon as it is durable; they decide nothing and must not raise."""
        self._writer = writer
        self._ingress = ingress
        self._rows_max = rows_max
        self._facts: list[Numbered] = []
        self._records: list[Record] = []
        self._handed_seq = writer.stored_seq
        self._busy = False
        self._closed = False
        self._more = trio.Event()
        self._drained = trio.Event()
        self._committed = trio.Event()
        self.began_at: float | None = None
        """When the transaction under way began, on trio's clock; None while there is none."""
        self.abandoned = False
        """Whether a thread was left behind that may still be using the writer, which is then off limits."""
        self._transaction = trio.CancelScope()
        # A limiter of its own: trio's default one is shared by all threads, and a commit must not queue
        # behind readers.
        self._one_at_a_time = trio.CapacityLimiter(1)

    def __call__(self, facts: tuple[Numbered, ...]) -> int:
        """Queue facts; `Ingress.committed` says when they are durable. Returns the last number taken."""
        if not self._closed:
            self._ingress.latency.handed_over(facts, self._ingress.seq, self._ingress.busy_since)
            self._facts += facts
            # After a failed transaction the journal sends facts again whose numbers were handed over
            # before.
            self._handed_seq = max(self._handed_seq, facts[-1].seq)
            self._more.set()
        return self._handed_seq

    def add_records(self, records: list[Record]) -> None:
        """Take records of the market in; they share the next transaction."""
        if self._closed:
            return
        room = max(0, RECORDS_MAX - len(self._records))
        self.status.records_given_up += max(0, len(records) - room)
        self._records += records[:room]
        self._more.set()

    @property
    def waiting(self) -> int:
        """Facts that were handed over and are not durable yet."""
        return max(0, self._handed_seq - self.status.committed_seq)

    @property
    def waiting_records(self) -> int:
        """Records of the market that wait for a transaction."""
        return len(self._records)

    @property
    def drained(self) -> bool:
        """Whether everything that was handed over is durable, and recorded as such."""
        return not (self._busy or self._facts or self._records or self.status.failing)

    async def drain(self) -> None:
        """Wait until nothing is left to be stored. Give it a deadline: a full disk may never let it end."""
        while not self.drained:
            self._drained = trio.Event()
            await self._drained.wait()

    def close(self) -> None:
        """Drop what is queued and accept nothing more."""
        self._closed = True
        self._facts.clear()
        self._records.clear()

    def abandon(self) -> None:
        """Give up waiting for the transaction under way; its thread may still be using the writer."""
        self.abandoned = self.began_at is not None
        self._transaction.cancel()

    def come_to(self, seq: int) -> None:
        """Everything up to an entry is durable."""
        self.status.committed_seq = seq
        self._committed.set()
        self._committed = trio.Event()

    async def reach(self, seq: int) -> int:
        """Wait until an entry of the journal is durable; returns the last that is."""
        while self.status.committed_seq < seq:
            await self._committed.wait()
        return self.status.committed_seq

    async def keep(self, snapshot: Snapshot) -> int:
        """Store a snapshot between two transactions; returns its size in bytes. Raises StorageError."""
        return await trio.to_thread.run_sync(self._writer.keep, snapshot, limiter=self._one_at_a_time)

    async def run(self) -> None:
        """Store until cancelled; a transaction that has begun is always finished.

        Raises a lasting StorageError if no waiting would mend what is wrong.
        """
        while True:
            while self._facts or self._records:
                self._busy = True
                end = whole_inputs(self._facts, self._rows_max)
                facts, self._facts = self._facts[:end], self._facts[end:]
                records, self._records = self._records, []
                await self._store(facts, records)
                self._busy = False
                self._drained.set()
            self._more = trio.Event()
            if not (self._facts or self._records):
                await self._more.wait()

    async def _store(self, facts: list[Numbered], records: list[Record]) -> None:
        status, began = self.status, trio.current_time()
        if facts:
            # The inputs first: after a kill no durable fact may follow from an input that the recording
            # lost.
            self._ingress.flush()
        try:
            await self._append(facts, records)
        except StorageError as error:
            if error.lasting:
                # No waiting mends a damaged or replaced file, and what we write to it would be lost.
                raise
            status.failures += 1
            status.failing = str(error)
            self._records[:0] = records
            # Dropped inside of the input, after the timers due by then: `tipoff.replay` drops what it holds
            # at the same point.
            self._ingress.storage_failed(error.kind, str(error), self._facts.clear)
            if not facts:
                # Nobody offers records again, so wait a little before they are tried with the next facts.
                await trio.sleep(1.0)
            return
        status.slowest_s = max(status.slowest_s, trio.current_time() - began)
        status.transactions += 1
        status.records += len(records)
        failed_before, status.failing = status.failing, ""
        if failed_before and not facts:
            # The journal has nothing to try it with, so it is told that storing works again.
            self._ingress.committed(status.committed_seq)
        if facts:
            status.facts += len(facts)
            self.come_to(facts[-1].seq)
            self._ingress.latency.committed(facts[-1].seq)
            # Counted only now, so that `status` and the metrics never show a fact that a crash would take
            # back.
            for numbered in facts:
                self.tally.apply(numbered.fact)
                for listener in self.listeners:
                    listener(numbered.fact)
            self._ingress.committed(facts[-1].seq)

    async def _append(self, facts: list[Numbered], records: list[Record]) -> None:
        """One transaction, which no cancellation cuts off. What was abandoned never comes to its end."""
        self.began_at = trio.current_time()
        try:
            # The shield leaves `abandon` as the only way out: a thread that hangs in fsync cannot be
            # killed, and a stop must end all the same.
            with trio.CancelScope(shield=True) as self._transaction:
                await trio.to_thread.run_sync(
                    self._writer.append, facts, records, limiter=self._one_at_a_time, abandon_on_cancel=True
                )
            if self._transaction.cancelled_caught:
                # Whether it was stored is unknown now, so neither a commit nor a failure may be reported.
                await trio.sleep_forever()
        finally:
            self.began_at = None


def whole_inputs(facts: Sequence[Numbered], rows_max: int) -> int:
    """Return how many of the waiting facts to store at once: about `rows_max`, but never half of an input's.

    A fill and its ledger entry follow from one input; a kill between two transactions must not part them.
    """
    end = min(rows_max, len(facts))
    while 0 < end < len(facts) and facts[end].cause == facts[end - 1].cause:
        end += 1
    return end
