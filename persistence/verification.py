"""`tipoff db verify`: checks a database from its pages to the last cent.

Sees one moment through a read-only connection while the daemon may go on writing. SQLite's own checks come
first, then the mark, then every run: sequence, chain, readable facts, and all projections folded again by the
writer's own code and compared.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

import attrs
from sqlalchemy import Connection, Select, Table, func, select
from sqlalchemy.exc import DBAPIError

from engine.facts import Fact, LedgerPosted, OrderFilled, PositionSettled, RunEnded, RunStarted
from engine.ledger import fees, result
from persistence import connect, high_water_mark, schema_upgrade, snapshots, writer_state
from persistence.errors import FactRefused, LedgerImbalanced, StorageCorrupt
from persistence.fact_subjects import subject
from persistence.journal import Chain, Digest, Entry
from persistence.projected_rows import (
    LimitRow,
    OrderRow,
    PerformanceRow,
    PositionRow,
    StrategyRow,
    TableCache,
    Values,
)
from persistence.projections import Projection
from persistence.statements import columns
from persistence.tables import LISTED, journal, ledger_entries, runs

PROBLEMS_MAX: Final = 100
"""Problems named; a database with more is not read for its list of problems."""

Told = Callable[[str, int, int], None]
"""Hears what is being checked, how many entries of it are, and how many there are."""


@attrs.frozen
class Problem:
    """Something wrong: which check found it, where (table and row, or entry), and what it is."""

    check: str
    where: str
    what: str


@attrs.frozen
class RunVerified:
    """What a run's journal came to. `first_bad` is the first entry that is not what was written, if any."""

    run: str
    entries: int
    digest: str
    imbalance: int
    first_bad: int | None


@attrs.frozen
class Verification:
    """The whole answer; `sound` if there is nothing wrong."""

    place: str
    revision: str | None
    runs: tuple[RunVerified, ...]
    problems: tuple[Problem, ...]

    @property
    def sound(self) -> bool:
        """Nothing is wrong."""
        return not self.problems


def nobody_is_told(what: str, done: int, total: int) -> None:
    """For callers who do not care how far it is."""


def verify(url: str, told: Told = nobody_is_told) -> Verification:
    """Check a database. Raises only what keeps it from being opened at all (StorageError)."""
    place = connect.where(url)
    problems: list[Problem] = []
    verified: list[RunVerified] = []
    with connect.reading(url) as connection:
        found = connect.revision(connection)
        connect.check_revision(found, place)
        # From the bottom up: what is wrong with pages explains everything that follows.
        told("checking the pages", 0, 0)
        problems += _pages(connection)
        problems += [Problem("schema", name, state) for name, state in schema_upgrade.differences(connection)]
        problems += _mark(url, connection, place)
        for row in connection.execute(select(runs.c.id, runs.c.run).order_by(runs.c.id)).all():
            check = _RunCheck(connection, row.id, row.run, told)
            verified.append(check.go())
            problems += check.problems
    return Verification(place, found, tuple(verified), tuple(problems[:PROBLEMS_MAX]))


def _pages(connection: Connection) -> Iterator[Problem]:
    if connection.dialect.name != "sqlite":
        return
    try:
        said = [str(line[0]) for line in connection.exec_driver_sql("PRAGMA integrity_check")]
        yield from (Problem("pages", "file", line) for line in said if line != "ok")
        for table, rowid, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
            yield Problem("references", f"{table} row {rowid}", f"its row of {parent} does not exist")
    except DBAPIError as error:
        yield Problem("pages", "file", str(error.orig))


def _mark(url: str, connection: Connection, place: str) -> Iterator[Problem]:
    file = connect.file_of(url)
    if file is None:
        return
    try:
        known = high_water_mark.read(high_water_mark.path_of(file))
        if known is not None:
            writer_state.check_high_water_mark(connection, known, place)
        elif connection.execute(select(func.count()).select_from(journal)).scalar_one():
            yield Problem(
                "mark", str(high_water_mark.path_of(file)), "there is no high-water mark for this journal"
            )
    except StorageCorrupt as error:
        yield Problem("mark", str(high_water_mark.path_of(file)), error.what)


