"""A backup is one consistent moment, verified, and restoring it gives the journal back."""

import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from persistence import connect, high_water_mark
from persistence.connect import Access
from persistence.errors import StorageBusy, StorageCorrupt, StorageError, StorageReadOnly
from persistence.maintenance import BackedUp, backup, restore, verify
from persistence.queries import Reader
from persistence.writer import JournalWriter
from tests.persistence.servers import SERVER

Opened = Callable[..., JournalWriter]


@pytest.mark.promise("backup-taken-writing-restores")
def test_a_backup_taken_while_writing_restores_to_a_sound_journal(
    lite: str, file: Path, tmp_path: Path, opened: Opened, make_evening: Callable[[int], list[Any]]
) -> None:
    """D17."""
    evening = make_evening(120)
    writer = opened(lite)
    writer.append(evening[:100])
    done = threading.Event()

    def write() -> None:
        for start in range(100, len(evening), 4):
            writer.append(evening[start : start + 4])
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    copies: list[BackedUp] = []
    while not done.is_set() and len(copies) < 20:
        copies.append(backup(lite, tmp_path / f"copy{len(copies)}.db"))
    thread.join()
    assert copies
    assert all(copy.verification.sound for copy in copies)
    sizes = [copy.verification.runs[0].entries for copy in copies]
    assert sizes == sorted(sizes)
    assert sizes[0] >= 100
    writer.close()
    for ending in ("", "-wal", "-shm", ".mark"):
        file.with_name(file.name + ending).unlink(missing_ok=True)
    assert restore(copies[0].target, lite).sound
    again = opened(lite)
    assert again.seq == sizes[0]
    again.append(evening[sizes[0] :])
    assert verify(lite).sound


def test_a_backup_has_a_mark_of_its_own(
    lite: str, tmp_path: Path, opened: Opened, small_evening: list[Any]
) -> None:
    opened(lite).append(small_evening)
    made = backup(lite, tmp_path / "copy.db")
    known = high_water_mark.read(high_water_mark.path_of(made.target))
    assert known is not None
    assert known.seq == len(small_evening)
    assert sorted(each.name for each in tmp_path.glob("copy*")) == ["copy.db", "copy.db.mark"]
    with Reader.open(f"sqlite:///{made.target}") as reader:
        assert reader.last_seq() == len(small_evening)


def test_an_existing_file_is_not_overwritten(lite: str, tmp_path: Path, opened: Opened) -> None:
    opened(lite)
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(StorageReadOnly, match="exists already"):
        backup(lite, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "precious"
    backup(lite, tmp_path / "other.db")
    with pytest.raises(StorageBusy, match="is still there"):
        restore(tmp_path / "other.db", lite)


def test_an_unsound_database_gives_no_backup(
    lite: str, file: Path, tmp_path: Path, opened: Opened, small_evening: list[Any]
) -> None:
    writer = opened(lite)
    writer.append(small_evening)
    writer.close()
    content = file.read_bytes()
    assert content.count(b'"o3b"') > 0
    file.write_bytes(content.replace(b'"o3b"', b'"o3c"'))
    with pytest.raises(StorageCorrupt, match=r"the copy is not sound: .*entry \d+"):
        backup(lite, tmp_path / "copy.db")
    assert list(tmp_path.glob("copy*")) == []


@pytest.mark.postgres
def test_the_servers_own_tools_restore_a_backup_taken_while_writing_and_the_journal_goes_on(
    served: str, tmp_path: Path, opened: Opened, make_evening: Callable[[int], list[Any]]
) -> None:
    """As the runbook tells it: dump while it is written, lose everything, restore, verify, go on."""
    evening = make_evening(40)
    writer = opened(served)
    writer.append(evening[:100])
    done = threading.Event()

    def write() -> None:
        for start in range(100, len(evening) - 10, 4):
            writer.append(evening[start : min(start + 4, len(evening) - 10)])
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    copy, name = tmp_path / "tipoff.dump", served.rpartition("%3D")[2]
    tool("pg_dump", "--format=custom", f"--schema={name}", f"--file={copy}", f"--dbname={SERVER}")
    thread.join()
    assert done.is_set()
    writer.close()
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"DROP SCHEMA {name} CASCADE")
    tool("pg_restore", "--exit-on-error", f"--dbname={SERVER}", str(copy))
    restored = verify(served)
    assert restored.sound
    entries = restored.runs[0].entries
    assert 100 <= entries < len(evening)
    again = opened(served)
    assert again.seq == entries
    again.append(evening[entries:])
    again.close()
    assert verify(served).sound
    engine = connect.make_engine(served, Access.WRITE)
    with pytest.raises(StorageError), connect.sorted_errors(served), engine.begin() as connection:
        # The triggers came back too.
        connection.exec_driver_sql("DELETE FROM fills")
    engine.dispose()


def tool(name: str, *arguments: str) -> None:
    """One of PostgreSQL's own programs; skips where it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.postgres
def test_a_server_has_its_own_tools_for_that(served: str, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="pg_dump"):
        backup(served, tmp_path / "copy.db")
    with pytest.raises(StorageError, match="pg_restore"):
        restore(tmp_path / "copy.db", served)
