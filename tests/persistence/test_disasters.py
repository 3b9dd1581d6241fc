"""What a disk, a lock, a neighbour or a careless hand can do to a database, and what is said then.

Each test names the entry of the fault catalogue that it shows (D1 to D19).
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from engine.units import Nanos
from persistence import connect, schema_upgrade
from persistence.connect import Settings
from persistence.errors import (
    StorageBusy,
    StorageCorrupt,
    StorageError,
    StorageFull,
    StorageGone,
    StorageUnreachable,
)
from persistence.maintenance import prune, verify
from persistence.writer import JournalWriter, Options

Opened = Callable[..., JournalWriter]
PATIENCE = Options(settings=Settings(busy_timeout_ms=300))


@pytest.fixture
def intruder(file: Path) -> Iterator[sqlite3.Connection]:
    """Another program with the same file."""
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    yield connection
    connection.close()


@pytest.mark.limit("persistence.connect:BUSY_TIMEOUT_MS")
def test_a_lock_held_for_a_moment_is_waited_for(
    lite: str, opened: Opened, small_evening: list[Any], intruder: sqlite3.Connection
) -> None:
    """D1: BUSY for less than the busy timeout."""
    writer = opened(lite)
    intruder.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.2, intruder.execute, ["COMMIT"])
    timer.start()
    assert writer.append(small_evening) == len(small_evening)
    timer.join()


def test_a_lock_held_for_long_stops_the_writer_and_loses_nothing(
    lite: str, opened: Opened, small_evening: list[Any], intruder: sqlite3.Connection
) -> None:
    """D1: BUSY for more than the busy timeout."""
    writer = opened(lite, options=PATIENCE)
    writer.append(small_evening[:10])
    intruder.execute("BEGIN IMMEDIATE")
    for _ in range(2):
        with pytest.raises(StorageBusy, match="stop the other program"):
            writer.append(small_evening[10:])
    intruder.execute("COMMIT")
    assert writer.append(small_evening[10:]) == len(small_evening)
    assert verify(lite).sound


def test_writers_never_meet_a_stale_snapshot(
    lite: str, opened: Opened, make_evening: Callable[[int], list[Any]]
) -> None:
    """D2: every writing transaction begins immediately, so none reads first and fails to upgrade."""
    evening = make_evening(30)
    writer = opened(lite)
    failures: list[StorageError] = []
    done = threading.Event()

    def shorten() -> None:
        while not done.is_set():
            try:
                prune(lite, Nanos(0))
            except StorageError as error:
                failures.append(error)

    thread = threading.Thread(target=shorten)
    thread.start()
    for start in range(0, len(evening), 3):
        writer.reader().last_seq()
        writer.append(evening[start : start + 3])
    done.set()
    thread.join()
    assert failures == []
    assert verify(lite).sound


def test_a_second_writer_of_a_file_is_refused_at_once(lite: str, opened: Opened) -> None:
    """D14 for one database: a replay into the daemon's file, whatever directory it was started from."""
    first = opened(lite)
    with pytest.raises(StorageBusy, match=f"process {os.getpid()} writes"):
        JournalWriter(lite, "other")
    first.close()
    JournalWriter(lite, "other").close()


def test_a_full_database_keeps_what_it_has_and_goes_on_when_there_is_space(
    lite: str, opened: Opened, make_evening: Callable[[int], list[Any]]
) -> None:
    """D3: SQLITE_FULL; reads go on meanwhile."""
    evening = make_evening(60)
    writer = opened(lite)
    writer.append(evening[:20])
    pages = writer._live().exec_driver_sql("PRAGMA page_count").scalar_one()
    writer._live().exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(StorageFull, match="free some space"):
        writer.append(evening[20:])
    assert verify(lite).runs[0].entries == 20
    # The limit went with the connection: the space is there again.
    assert writer.append(evening[20:]) == len(evening)
    assert verify(lite).sound


LIMITED = """
import os, resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from persistence.errors import StorageFull
from persistence.maintenance import prune, verify
from persistence.queries import Recorded
from persistence.writer import JournalWriter
from engine.facts import Noted
url, size = sys.argv[1], os.path.getsize(sys.argv[1].removeprefix("sqlite:///"))
body = '"' + "x" * 500 + '"'
facts = [Recorded(seq, 1, 0, "t", Noted("s", "k", body, seq)) for seq in range(1, 2001)]
writer = JournalWriter(url, "evening")
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 200_000, resource.RLIM_INFINITY))
refused = 0
while writer.seq < len(facts):
    try:
        writer.append(facts[writer.seq:writer.seq + 20])
    except StorageFull as error:
        refused += 1
        assert verify(url).sound and verify(url).runs[0].entries == writer.seq
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
writer.close()
print(refused, verify(url).sound, verify(url).runs[0].entries)
"""


