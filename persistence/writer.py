"""The only writer of a database: facts, what is folded from them and what was heard, in one transaction.

Held by the journal's actor (live in a thread, in a replay inline). `append` returns when everything is
durable and the mark is set; before that nobody may hear of it. It is idempotent: entries that are stored
already are compared instead of written, which is how a failed append is repeated and how a replay resumes
after a kill.
"""

import re
from collections.abc import Sequence
from enum import Enum
from typing import Final

import attrs
from sqlalchemy import Connection, Engine

from persistence import high_water_mark, schema_upgrade, snapshots, writer_state
from persistence.connect import (
    DEFAULTS,
    Access,
    Durability,
    Settings,
    check_pages,
    check_revision,
    file_of,
    make_engine,
    revision,
    where,
)
from persistence.errors import (
    RESTORE,
    JournalDiffers,
    JournalGap,
    Sorted,
    StorageCorrupt,
    StorageError,
    StorageGone,
)
from persistence.fact_subjects import subject
from persistence.insert import Insertion, Seam
from persistence.journal import Chain, Digest, Entry, Placed
from persistence.projections import Projection
from persistence.queries import Reader
from persistence.records import Record
from persistence.snapshots import Snapshot

RUN_NAME: Final = re.compile(r"[A-Za-z0-9._:+-]{1,64}")
WRITER_LOCK: Final = 7_241_651
"""Any number, the same for all: PostgreSQL lets one writer at a time into a schema."""


class Mode(Enum):
    """What a writer does with entries that the run has already.

    CONTINUE: the caller has folded them and goes on after the last. REPLAY: the caller begins again at entry
    1 and must decide the same again.
    """

    CONTINUE = "continue"
    REPLAY = "replay"


@attrs.frozen
class Options:
    """How a journal is written; `seam` is for tests.

    `folded` is the entry up to which the caller goes by a snapshot: what is before it is not read again.
    """

    mode: Mode = Mode.CONTINUE
    settings: Settings = DEFAULTS
    seam: Seam | None = None
    folded: int = 0


@attrs.frozen
class _Batch:
    """One append: the new entries with their subjects, and the chain and the digest after it."""

    new: list[Entry]
    subjects: list[str]
    chain: Chain
    digest: Digest | None


