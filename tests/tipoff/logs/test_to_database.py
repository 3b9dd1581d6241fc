"""Warnings on their way to the database: bounded, from any thread, and silent while nothing can be stored."""

import threading
from pathlib import Path

import attrs
import pytest
import trio
from trio.testing import MockClock

from persistence.queries import Reader
from persistence.records import LogRecord, Record
from persistence.schema_upgrade import create
from persistence.writer import JournalWriter
from tipoff.logs.to_database import KEPT_CHARS_MAX, LINES_AT_ONCE, LINES_PER_MINUTE, DatabaseLogSink


@attrs.define
class Store:
    """Where records go."""

    records: list[LogRecord] = attrs.field(factory=list)
    failing: bool = False

    def add_records(self, records: list[Record]) -> None:
        self.records += [record for record in records if isinstance(record, LogRecord)]


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def kept(store: Store) -> DatabaseLogSink:
    return DatabaseLogSink(store.add_records, lambda: store.failing, lambda: 7)


async def pass_time(clock: MockClock, seconds: float) -> None:
    await trio.testing.wait_all_tasks_blocked()
    clock.jump(seconds)
    await trio.testing.wait_all_tasks_blocked()


async def test_a_warning_is_kept_with_its_level_and_its_line(
    kept: DatabaseLogSink, store: Store, nursery: trio.Nursery, mock_clock: MockClock
) -> None:
    nursery.start_soon(kept.run)
    kept.take("error", "disk_full", "the whole line")
    await pass_time(mock_clock, 1)
    assert store.records == [LogRecord("error", "tipoff", "disk_full", {"line": "the whole line"}, 7)]  # type: ignore[arg-type]


@pytest.mark.limit("tipoff.logs.to_database:LINES_PER_MINUTE")
async def test_a_flood_is_cut_at_the_budget_and_the_rest_is_counted(
    kept: DatabaseLogSink, store: Store, nursery: trio.Nursery, mock_clock: MockClock
) -> None:
    nursery.start_soon(kept.run)
    await pass_time(mock_clock, 1)
    for _ in range(LINES_AT_ONCE + 1):
        kept.take("warning", "again", "x")
    assert kept.dropped == 1
    await pass_time(mock_clock, 1)
    assert (len(store.records), kept.dropped) == (LINES_AT_ONCE, 1)
    for _ in range(LINES_AT_ONCE):
        kept.take("warning", "again", "x")
    await pass_time(mock_clock, 60)
    assert len(store.records) <= LINES_AT_ONCE + LINES_PER_MINUTE + 1
    assert len(store.records) + kept.dropped == 2 * LINES_AT_ONCE + 1
    assert len(store.records) == kept.kept


@pytest.mark.limit("tipoff.logs.to_database:LINES_AT_ONCE")
async def test_while_nothing_can_be_stored_lines_wait_and_no_more_than_a_few(
    kept: DatabaseLogSink, store: Store, nursery: trio.Nursery, mock_clock: MockClock
) -> None:
    store.failing = True
    nursery.start_soon(kept.run)
    for number in range(LINES_AT_ONCE * 3):
        kept.take("warning", str(number), "x")
    await pass_time(mock_clock, 10)
    assert (store.records, kept.dropped) == ([], LINES_AT_ONCE * 2)
    store.failing = False
    await pass_time(mock_clock, 1)
    assert [record.event for record in store.records] == [str(number) for number in range(LINES_AT_ONCE)]


@pytest.mark.limit("tipoff.logs.to_database:KEPT_CHARS_MAX")
async def test_lines_of_other_threads_come_along_and_long_ones_are_cut(
    kept: DatabaseLogSink, store: Store, nursery: trio.Nursery, mock_clock: MockClock
) -> None:
    nursery.start_soon(kept.run)
    thread = threading.Thread(target=kept.take, args=("warning", "e" * 9_000, "l" * 9_000))
    thread.start()
    thread.join()
    await pass_time(mock_clock, 1)
    (record,) = store.records
    assert record.event == "e" * KEPT_CHARS_MAX
    assert record.detail == {"line": "l" * KEPT_CHARS_MAX}


async def test_they_are_read_again_from_the_database(
    tmp_path: Path, nursery: trio.Nursery, mock_clock: MockClock
) -> None:
    url = f"sqlite:///{tmp_path / 'tipoff.db'}"
    create(url)
    writer = JournalWriter(url, "run")

    def keep(records: list[Record]) -> None:
        writer.append([], records)

    kept = DatabaseLogSink(keep, lambda: False, lambda: 7)
    nursery.start_soon(kept.run)
    kept.take("warning", "feed_lost", '{"event": "feed_lost"}')
    await pass_time(mock_clock, 1)
    writer.close()
    with Reader.open(url, "run") as reader:
        (row,) = reader.logs()
    assert (row["level"], row["event"]) == ("warning", "feed_lost")
