"""A database is opened with settings that are read back, and what is not ours is told apart."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from persistence import connect, errors, schema_upgrade
from persistence.backup import backup
from persistence.connect import Access, Durability, Settings
from persistence.errors import StorageError, StorageUnreachable, of_driver, sorted_error
from persistence.maintenance import verify
from persistence.writer import JournalWriter, Options

Opened = Callable[..., JournalWriter]
RELAXED = Options(settings=Settings(durability=Durability.RELAXED))


@pytest.mark.parametrize(("options", "synchronous"), [(Options(), 2), (RELAXED, 1)])
def test_the_writers_connection_has_every_setting(
    lite: str, opened: Opened, options: Options, synchronous: int
) -> None:
    connection = opened(lite, options=options)._live()

    def setting(name: str) -> object:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()

    assert setting("journal_mode") == "wal"
    assert setting("synchronous") == synchronous
    assert setting("foreign_keys") == 1
    assert setting("busy_timeout") == connect.BUSY_TIMEOUT_MS
    assert setting("wal_autocheckpoint") == connect.WAL_AUTOCHECKPOINT_PAGES
    assert setting("journal_size_limit") == connect.JOURNAL_SIZE_LIMIT_BYTES
    assert setting("cell_size_check") == 1
    # Trusted only because every table, index and trigger has been compared with ours.
    assert setting("trusted_schema") == 1


def test_a_readers_connection_trusts_nothing_and_changes_nothing(lite: str) -> None:
    with connect.reading(lite) as connection:
        assert connection.exec_driver_sql("PRAGMA trusted_schema").scalar_one() == 0
        assert connection.exec_driver_sql("PRAGMA query_only").scalar_one() == 1
    with pytest.raises(errors.StorageReadOnly), connect.reading(lite) as connection:
        connection.exec_driver_sql("DELETE FROM games")


def test_a_setting_that_is_not_taken_stops_the_opening(lite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = connect.pragmas(Settings(), Access.WRITE)
    monkeypatch.setattr(connect, "pragmas", lambda *_: {**wanted, "synchronous": ("OFF", 2)})
    with pytest.raises(StorageError, match="the setting synchronous is 0 instead of 2"):
        JournalWriter(lite, "evening")


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///a.db", "sqlite"),
        ("sqlite://", "sqlite"),
        ("postgresql://u@h/d", "postgresql+psycopg"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg"),
    ],
)
def test_an_address_names_its_driver(url: str, driver: str) -> None:
    assert connect.address(url).drivername == driver


@pytest.mark.parametrize("url", ["mysql://u@h/d", "tipoff.db", "", "sqlite:/x:y@z:q"])
def test_another_address_is_refused(url: str) -> None:
    with pytest.raises(StorageUnreachable, match=r"database"):
        connect.address(url)


def test_a_password_is_never_shown() -> None:
    assert "secret" not in connect.where("postgresql://u:secret@h/d")


@pytest.mark.parametrize("name", ["with space.db", "ha#sh.db", "per%20cent.db", "ümlaut.db"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    """In an address a percent sign is written as %25, as everywhere in addresses."""
    url = f"sqlite:///{tmp_path / name.replace('%', '%25')}"
    engine = connect.make_engine(url, Access.CREATE)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE a (b)")
    engine.dispose()
    assert connect.file_of(url) == tmp_path / name
    assert (tmp_path / name).exists()


def test_a_directory_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="nowhere"):
        JournalWriter(f"sqlite:///{tmp_path}/nowhere/tipoff.db", "evening")


def test_a_directory_is_no_database(tmp_path: Path) -> None:
    for attempt in (schema_upgrade.upgrade, verify, lambda url: JournalWriter(url, "evening")):
        with pytest.raises(StorageUnreachable, match="it is a directory; name a file in it"):
            attempt(f"sqlite:///{tmp_path}")


@pytest.mark.postgres
def test_a_server_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(StorageUnreachable, match="check that the server runs"):
        JournalWriter("postgresql://root@127.0.0.1:1/test", "evening")


CODES = [
    (sqlite3.SQLITE_FULL, errors.StorageFull),
    (sqlite3.SQLITE_IOERR_WRITE, errors.StorageFull),
    (sqlite3.SQLITE_BUSY, errors.StorageBusy),
    (sqlite3.SQLITE_BUSY_SNAPSHOT, errors.StorageBusy),
    (sqlite3.SQLITE_LOCKED, errors.StorageBusy),
    (sqlite3.SQLITE_READONLY, errors.StorageReadOnly),
    (sqlite3.SQLITE_READONLY_DIRECTORY, errors.StorageReadOnly),
    (sqlite3.SQLITE_CANTOPEN, errors.StorageUnreachable),
    (sqlite3.SQLITE_CORRUPT, errors.StorageCorrupt),
    (sqlite3.SQLITE_NOTADB, errors.StorageForeign),
    (sqlite3.SQLITE_CONSTRAINT_UNIQUE, errors.FactRefused),
    (sqlite3.SQLITE_IOERR_READ, StorageError),
]


@pytest.mark.parametrize(("code", "kind"), CODES)
def test_sqlites_codes_are_sorted(code: int, kind: type[StorageError]) -> None:
    error = sqlite3.OperationalError("said so")
    error.sqlite_errorcode = code
    found = sorted_error(error, "a.db")
    assert type(found) is kind
    assert found.where == "a.db"
    assert found.remedy


SYSTEM = [
    (28, errors.StorageFull),
    (122, errors.StorageFull),
    (27, errors.StorageFull),
    (30, errors.StorageReadOnly),
    (13, errors.StorageReadOnly),
    (2, errors.StorageGone),
    (5, StorageError),
]


@pytest.mark.parametrize(("number", "kind"), SYSTEM)
def test_the_systems_errors_are_sorted(number: int, kind: type[StorageError]) -> None:
    assert type(sorted_error(OSError(number, "said so"), "a.db")) is kind


class OfServer(Exception):
    """As a driver's: it says what the server said, or that it never got there."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__("said so")
        self.sqlstate = sqlstate


def test_what_comes_from_a_driver_is_known_by_what_it_carries_or_where_it_was_raised() -> None:
    for state in ("42P01", None):
        assert of_driver(OfServer(state))
    with pytest.raises(ArgumentError) as raised:
        make_url("no address")
    assert of_driver(raised.value)
    assert not of_driver(ValueError("ours"))


def test_every_kind_of_error_has_its_own_word() -> None:
    kinds = [
        each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, StorageError)
    ]
    assert len({each.kind for each in kinds}) == len(kinds)


@pytest.mark.promise("readable-by-owner-only")
@pytest.mark.parametrize("mask", [0o000, 0o022])
def test_what_is_made_is_readable_by_its_owner_only_whatever_the_mask(tmp_path: Path, mask: int) -> None:
    file, copy = tmp_path / "tipoff.db", tmp_path / "copies" / "copy.db"
    copy.parent.mkdir()
    before = os.umask(mask)
    try:
        schema_upgrade.upgrade(f"sqlite:///{file}")
        writer = JournalWriter(f"sqlite:///{file}", "run")
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("tipoff.db*")}
        writer.close()
        backup(f"sqlite:///{file}", copy)
    finally:
        os.umask(before)
    assert {"tipoff.db", "tipoff.db-wal", "tipoff.db-shm"} <= set(modes)
    assert set(modes.values()) == {0o600}
    assert {path.stat().st_mode & 0o777 for path in copy.parent.iterdir()} == {0o600}
