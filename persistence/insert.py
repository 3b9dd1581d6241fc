"""How the rows of one transaction reach the database: tuples, statement by statement, straight to the driver.

Part of the writer, which begins and ends the transaction. Facts must all go in; a record that the database
refuses is left out, so that a bad input can never stop the storing of decisions.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Dialect, Table

from persistence import writer_state
from persistence.errors import FactRefused, FactUnstorable, of_driver, sorted_error
from persistence.journal import Entry
from persistence.projected_rows import Values
from persistence.projections import Projection
from persistence.records import REPLACED, Record, row
from persistence.statements import Statements
from persistence.tables import journal

Seam = Callable[[str], None]
"""Called with the name of every operation before it is done; a test raises from it."""


class Insertion:
    """The insertions of one run."""

    def __init__(self, run: int, dialect: Dialect, seam: Seam) -> None:
        self._run = run
        self._statements = Statements(dialect)
        self._seam = seam

    def facts(
        self, connection: Connection, entries: Sequence[Entry], subjects: Sequence[str], made: Projection
    ) -> None:
        """The journal's lines and everything folded from them."""
        run = self._run
        lines: list[Values] = [
            (run, entry.seq, entry.at, entry.cause, entry.owner, entry.kind, about, entry.body, entry.chain)
            for entry, about in zip(entries, subjects, strict=True)
        ]
        self._insert(connection, journal, self._statements.new(journal), lines)
        for table, rows in made.listed.items():
            self._insert(connection, table, self._statements.new(table), _of_run(run, rows))
        for table, rows in made.changed():
            self._insert(connection, table, self._statements.latest(table), _of_run(run, rows))
        for change in made.run_changes:
            writer_state.update_run(connection, run, change)

    def records(self, connection: Connection, records: Sequence[Record]) -> int:
        """What was heard; returns how many of the records the database refused."""
        by_table: dict[Table, list[Values]] = {}
        for record in records:
            table, values = row(record)
            by_table.setdefault(table, []).append((self._run, *values))
        refused = 0
        for table, rows in by_table.items():
            kind = self._statements.latest if table in REPLACED else self._statements.once
            if not self._tried(connection, table, kind(table), rows):
                # One of them is to blame: keep the others.
                refused += sum(not self._tried(connection, table, kind(table), [values]) for values in rows)
        return refused

    def _tried(self, connection: Connection, table: Table, statement: str, rows: list[Values]) -> bool:
        """Insert within a savepoint; False if the database's rules refuse it. Other failures are raised."""
        try:
            # Without the savepoint PostgreSQL refuses everything more in this transaction after one refused
            # row.
            with connection.begin_nested():
                self._insert(connection, table, statement, rows)
        except Exception as error:
            if of_driver(error) and isinstance(sorted_error(error, table.name), FactRefused | FactUnstorable):
                return False
            raise
        return True

    def _insert(self, connection: Connection, table: Table, statement: str, rows: list[Values]) -> None:
        if rows:
            self._seam(f"insert {table.name}")
            # The driver's own cursor: SQLAlchemy's bookkeeping for a statement costs more than a small batch
            # does.
            connection.connection.cursor().executemany(statement, rows)


def _of_run(run: int, rows: Sequence[Values]) -> list[Values]:
    return [(run, *values) for values in rows]
