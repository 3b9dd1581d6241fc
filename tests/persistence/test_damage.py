"""A damaged file, log, mark or schema is found before anything is decided on it, and the first loss is named.

Each test names the entry of the fault catalogue that it shows (D9 to D11).

Covers: persistence.high_water_mark, persistence.rebuild.
"""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from persistence import high_water_mark, schema_upgrade
from persistence.errors import (
    StorageCorrupt,
    StorageForeign,
    StorageGone,
)
from persistence.maintenance import verify
from persistence.writer import JournalWriter

Opened = Callable[..., JournalWriter]


@pytest.fixture
def crashed(
    file: Path, tmp_path: Path, lite: str, opened: Opened, make_evening: Callable[[int], list[Any]]
) -> Path:
    """A database as a power cut finds it: the last commits are in the write-ahead log only."""
    evening = make_evening(60)
    writer = opened(lite)
    writer.append(evening[:50])
    writer.checkpoint()
    for start in range(50, len(evening), 5):
        writer.append(evening[start : start + 5])
    place = tmp_path / "crashed"
    place.mkdir()
    for each in file.parent.glob("tipoff.db*"):
        if not each.name.endswith("-shm"):
            shutil.copy(each, place / each.name)
    return place / "tipoff.db"


def sqlite_says(file: Path) -> tuple[str, int]:
    """What SQLite's own check has to say, and how many entries it still has."""
    connection = sqlite3.connect(file)
    said = connection.execute("PRAGMA integrity_check").fetchone()[0]
    count = connection.execute("SELECT count(*) FROM journal").fetchone()[0]
    connection.close()
    return said, count


def test_a_crash_alone_loses_nothing(crashed: Path) -> None:
    """The control of D9 and D10: the same files untouched."""
    writer = JournalWriter(f"sqlite:///{crashed}", "evening")
    assert writer.seq > 200
    writer.close()


@pytest.mark.promise("torn-deleted-write-ahead")
@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.95])
def test_a_torn_log_is_found_although_sqlite_finds_nothing_wrong(
    crashed: Path, share: float, make_evening: Callable[[int], list[Any]]
) -> None:
    """D9: the end of the log is missing."""
    evening = make_evening(60)
    log = crashed.with_name("tipoff.db-wal")
    os.truncate(log, int(log.stat().st_size * share))
    with pytest.raises(
        StorageCorrupt, match=r"run evening: entries \d+ to \d+ were durable and are gone; do not"
    ):
        JournalWriter(f"sqlite:///{crashed}", "evening")
    problems = verify(f"sqlite:///{crashed}").problems
    assert [problem.check for problem in problems] == ["mark"]
    said, count = sqlite_says(crashed)
    assert said == "ok"
    assert 50 <= count < len(evening)


def test_flipped_bytes_in_the_log_are_found(crashed: Path) -> None:
    """D9: SQLite drops everything from the damaged frame on, without a word."""
    log = crashed.with_name("tipoff.db-wal")
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 0xFF
    log.write_bytes(content)
    with pytest.raises(StorageCorrupt, match="were durable and are gone"):
        JournalWriter(f"sqlite:///{crashed}", "evening")


@pytest.mark.promise("torn-deleted-write-ahead")
def test_a_deleted_log_is_found(crashed: Path) -> None:
    """D10: everything since the last checkpoint is gone."""
    crashed.with_name("tipoff.db-wal").unlink()
    with pytest.raises(StorageCorrupt, match="entries 51 to"):
        JournalWriter(f"sqlite:///{crashed}", "evening")


def test_a_database_that_vanished_is_not_silently_begun_anew(crashed: Path) -> None:
    """D10: even the tables are gone; neither the writer nor an upgrade takes it for a new database."""
    for each in (crashed, crashed.with_name("tipoff.db-wal")):
        each.unlink()
    for attempt in (schema_upgrade.upgrade, lambda url: JournalWriter(url, "evening")):
        with pytest.raises(StorageCorrupt, match=r"run evening had come to entry \d+.*removed on purpose"):
            attempt(f"sqlite:///{crashed}")
    high_water_mark.path_of(crashed).unlink()
    schema_upgrade.upgrade(f"sqlite:///{crashed}")