class JournalWriter:
    """One run's journal, open for writing. Use it from one thread at a time."""

    def __init__(self, url: str, run: str, options: Options | None = None) -> None:
        """Open, check and lock. Raises what `persistence.errors` has for whatever is found wrong."""
        if not RUN_NAME.fullmatch(run):
            raise ValueError(f"not a name for a run: {run!r}")
        self.run = run
        self.records_refused = 0
        self._options = options or Options()
        self.snapshot_seq = self._options.folded
        """The entry of the newest snapshot that the caller goes by or has stored; zero if there is none."""
        self._url = url
        self._where = where(url)
        self._file = file_of(url)
        self._memory = self._file is None and self._where.startswith("sqlite")
        self._seam = self._options.seam or _no_seam
        self._connection: Connection | None = None
        self._mark: high_water_mark.MarkFile | None = None
        self._stored = 0
        self._chain = Chain(run)
        self._digest: Digest | None = Digest()
        self._projection = Projection()
        self._inode = 0
        self._marked = 0
        self._engine: Engine = make_engine(url, Access.WRITE, self._options.settings)
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    @property
    def seq(self) -> int:
        """Number of the last entry that the caller appended or has folded; the next one must follow it."""
        return self._chain.seq

    @property
    def stored_seq(self) -> int:
        """Number of the last entry in the database; ahead of `seq` while a replay catches up."""
        return self._stored

    @property
    def replaying(self) -> bool:
        """Whether appended entries are still compared with stored ones instead of written."""
        return self._chain.seq < self._stored

    def digest(self) -> str:
        """The run's digest up to `seq`.

        Behind a snapshot it is made of the whole journal when it is asked for the first time.
        """
        if self._digest is None:
            with Sorted(self._where, self._fail):
                if self._connection is None:
                    self._reopen()
                connection = self._live()
                self._digest = writer_state.digest_of(connection, self._run_id, self._chain.seq)
                connection.rollback()
        return self._digest.text()

    def append(self, facts: Sequence[Placed], records: Sequence[Record] = ()) -> int:
        """Make facts and records durable in one transaction; returns the number of the last durable entry.

        Facts that are stored already must be equal (JournalDiffers names the first that is not), and the
        records that come with nothing but such facts are left out. On any StorageError nothing has changed,
        and the same call may be repeated.
        """
        with Sorted(self._where, self._fail):
            self._check_place()
            if self._connection is None:
                self._reopen()
            self._live().rollback()  # whatever a reader has begun
            batch = self._fold(facts)
            # While a replay catches up its records were stored at the first writing: again they would be rows
            # twice.
            if batch.new or (records and not (facts and self.replaying)):
                self._write(batch, records)
            # After the commit and before anybody hears of it: a mark that is ahead would accuse a sound
            # journal, one that is behind would miss a loss of what somebody relied on.
            self._move_high_water_mark(batch.chain)
            # Memory follows the disk and never leads it: a failure up to here leaves everything as it was
            # before the call.
            self._chain = batch.chain
            self._digest = batch.digest
            self._stored = max(self._stored, batch.chain.seq)
            self._projection.commit()
        return self._chain.seq

    def keep(self, snapshot: Snapshot) -> int:
        """Store a snapshot of what the journal was folded to; returns its size in bytes.

        On any StorageError there is none, and nothing else has changed.
        """
        with Sorted(self._where, self._fail):
            self._check_place()
            if self._connection is None:
                self._reopen()
            connection = self._live()
            connection.rollback()
            self._seam("begin snapshot")
            with connection.begin():
                size = snapshots.store(connection, self._run_id, snapshot)
                self._seam("commit snapshot")
            self._seam("committed snapshot")
            self.snapshot_seq = snapshot.seq
        return size

    def reader(self) -> Reader:
        """Questions on the writer's own connection, between appends: the way to read a database in memory."""
        with Sorted(self._where, self._fail):
            if self._connection is None:
                self._reopen()
            return Reader(self._live(), self.run)

    def another_reader(self) -> Reader | None:
        """Questions on a connection of their own, for whoever asks long; None where there can be none."""
        return None if self._memory else Reader.open(self._url, self.run)

    def close(self) -> None:
        """Give everything back; what was appended stays."""
        self._disconnect()
        if self._mark is not None:
            self._mark.close()
            self._mark = None
        self._engine.dispose()

    def checkpoint(self) -> bool:
        """Move the write-ahead log into the database and empty it, when there is nothing else to do.

        Returns False if a reader was in the way; the next try may do better.
        """
        with Sorted(self._where, self._fail):
            if self._file is None or self._connection is None:
                return True
            cursor = self._connection.connection.cursor()
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            return not busy

    # Opening

    def _open(self) -> None:
        with Sorted(self._where, self._fail):
            # First of all: where a mark remembers a journal and its file is gone, an empty database would
            # begin over lost positions.
            schema_upgrade.check_not_lost(self._url)
            if not self._memory:
                check_revision(schema_upgrade.found_revision(self._url), self._where)
            if self._file is not None:
                synced = self._options.settings.durability is Durability.FULL
                # Taken before the first connection: holding it is what makes this process the only writer.
                self._mark = high_water_mark.MarkFile(high_water_mark.path_of(self._file), synced=synced)
            connection = self._connect()
            check_pages(connection, self._where)
            known = (
                high_water_mark.read(high_water_mark.path_of(self._file)) if self._file is not None else None
            )
            if known is not None:
                # SQLite finds nothing wrong with a log whose end is missing; only the mark knows how far it
                # went.
                writer_state.check_high_water_mark(connection, known, self._where)
            connection.rollback()
            with connection.begin():
                self._run_id = writer_state.run_id(connection, self.run)
            self._insertion = Insertion(self._run_id, connection.dialect, self._seam)
            self._load(connection)

    def _load(self, connection: Connection) -> None:
        """Walk the stored journal, and take up the folded rows where it ends."""
        # Every entry is read and its chain computed again: what is damaged must be found before new entries
        # are chained to it.
        folded, replay = self._options.folded, self._options.mode is Mode.REPLAY
        walked = writer_state.walk(connection, self._run_id, self.run, self._where, folded)
        self._stored = walked.chain.seq
        self._chain = Chain(self.run) if replay else walked.chain
        self._digest = Digest() if replay else walked.digest
        self._projection = self._projected(connection)
        connection.rollback()

    def _projected(self, connection: Connection) -> Projection:
        return writer_state.projection(connection, self._run_id, self._live)

    def _connect(self) -> Connection:
        self._seam("connect")
        connection = self._engine.connect()
        self._connection = connection
        # A database in memory lives as long as its one connection, so nobody else can have made its tables.
        if self._memory and revision(connection) is None:
            schema_upgrade.create_in(connection)
        check_revision(revision(connection), self._where)
        schema_upgrade.trust(connection, self._where)
        if connection.dialect.name == "postgresql":
            # Waits as long as for any lock: after a broken connection the server may still hold it for us.
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({WRITER_LOCK}, hashtext(current_schema()))")
        connection.rollback()
        if self._file is not None:
            self._inode = self._file.stat().st_ino
        return connection

    def _live(self) -> Connection:
        if self._connection is None:
            raise StorageError("the database is not open", self._where, "append again")
        return self._connection

    def _reopen(self) -> None:
        """After a failure nobody knows whether the commit came through: ask the database what it has."""
        self._disconnect()
        connection = self._connect()
        last, _ = writer_state.last_entry(connection, self._run_id, self.run)
        # The database was exchanged or restored under us, or lost what it had confirmed.
        if last < self._stored:
            raise StorageCorrupt(f"entry {self._stored} was durable and is gone", self._where, RESTORE)
        if last > self._stored:
            # The commit came through although it was reported as failed. The caller repeats it and is
            # compared.
            self._stored = last
            self._projection = self._projected(connection)
        connection.rollback()

    def _check_place(self) -> None:
        if self._file is None:
            return
        try:
            inode = self._file.stat().st_ino
        except FileNotFoundError:
            inode = -1
        # An open file that was deleted or replaced still takes writes; they would all be gone at the next
        # start.
        if inode != self._inode and self._connection is not None:
            what = "the file was replaced" if inode > 0 else "the file is gone"
            raise StorageGone(f"{what} while it was in use", self._where, RESTORE)

    # Writing

    def _fold(self, facts: Sequence[Placed]) -> _Batch:
        """Chain and fold the facts; nothing is written yet."""
        # On copies: a batch that fails half way must leave chain, digest and folded rows as they were.
        chain = self._chain.copy()
        entries: list[Entry] = []
        for placed in facts:
            if placed.seq != chain.seq + 1:
                what = f"entry {placed.seq} after entry {chain.seq} (by {placed.owner})"
                raise JournalGap(what, self._where, "mend the journal's actor")
            entries.append(chain.extend(placed))
        digest = self._digest
        if entries and digest is not None:
            digest = digest.copy()
            digest.add(entries)
        # A batch may straddle the end of what is stored: the first part is compared, the rest written.
        old = max(0, min(len(entries), self._stored - self._chain.seq))
        if old:
            self._compare(entries[:old])
        # Stored facts are in the folded rows already; folded again they would count twice.
        for placed in facts[old:]:
            self._projection.apply(placed.seq, placed.fact)
        return _Batch(entries[old:], [subject(placed.fact) for placed in facts[old:]], chain, digest)

    def _compare(self, entries: list[Entry]) -> None:
        stored = writer_state.entries(self._live(), self._run_id, entries[0].seq, entries[-1].seq)
        for again, before in zip(entries, stored, strict=True):
            # One comparison for everything, since the chain covers all that an entry says and all that came
            # before.
            if again.chain != before.chain:
                what = (
                    f"entry {again.seq} is {again.kind} {again.body} by {again.owner} on {again.cause}, "
                    f"the journal has {before.kind} {before.body} by {before.owner} on {before.cause}"
                )
                remedy = (
                    "replay the same recording with the same configuration and version, or without --resume"
                )
                raise JournalDiffers(what, self._where, remedy)
        self._live().rollback()

    def _write(self, batch: _Batch, records: Sequence[Record]) -> None:
        connection = self._live()
        self._seam("begin")
        with connection.begin():
            self._insertion.facts(connection, batch.new, batch.subjects, self._projection)
            self.records_refused += self._insertion.records(connection, records)
            self._seam("commit")
        self._seam("committed")

    def _move_high_water_mark(self, chain: Chain) -> None:
        """Set the mark to the end of the journal, unless it is there or the journal goes on beyond
        `chain`.
        """
        # In a catching-up replay the mark stays at the end of what is stored: moved back it would hide a
        # loss.
        if self._mark is not None and self._marked != chain.seq >= self._stored:
            self._seam("mark")
            self._mark.set(self.run, chain.seq, chain.value)
            self._marked = chain.seq

    def _fail(self) -> None:
        """Forget the batch and drop the connection; the next append asks the database what it has."""
        self._disconnect()
        self._projection.rollback()

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                if not self._memory:
                    # Not returned to anybody: after an error its transaction may still be open on the server.
                    connection.invalidate()
            finally:
                connection.close()


def _no_seam(operation: str) -> None:
    pass