def in_a_process(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "PYTHONPATH": str(schema_upgrade.MIGRATIONS.parent)},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_a_file_size_limit_is_a_full_disk(lite: str) -> None:
    """D4: RLIMIT_FSIZE with SIGXFSZ ignored."""
    finished = in_a_process(LIMITED, lite)
    assert finished.stdout == "1 True 2000\n", finished.stderr[-2000:]


READ_ONLY = """
import os, sys
from pathlib import Path
from persistence.errors import StorageError
from persistence.queries import Reader
from persistence.writer import JournalWriter
JournalWriter("sqlite://", "warm").close()
directory = Path(sys.argv[1])
def attempt(what):
    try:
        what()
        print("worked")
    except StorageError as error:
        print(type(error).__name__)
if os.getuid() == 0:
    for each in (directory, *directory.iterdir()):
        os.chown(each, 65534, 65534)
    os.setgid(65534); os.setuid(65534)
url = f"sqlite:///{directory}/tipoff.db"
writer = JournalWriter(url, "evening")
from engine.facts import Noted
from persistence.queries import Recorded
facts = [Recorded(seq, 1, 0, "t", Noted("s", "k", "1", seq)) for seq in (1, 2, 3)]
writer.append(facts[:1])
writer.close()
for each in directory.iterdir():
    each.chmod(0o444)
directory.chmod(0o555)
attempt(lambda: JournalWriter(url, "evening"))
attempt(lambda: JournalWriter(f"sqlite:///{directory}/other.db", "evening"))
directory.chmod(0o755)
attempt(lambda: Reader.open(url))
for each in directory.iterdir():
    each.chmod(0o644)
writer = JournalWriter(url, "evening")
writer._live().exec_driver_sql("PRAGMA query_only=ON")
attempt(lambda: writer.append(facts[1:2]))
attempt(lambda: writer.append(facts[1:]))
"""


def test_what_may_not_be_written_is_said_at_the_start_and_while_running(file: Path) -> None:
    """D5: a read-only directory or file at the start; at run time the append fails and may be repeated."""
    place = Path(tempfile.mkdtemp(prefix="tipoff-readonly-"))
    try:
        shutil.copy(file, place / "tipoff.db")
        finished = in_a_process(READ_ONLY, str(place))
        assert finished.stdout.split() == [
            "StorageReadOnly", "SchemaOlder", "worked", "StorageReadOnly", "worked",
        ], finished.stderr[-2000:]  # fmt: skip
    finally:
        place.chmod(0o755)
        shutil.rmtree(place)


def test_a_long_reader_lets_the_log_grow_and_that_can_be_seen(
    lite: str, opened: Opened, make_evening: Callable[[int], list[Any]]
) -> None:
    """D16: checkpoint starvation; the log shrinks when the reader is gone."""
    evening = make_evening(60)
    writer = opened(lite, options=PATIENCE)
    log = Path(f"{connect.file_of(lite)}-wal")
    writer.append(evening[:10])
    assert writer.checkpoint()
    with connect.reading(lite) as reader:
        reader.exec_driver_sql("SELECT count(*) FROM journal").all()
        writer.append(evening[10:])
        assert not writer.checkpoint()
        assert log.stat().st_size > 100_000
    assert writer.checkpoint()
    assert log.stat().st_size == 0


@pytest.mark.parametrize("deed", ["deleted", "replaced"])
def test_a_file_taken_away_while_running_halts_the_writer(
    lite: str, file: Path, opened: Opened, small_evening: list[Any], deed: str
) -> None:
    """D18."""
    writer = opened(lite)
    writer.append(small_evening[:10])
    for each in file.parent.glob("tipoff.db*"):
        each.unlink()
    if deed == "replaced":
        schema_upgrade.create(lite)
    for _ in range(2):
        with pytest.raises((StorageGone, StorageCorrupt, StorageError), match=r"tipoff\.db"):
            writer.append(small_evening[10:])
    assert writer.seq == 10


@pytest.mark.postgres
def test_a_connection_that_the_server_ends_is_made_anew(
    served: str, opened: Opened, small_evening: list[Any]
) -> None:
    """D19: a restart of the server, or its timeout for idle transactions."""
    writer = opened(served)
    writer.append(small_evening[:10])
    process = writer._live().exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    with psycopg.connect("postgresql://root@127.0.0.1:5432/test", autocommit=True) as operator:
        operator.execute("SELECT pg_terminate_backend(%s)", [process])
    with pytest.raises(StorageUnreachable):
        writer.append(small_evening[10:])
    assert writer.append(small_evening[10:]) == len(small_evening)
    assert verify(served).sound


@pytest.mark.postgres
def test_a_second_writer_of_a_server_waits_and_is_refused(
    served: str, opened: Opened, small_evening: list[Any]
) -> None:
    """D14 on PostgreSQL: one writer at a time for a schema."""
    first = opened(served)
    with pytest.raises(StorageBusy):
        JournalWriter(served, "other", PATIENCE)
    first.append(small_evening)
    first.close()
    JournalWriter(served, "other", PATIENCE).close()
