"""The N-th operation fails, for every N: once, for good, and again while recovering.

Nothing is lost or doubled. D8 of the fault catalogue: the writer's seam fails at operation 1, 2, 3 and so on
until a run gets through untouched.

Covers: persistence.errors.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from persistence.errors import StorageError, StorageFull
from persistence.maintenance import verify
from persistence.queries import Reader
from persistence.records import LogRecord
from persistence.writer import JournalWriter, Options

Opened = Callable[..., JournalWriter]
BATCH = 16
FAULTS_IN_A_ROW_MAX = 4


class Faults:
    """A seam that fails at given operations, counted from 1, and remembers their names."""

    def __init__(self, *numbers: int) -> None:
        self.numbers = set(numbers)
        self.names: list[str] = []

    def __call__(self, operation: str) -> None:
        self.names.append(operation)
        if len(self.names) in self.numbers:
            raise OSError(28, f"no space for {operation}")


def write_all(writer: JournalWriter, evening: list[Any]) -> int:
    """Append everything in batches, repeating what fails; returns how often it failed."""
    failures = 0
    while writer.seq < len(evening):
        batch = evening[writer.seq : writer.seq + BATCH]
        acknowledged = writer.seq
        try:
            writer.append(batch, [LogRecord("warning", "t", f"batch {batch[0].seq}", {}, batch[0].fact.at)])
        except StorageFull:
            failures += 1
        assert writer.seq in (acknowledged, acknowledged + len(batch))
        assert failures <= FAULTS_IN_A_ROW_MAX
    return failures


def check(url: str, evening: list[Any], digest: str) -> None:
    found = verify(url)
    assert found.problems == ()
    assert found.runs[0].entries == len(evening)
    assert found.runs[0].digest == digest
    with Reader.open(url) as reader:
        # Each batch brought one line with it, in the same transaction: none is missing, none is there twice.
        assert len(reader.logs()) == -(-len(evening) // BATCH)


@pytest.fixture
def whole(opened: Opened, small_evening: list[Any]) -> JournalWriter:
    """The undisturbed run."""
    writer = opened("sqlite://")
    writer.append(small_evening)
    return writer


@pytest.mark.promise("single-failure-database-loses")
@pytest.mark.parametrize("more", [0, 1, 2], ids=["once", "and the next", "and the one after"])
def test_no_single_failure_loses_or_doubles_anything(
    file: Path, tmp_path: Path, small_evening: list[Any], whole: JournalWriter, more: int
) -> None:
    """D8: once, and a second failure during the recovery from the first."""
    counting = Faults()
    write_all(JournalWriter("sqlite://", "counting", Options(seam=counting)), small_evening)
    count = len(counting.names)
    assert count > 20
    seen: set[str] = set()
    for number in range(2, count + 5):
        faults = Faults(number, *([number + more] if more else []))
        url = f"sqlite:///{shutil.copy(file, tmp_path / f'{number}.db')}"
        writer = JournalWriter(url, "evening", Options(seam=faults))
        failures = write_all(writer, small_evening)
        writer.close()
        assert failures == len(faults.numbers & set(range(len(faults.names) + 1)))
        seen |= {faults.names[each - 1] for each in faults.numbers if each <= len(faults.names)}
        check(url, small_evening, whole.digest())
    assert {"begin", "insert journal", "insert fills", "commit", "committed", "mark"} <= seen
    # A second failure right after the first one meets the new connection.
    assert ("connect" in seen) == (more == 1)


@pytest.mark.postgres
@pytest.mark.parametrize("more", [0, 1], ids=["once", "and the next"])
def test_no_single_failure_of_a_server_loses_or_doubles_anything(
    served: str, small_evening: list[Any], whole: JournalWriter, more: int
) -> None:
    """D8 on PostgreSQL, a run for every operation; it may fail before or after the server's commit."""
    number, count = 1, 2
    while number < count:
        number += 1
        faults = Faults(number, number + more)
        writer = JournalWriter(served, f"run{number}", Options(seam=faults))
        write_all(writer, small_evening)
        assert writer.digest() == whole.digest()
        writer.close()
        count = len(faults.names)
    assert number > 20
    found = verify(served)
    assert found.problems == ()
    assert {run.digest for run in found.runs} == {whole.digest()}
    assert len(found.runs) == number - 1


def test_a_lasting_failure_changes_nothing_and_work_goes_on_when_it_ends(
    lite: str, opened: Opened, small_evening: list[Any], whole: JournalWriter
) -> None:
    """D8, persistently: a hundred refusals, then the disk is back."""
    faults = Faults(*range(20, 500))
    writer = opened(lite, options=Options(seam=faults))
    start = 0
    while not faults.numbers & {len(faults.names)}:
        try:
            start = writer.append(small_evening[start : start + BATCH])
        except StorageFull:
            break
    for _ in range(100):
        with pytest.raises(StorageFull):
            writer.append(small_evening[start : start + BATCH])
    assert writer.seq == start
    faults.numbers.clear()
    writer.append(small_evening[start:])
    assert writer.digest() == whole.digest()
    assert verify(lite).sound


def test_a_writer_that_cannot_be_opened_leaves_nothing_open(lite: str, small_evening: list[Any]) -> None:
    """D8: the first operation of all, the connection."""
    with pytest.raises(StorageFull):
        JournalWriter(lite, "evening", Options(seam=Faults(1)))
    writer = JournalWriter(lite, "evening")
    assert writer.append(small_evening) == len(small_evening)
    writer.close()


@pytest.mark.postgres
def test_an_unknown_commit_on_a_server_is_found_out(
    served: str, opened: Opened, small_evening: list[Any], whole: JournalWriter
) -> None:
    """The failure comes after the commit: the repetition finds the entries there and writes none twice."""
    faults = Faults()

    def seam(operation: str) -> None:
        if operation == "committed" and not faults.names:
            faults.names.append(operation)
            raise ConnectionResetError(104, "connection reset")

    writer = opened(served, options=Options(seam=seam))
    with pytest.raises(StorageError):
        writer.append(small_evening)
    assert writer.seq == 0
    assert writer.append(small_evening) == len(small_evening)
    assert writer.digest() == whole.digest()
    assert verify(served).sound