class _RunCheck:
    """One run: its journal once through, and everything folded from it compared with what is stored."""

    def __init__(self, connection: Connection, run: int, name: str, told: Told) -> None:
        self.problems: list[Problem] = []
        self._told = told
        self._connection = connection
        self._run = run
        self._name = name
        self._chain = Chain(name)
        self._digest = Digest()
        self._projection = Projection()
        self._first_bad: int | None = None
        self._described: dict[str, object] = {}
        self._money = _Money()

    def go(self) -> RunVerified:
        """Do all checks and sum up."""
        first = 1
        written = select(func.max(journal.c.seq)).where(journal.c.run == self._run)
        total = int(self._connection.execute(written).scalar() or 0)
        # After the first bad entry nothing is compared: every later row would differ, and hide the cause.
        while self._first_bad is None:
            last = first + writer_state.WINDOW - 1
            window = list(writer_state.entries(self._connection, self._run, first, last))
            facts = [fact for entry in window if (fact := self._step(entry)) is not None]
            self._compare_subjects(first, last, facts)
            self._compare_listed(first, last)
            self._projection.commit()
            self._told(f"checking run {self._name}", self._chain.seq, total)
            behind = writer_state.next_after(self._connection, self._run, last)
            if behind is None:
                break
            # Behind a hole, too: the first entry after it is where its absence is seen.
            first = behind
        if self._first_bad is None:
            self._compare_folded()
            self._compare_run()
            self._check_snapshots()
        return RunVerified(
            self._name, self._chain.seq, self._digest.text(), self._imbalance(), self._first_bad
        )

    def _step(self, entry: Entry) -> Fact | None:
        """One entry: its place, its chain, its text, and what it does to the tables."""
        if self._first_bad is not None:
            return None
        expected = self._chain.seq + 1
        if not self._chain.follows(entry):
            missing = entry.seq != expected
            what = "is missing" if missing else f"({entry.kind} by {entry.owner}) is not what was written"
            self._bad(expected, "chain", what)
            return None
        self._digest.add((entry,))
        if entry.cause != self._money.cause:
            for account, what in self._money.settle(entry.cause, self._projection):
                self._problem("ledger", f"account {account} after entry {entry.seq - 1}", what)
        try:
            fact = entry.fact
            self._projection.apply(entry.seq, fact)
            self._money.apply(fact)
        except (StorageCorrupt, FactRefused, LedgerImbalanced) as error:
            self._bad(entry.seq, "facts", error.what)
            return None
        if isinstance(fact, RunStarted):
            started = self._described.get("started_at") or fact.at
            self._described = {
                "version": fact.version,
                "config_digest": fact.config_digest,
                "seed": fact.seed,
                "started_at": started,
            }
        elif isinstance(fact, RunEnded):
            self._described |= {"ended_at": fact.at, "end_reason": fact.reason}
        return fact

    def _bad(self, seq: int, check: str, what: str) -> None:
        self._first_bad = seq
        self._problem(check, f"entry {seq}", f"entry {seq} {what}" if check == "chain" else what)

    def _problem(self, check: str, where: str, what: str) -> None:
        self.problems.append(Problem(check, f"run {self._name}, {where}", what))

    def _compare_subjects(self, first: int, last: int, facts: list[Fact]) -> None:
        wanted = select(journal.c.seq, journal.c.subject).where(
            journal.c.run == self._run, journal.c.seq >= first, journal.c.seq <= last
        )
        for (seq, stored), fact in zip(
            self._connection.execute(wanted.order_by(journal.c.seq)), facts, strict=False
        ):
            if stored != subject(fact):
                self._problem(
                    "journal", f"entry {seq}", f"its subject is {stored!r}, it is about {subject(fact)!r}"
                )

    def _compare_listed(self, first: int, last: int) -> None:
        stop = last if self._first_bad is None else self._first_bad - 1
        for table in LISTED:
            wanted = self._stored(table).where(table.c.seq >= first, table.c.seq <= stop)
            self._compare(table, wanted, self._projection.listed[table])

    def _compare_folded(self) -> None:
        made = self._projection
        self._compare_shelf(StrategyRow.TABLE, made.strategies)
        self._compare_shelf(OrderRow.TABLE, made.orders)
        self._compare_shelf(PositionRow.TABLE, made.positions)
        self._compare_shelf(PerformanceRow.TABLE, made.performance)
        self._compare_shelf(LimitRow.TABLE, made.limits)
        for table in LISTED:
            self._compare(table, self._stored(table).where(table.c.seq > self._chain.seq), [])

    def _compare_shelf(self, table: Table, shelf: TableCache[Any, Any]) -> None:
        self._compare(table, self._stored(table), [row.values() for row in shelf.rows.values()])

    def _stored(self, table: Table) -> Select[Any]:
        return select(*[table.c[name] for name in columns(table) if name != "run"]).where(
            table.c.run == self._run
        )

    def _compare(self, table: Table, wanted: Select[Any], expected: list[Values]) -> None:
        """Match rows by their keys, which are the first columns of every table, and name the columns that
        differ.
        """
        keys = len(table.primary_key.columns) - 1
        names = [name for name in columns(table) if name != "run"]
        right = {row[:keys]: row for row in expected}
        stored = {tuple(row)[:keys]: tuple(row) for row in self._connection.execute(wanted)}
        for key in sorted(right.keys() | stored.keys(), key=repr):
            place = f"{table.name} {'/'.join(map(str, key))}"
            if key not in stored:
                self._problem("projections", place, "the row is missing")
            elif key not in right:
                self._problem("projections", place, "the row follows from no fact")
            elif stored[key] != right[key]:
                self._differs(place, dict(zip(names, stored[key], strict=True)), right[key])

    def _differs(self, place: str, stored: dict[str, object], right: Values) -> None:
        for (name, is_), should in zip(stored.items(), right, strict=True):
            if is_ != should:
                self._problem("projections", place, f"{name} is {is_!r}, the journal says {should!r}")

    def _compare_run(self) -> None:
        row = self._connection.execute(select(runs).where(runs.c.id == self._run)).mappings().one()
        for name, should in self._described.items():
            if row[name] != should:
                self._problem("projections", "runs", f"{name} is {row[name]!r}, the journal says {should!r}")

    def _check_snapshots(self) -> None:
        """Whether they are what was written; whether the journal folds to them is for who knows how."""
        for found in snapshots.stored(self._connection, self._run):
            if found.snapshot is None:
                self._problem("snapshots", f"snapshot at entry {found.seq}", found.why)

    def _imbalance(self) -> int:
        amounts = select(func.sum(ledger_entries.c.amount)).where(ledger_entries.c.run == self._run)
        total = int(self._connection.execute(amounts).scalar() or 0)
        if total:
            self._problem("ledger", "all accounts", f"they add up to {total} instead of zero")
        return total