def test_a_mark_that_cannot_be_made_closes_no_file_of_others(tmp_path: Path) -> None:
    before = {number: os.fstat(number).st_ino for number in (0, 1, 2)}
    with pytest.raises(StorageGone):
        high_water_mark.MarkFile(tmp_path / "nowhere" / "tipoff.db.mark", synced=False)
    assert {number: os.fstat(number).st_ino for number in (0, 1, 2)} == before


@pytest.mark.parametrize("slot", [0, 1])
def test_a_torn_mark_falls_back_to_the_one_before(crashed: Path, slot: int) -> None:
    place = high_water_mark.path_of(crashed)
    newest = high_water_mark.read(place)
    content = bytearray(place.read_bytes())
    content[slot * high_water_mark.SLOT_BYTES + 20] ^= 0xFF
    place.write_bytes(content)
    kept = high_water_mark.read(place)
    assert newest is not None
    assert kept is not None
    assert kept.turn in (newest.turn, newest.turn - 1)
    JournalWriter(f"sqlite:///{crashed}", "evening").close()


def test_a_mark_that_cannot_be_read_at_all_is_said(crashed: Path) -> None:
    high_water_mark.path_of(crashed).write_bytes(b"\xff" * 1024)
    with pytest.raises(StorageCorrupt, match="the high-water mark cannot be read"):
        JournalWriter(f"sqlite:///{crashed}", "evening")
    assert [problem.check for problem in verify(f"sqlite:///{crashed}").problems] == ["mark"]


@pytest.mark.parametrize("table", ["journal", "system_logs"])
def test_a_damaged_page_is_found_at_the_start(
    lite: str, file: Path, opened: Opened, make_evening: Callable[[int], list[Any]], table: str
) -> None:
    """D11: SQLITE_CORRUPT, also where a start would not read by itself."""
    writer = opened(lite)
    writer.append(make_evening(60))
    writer.close()
    connection = sqlite3.connect(file)
    root, size = connection.execute(
        "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master WHERE name = ?", [table]
    ).fetchone()
    connection.close()
    with file.open("r+b") as pages:
        pages.seek((root - 1) * size)
        pages.write(b"\xa5" * size)
    with pytest.raises(StorageCorrupt, match="restore the last backup"):
        JournalWriter(lite, "evening")
    with contextlib.suppress(StorageCorrupt):
        assert not verify(lite).sound


@pytest.mark.parametrize("content", [b"not a database" * 100, b"SQLite format 3\0" + b"\xff" * 2000])
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    """D11: SQLITE_NOTADB."""
    file = tmp_path / "tipoff.db"
    file.write_bytes(content)
    for attempt in (schema_upgrade.upgrade, verify, lambda url: JournalWriter(url, "evening")):
        with pytest.raises((StorageForeign, StorageCorrupt)):
            attempt(f"sqlite:///{file}")
    assert file.read_bytes() == content


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TRIGGER fills_no_delete",
        "DROP INDEX ix_fills_run_order_id",
        "CREATE TABLE theirs (a)",
        "CREATE TRIGGER evil AFTER INSERT ON fills BEGIN DELETE FROM positions; END",
        "ALTER TABLE positions ADD COLUMN colour TEXT",
    ],
)
def test_a_schema_altered_by_hand_is_refused(lite: str, file: Path, statement: str) -> None:
    connection = sqlite3.connect(file)
    connection.execute(statement)
    connection.close()
    with pytest.raises(StorageForeign, match=r"is missing|is not ours|is changed"):
        JournalWriter(lite, "evening")
    assert "schema" in {problem.check for problem in verify(lite).problems}
