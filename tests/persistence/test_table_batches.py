"""Tables are read in batches that no row is missing from or in twice, each in a transaction of its own."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from persistence import connect, schema_upgrade
from persistence.connect import Access
from persistence.errors import StorageError
from persistence.stored_runs import opened as reading
from persistence.stored_runs import stored_runs
from persistence.table_batches import BATCH_ROWS, TableBatches, columns_of, table_names
from persistence.tables import metadata
from persistence.writer import JournalWriter

Opened = Callable[..., JournalWriter]


@pytest.fixture
def two(url: str, opened: Opened, make_evening: Callable[[int], list[Any]]) -> str:
    """A database with two runs of different length."""
    for name, bets in (("first", 7), ("second", 12)):
        writer = opened(url, name)
        writer.append(make_evening(bets))
        writer.close()
    return url


def whole(url: str, name: str) -> list[tuple[Any, ...]]:
    """A table in one query."""
    table = metadata.tables[name]
    with connect.make_engine(url, Access.READ).connect() as connection:
        return [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]


@pytest.mark.parametrize("size", [1, 3, 50, BATCH_ROWS])
def test_batches_of_any_size_are_the_whole_table(two: str, size: int) -> None:
    with reading(two) as connection:
        runs = [run.row.id for run in stored_runs(connection)]
    batches = TableBatches(two, runs)
    for name in table_names():
        found = list(batches.rows(name, size))
        assert [row for rows in found for row in rows] == whole(two, name), name
        assert max(map(len, found), default=0) <= size
        assert all(len(row) == len(columns_of(name)) for rows in found for row in rows)


def test_only_the_wanted_runs_are_read(two: str) -> None:
    batches = TableBatches(two, [2])
    for name in ("runs", "journal", "fills", "positions"):
        place = 0 if name == "runs" else [column.name for column in columns_of(name)].index("run")
        rows = [row for found in batches.rows(name, 5) for row in found]
        assert rows
        assert {row[place] for row in rows} == {2}
    assert list(TableBatches(two, []).rows("journal")) == []


def test_what_is_appended_in_the_meantime_is_left_out_and_the_writer_is_not_held_up(
    url: str, opened: Opened, make_evening: Callable[[int], list[Any]]
) -> None:
    facts = make_evening(12)
    longer = opened(url, "longer")
    longer.append(facts)
    longer.close()
    writer = opened(url)
    writer.append(facts[:20])
    batches = TableBatches(url, [2])
    reading_journal = batches.rows("journal", 5)
    first = next(reading_journal)
    # Between two batches nothing is open: the writer goes on, and even may change the tables.
    writer.append(facts[20:])
    seqs = [row[1] for rows in ([first], reading_journal) for found in rows for row in found]
    assert seqs == list(range(1, 21))
    ledger = [row for rows in batches.rows("ledger_entries", 5) for row in rows]
    names = [column.name for column in columns_of("ledger_entries")]
    assert sum(row[names.index("amount")] for row in ledger) == 0
    assert max(row[names.index("seq")] for row in ledger) <= 20


def test_a_database_of_another_version_is_refused(bare: str) -> None:
    with pytest.raises(StorageError):
        TableBatches(bare, [1])
    schema_upgrade.upgrade(bare)
    assert list(TableBatches(bare, [1]).rows("runs")) == []


def test_the_rows_of_a_table_are_counted_for_the_runs_that_are_wanted(two: str) -> None:
    with reading(two) as connection:
        runs = [run.row.id for run in stored_runs(connection)]
    for name in table_names():
        each = [sum(map(len, TableBatches(two, [run]).rows(name))) for run in runs]
        assert [TableBatches(two, [run]).count(name) for run in runs] == each
        assert TableBatches(two, runs).count(name) == sum(each)