class _Money:
    """The ledger and the folded fills are two ways to the same result: after every input they must agree.

    Not in the middle of one: a fill and its postings are facts of their own, and the last input of a journal
    that was cut off may miss some.
    """

    def __init__(self) -> None:
        self.cause = 0
        self._balances: dict[str, int] = {}
        self._touched: set[str] = set()
        self._off: dict[str, int] = {}

    def apply(self, fact: Fact) -> None:
        """Book what a fact says of money."""
        match fact:
            case LedgerPosted():
                self._touched.add(fact.strategy)
                for posting in fact.postings:
                    self._balances[posting.account] = self._balances.get(posting.account, 0) + posting.amount
            case OrderFilled() | PositionSettled():
                self._touched.add(fact.strategy)
            case _:
                pass

    def settle(self, cause: int, made: Projection) -> Iterator[tuple[str, str]]:
        """An input is done: the accounts that no longer agree, and by how much. `cause` is the next input."""
        self.cause = cause
        for strategy in sorted(self._touched):
            sums = made.performance.rows.get(strategy)
            if sums is None:
                continue
            for account, should in ((result(strategy), -sums.realized), (fees(strategy), sums.fees)):
                balance = self._balances.get(account, 0)
                if balance - should != self._off.get(account, 0):
                    self._off[account] = balance - should
                    yield account, f"its balance is {balance}, the fills and settlements say {should}"
        self._touched.clear()
