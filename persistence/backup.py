"""A copy of a working database, and the way back: `tipoff db backup` and `tipoff db restore`.

SQLite's own online copy reads one consistent moment without holding the writer up; the copy is verified, gets
a mark of its own and only then its name, so a file with that name is always a good backup.
"""

import os
import sqlite3
from pathlib import Path

import attrs
from sqlalchemy import select

from persistence import connect, high_water_mark
from persistence.errors import StorageBusy, StorageCorrupt, StorageError, StorageReadOnly, sorted_error
from persistence.tables import journal, runs
from persistence.verification import Told, Verification, nobody_is_told, verify


@attrs.frozen
class BackedUp:
    """A finished copy and what verifying it said."""

    target: Path
    size_bytes: int
    verification: Verification


def backup(url: str, target: Path, told: Told = nobody_is_told) -> BackedUp:
    """Copy a SQLite database to a file that must not exist yet.

    Raises StorageError for PostgreSQL (its own tools do that better), StorageReadOnly if the target exists,
    StorageCorrupt if the copy is not sound; then nothing is left behind.
    """
    source = connect.file_of(url)
    if source is None:
        raise StorageError("only a SQLite file is copied", connect.where(url), "use pg_dump for PostgreSQL")
    if target.exists():
        raise StorageReadOnly("it exists already", str(target), "name a new file")
    # Under another name until it is verified: a backup job that is killed must not leave something that looks
    # done.
    partial = target.with_name(target.name + ".partial")
    try:
        _copy(url, partial)
        _set_high_water_mark(partial)
        verification = verify(f"sqlite:///{partial}", told)
        if not verification.sound:
            first = verification.problems[0]
            what = f"the copy is not sound: {first.where}: {first.what}"
            raise StorageCorrupt(what, str(source), "run `tipoff db verify` on the database itself")
        _name(partial, target)
    finally:
        for leftover in _family(partial):
            leftover.unlink(missing_ok=True)
    return BackedUp(target, target.stat().st_size, verification)


def restore(backup_file: Path, url: str, told: Told = nobody_is_told) -> Verification:
    """Put a backup in the place of a database that is not there any more. Raises StorageBusy if it still
    is.
    """
    target = connect.file_of(url)
    if target is None:
        raise StorageError(
            "only a SQLite file is restored", connect.where(url), "use pg_restore for PostgreSQL"
        )
    # A log left over from the old database would be applied to the restored one.
    present = [each for each in _family(target) if each.exists()]
    if present:
        remedy = "move the old files away first; they are not overwritten"
        raise StorageBusy(f"{present[0].name} is still there", str(target), remedy)
    return backup(f"sqlite:///{backup_file}", target, told).verification


def _copy(url: str, partial: Path) -> None:
    for leftover in _family(partial):
        leftover.unlink(missing_ok=True)
    with connect.reading(url) as connection:
        connect.check_revision(connect.revision(connection), connect.where(url))
        connection.rollback()
        source = connection.connection.driver_connection
        assert isinstance(source, sqlite3.Connection)  # noqa: S101 - the address was one of SQLite
        try:
            connect.make_file(partial)
            copy = sqlite3.connect(partial)
        except (sqlite3.Error, OSError) as error:
            raise sorted_error(error, str(partial)) from error
        try:
            # All pages in one step: in a write-ahead log a reader does not keep the writer waiting, and a
            # copy in many steps begins anew whenever the writer commits.
            source.backup(copy, pages=-1)
            # A backup is one file: with a log beside it somebody would move the database and leave the log
            # behind.
            copy.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.Error as error:
            raise sorted_error(error, str(partial)) from error
        finally:
            copy.close()


def _set_high_water_mark(file: Path) -> None:
    with connect.reading(f"sqlite:///{file}") as connection:
        newest = (
            select(runs.c.run, journal.c.seq, journal.c.chain)
            .join(runs, runs.c.id == journal.c.run)
            .order_by(journal.c.run.desc(), journal.c.seq.desc())
            .limit(1)
        )
        found = connection.execute(newest).first()
    if found is not None:
        made = high_water_mark.MarkFile(high_water_mark.path_of(file), synced=True)
        made.set(found[0], found[1], bytes(found[2]))
        made.close()


def _name(partial: Path, target: Path) -> None:
    """Give the finished files their names; the database last, for its name is the promise."""
    try:
        with partial.open("rb+") as copied:
            os.fsync(copied.fileno())
        if high_water_mark.path_of(partial).exists():
            # The mark first: a database without its mark would pass for one that never had one.
            high_water_mark.path_of(partial).rename(high_water_mark.path_of(target))
        partial.rename(target)
        # A rename is durable only when the directory is.
        directory = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(directory)
        os.close(directory)
    except OSError as error:
        raise sorted_error(error, str(target)) from error


def _family(file: Path) -> list[Path]:
    """A database's file and what lies beside it."""
    return [file, *(file.with_name(file.name + ending) for ending in ("-wal", "-shm", ".mark"))]
