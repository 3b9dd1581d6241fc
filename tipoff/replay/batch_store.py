"""Where a virtual run's facts go: counted at once, written to the database in batches if there is one.

Called by the writer actor of a virtual session. In a replay the recording is the truth and every fact follows
from it, so facts may wait in memory for a full batch; whatever a crash loses is decided again, in the same
way, on resume.
"""

from collections.abc import Callable

from actors.journal import StoreFailed
from actors.messages import Numbered
from engine.tally import Tally
from persistence.errors import StorageError
from persistence.journal import Chain, Digest
from persistence.records import Record
from persistence.writer import JournalWriter

BATCH_FACTS = 512
BATCH_RECORDS = 2_048


class RunStore:
    """Tally and digest of a run, and an optional database behind them."""

    def __init__(self, run: str, writer: JournalWriter | None = None) -> None:
        """Without `writer` the run leaves nothing behind but its digest."""
        self.tally = Tally()
        self._writer = writer
        self._chain = Chain(run)
        self._digest = Digest()
        self._batch: list[Numbered] = []
        self._records: list[Record] = []

    def __call__(self, facts: tuple[Numbered, ...]) -> int:
        """Take facts in; returns the number up to which they count as durable (in a replay: all)."""
        for numbered in facts:
            self.tally.apply(numbered.fact)
        if self._writer is None:
            self._digest.add([self._chain.extend(numbered) for numbered in facts])
        else:
            self._batch += facts
            if len(self._batch) >= BATCH_FACTS:
                self.flush()
        return facts[-1].seq

    @property
    def lasting(self) -> bool:
        """Whether there is a database, so that records of the market are worth making."""
        return self._writer is not None

    def add_records(self, records: list[Record]) -> None:
        """Take records of the market in; they are written with the next facts."""
        self._records += records
        if len(self._records) >= BATCH_RECORDS:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting. Raises StorageError as the writer does."""
        if self._writer is not None and (self._batch or self._records):
            batch, self._batch = self._batch, []
            records, self._records = self._records, []
            self._writer.append(batch, records)

    def digest(self) -> str:
        """The digest of all decisions so far, 64 hexadecimal digits."""
        self.flush()
        return self._digest.text() if self._writer is None else self._writer.digest()


def each_at_once(writer: JournalWriter) -> Callable[[tuple[Numbered, ...]], int]:
    """A store that makes a transaction of whatever it is handed, for virtual runs that must not lose
    anything.

    It raises StoreFailed, so that the run halts and goes on as a live one does.
    """

    def store(facts: tuple[Numbered, ...]) -> int:
        try:
            return writer.append(facts)
        except StorageError as error:
            raise StoreFailed(error.kind, str(error), lasting=error.lasting) from error

    return store
