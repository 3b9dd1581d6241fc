"""The rows of a table in batches, each read in a short transaction of its own.

Used by the export. One long transaction would keep the write-ahead log of a running daemon from being emptied
for as long as it lasts. Rows come in the order of the primary key, and each batch begins behind the last one.
What a daemon appends to a journal in the meantime is left out, so that the tables of an export belong
together.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import attrs
from sqlalchemy import Engine, Table, func, select, tuple_

from persistence import connect
from persistence.column_meanings import Meaning, meaning_of
from persistence.connect import Access
from persistence.market_tables import games
from persistence.tables import journal, metadata, runs

BATCH_ROWS: Final = 20_000
BATCH_ROWS_OF_BODIES: Final = 1_000
"""Of tables that keep whole bodies, which may be large."""

LISTED: Final = frozenset({"journal", "signals", "fills", "ledger_entries"})
"""Tables with rows for each fact: those beyond the end that was seen first are left out."""

assert games.metadata is metadata  # noqa: S101 - the tables of the market are known only once they are imported


@attrs.frozen(kw_only=True)
class ColumnInfo:
    """A column as a reader meets it."""

    name: str
    meaning: Meaning
    null: bool


def table_names() -> list[str]:
    """Every table of a database, in the order of their definition."""
    return [table.name for table in metadata.tables.values()]


def columns_of(name: str) -> list[ColumnInfo]:
    """The columns of a table, in the order of its rows."""
    return [
        ColumnInfo(name=column.name, meaning=meaning_of(name, column.name), null=bool(column.nullable))
        for column in metadata.tables[name].columns
    ]


class TableBatches:
    """A database that is read table by table, by whoever needs whole tables of some of its runs."""

    def __init__(self, url: str, wanted: Collection[int]) -> None:
        """`wanted` are the numbers of the runs. Raises what opening raises."""
        self._url = url
        self._wanted = tuple(wanted)
        self._engine: Engine = connect.make_engine(url, Access.READ)
        with connect.sorted_errors(url), self._engine.connect() as connection:
            connect.check_revision(connect.revision(connection), connect.where(url))
            last = select(journal.c.run, func.max(journal.c.seq)).group_by(journal.c.run)
            self._last: Mapping[int, int] = {run: int(seq) for run, seq in connection.execute(last)}

    def count(self, name: str) -> int:
        """How many rows of a table there are, for whoever tells how far it is: a daemon may add some."""
        table = metadata.tables[name]
        owner = table.c.id if table is runs else table.c.run
        counted = select(func.count()).select_from(table).where(owner.in_(self._wanted))
        with connect.sorted_errors(self._url), self._engine.connect() as connection:
            return int(connection.execute(counted).scalar_one())

    def rows(self, name: str, size: int | None = None) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a table, in batches of `size`."""
        table = metadata.tables[name]
        size = size or (BATCH_ROWS_OF_BODIES if "raw" in table.columns else BATCH_ROWS)
        after: tuple[Any, ...] | None = None
        while True:
            found = self._batch(table, size, after)
            kept = self._before_the_end(table, found)
            if kept:
                yield kept
            if len(found) < size:
                return
            after = self._key(table, found[-1])

    def _batch(self, table: Table, size: int, after: tuple[Any, ...] | None) -> list[tuple[Any, ...]]:
        key = list(table.primary_key.columns)
        owner = table.c.id if table is runs else table.c.run
        wanted = select(table).where(owner.in_(self._wanted)).order_by(*key).limit(size)
        if after is not None:
            wanted = wanted.where(tuple_(*key) > after if len(key) > 1 else key[0] > after[0])
        with connect.sorted_errors(self._url), self._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(wanted)]

    def _before_the_end(self, table: Table, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        if table.name not in LISTED:
            return rows
        names = [column.name for column in table.columns]
        run, seq, last = names.index("run"), names.index("seq"), self._last
        return [row for row in rows if row[seq] <= last.get(row[run], 0)]

    def _key(self, table: Table, row: tuple[Any, ...]) -> tuple[Any, ...]:
        names = [column.name for column in table.columns]
        return tuple(row[names.index(column.name)] for column in table.primary_key.columns)
