"""Bringing a database to the schema that this program works with.

Called by `persistence.maintenance` for the command line and by whoever starts on a new file. The migrations
are found by their folder and run by alembic; nothing here imports them.
"""

from functools import cache
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

import persistence.market_tables
import persistence.triggers  # noqa: F401 - completes the tables' creation
from persistence import high_water_mark
from persistence.connect import Access, file_of, make_engine, revision, sorted_errors, where
from persistence.errors import RESTORE, SchemaNewer, StorageCorrupt, StorageForeign, StorageGone
from persistence.tables import APPLICATION_ID, REVISIONS, metadata


def _migrations(home: Path) -> Path:
    """The folder of the migrations: within this package once installed, beside it in the repository."""
    inside = home / "migrations"
    return inside if inside.is_dir() else home.parent / "migrations"


MIGRATIONS: Final = _migrations(Path(__file__).resolve().parent)


def alembic_config(url: str) -> Config:
    """What alembic needs to know, for our migrations on this database."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["url"] = url
    return config


def found_revision(url: str) -> str | None:
    """The schema revision of a database; None for a new one. Raises StorageForeign and what opening
    raises.
    """
    file = file_of(url)
    if file is not None and not file.exists():
        return None
    with sorted_errors(url):
        # Only looking: opening for writing would already change the header of a file that is not ours.
        engine = make_engine(url, Access.READ)
        with engine.connect() as connection:
            found = revision(connection)
        engine.dispose()
    return found


def upgrade(url: str, target: str = "head") -> tuple[str | None, str]:
    """Bring a database to `target` in one transaction, making the file if need be; returns before and after.

    Raises SchemaNewer, StorageForeign, StorageCorrupt (the mark says that a journal was here) and what
    opening raises.
    """
    check_not_lost(url)
    before = found_revision(url)
    # Asked before alembic is: it would only say that it cannot find the revision.
    if before is not None and before not in REVISIONS:
        what = f"its schema is {before}, this program knows up to {REVISIONS[-1]}"
        raise SchemaNewer(what, where(url), "use the newer program")
    with sorted_errors(url):
        command.upgrade(alembic_config(url), target)
    return before, REVISIONS[-1] if target == "head" else target


def check_not_lost(url: str) -> None:
    """Raise StorageCorrupt if a mark remembers a journal where there is no database any more."""
    file = file_of(url)
    if file is None:
        return
    if not file.parent.is_dir():
        raise StorageGone("its directory does not exist", str(file), "make the directory or name another one")
    known = high_water_mark.read(high_water_mark.path_of(file))
    # An empty database beside a mark looks like a first start and is a loss.
    if known is not None and found_revision(url) is None:
        what = f"run {known.run} had come to entry {known.seq}, and the database is empty or missing"
        remedy = f"{RESTORE}; if it was removed on purpose, remove {high_water_mark.path_of(file)} too"
        raise StorageCorrupt(what, str(file), remedy)


def create(url: str) -> None:
    """Make all tables at once in an empty database; the same schema as by the migrations (held by a test)."""
    with sorted_errors(url):
        engine = make_engine(url, Access.CREATE)
        with engine.connect() as connection:
            create_in(connection)
        engine.dispose()


def create_in(connection: Connection) -> None:
    """Make all tables on an open connection and commit."""
    metadata.create_all(connection)
    connection.exec_driver_sql(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
        "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{REVISIONS[-1]}')")  # noqa: S608
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.commit()


def trust(connection: Connection, place: str) -> None:
    """Compare the schema of a SQLite database with ours and, if they are the same, let its checks run.

    Raises StorageForeign naming the first table, index or trigger that is missing, changed or not ours.
    """
    if connection.dialect.name != "sqlite":
        return
    for name, state in differences(connection):
        remedy = "somebody altered this database by hand: restore a backup, or its schema"
        raise StorageForeign(f"{name} is {state}", place, remedy)
    # Has no effect inside a transaction that has begun to write, so it goes past SQLAlchemy's transactions.
    connection.connection.cursor().execute("PRAGMA trusted_schema=ON")


def differences(connection: Connection) -> list[tuple[str, str]]:
    """Tables, indexes and triggers of a SQLite database that are not as we make them: their names and how."""
    if connection.dialect.name != "sqlite":
        return []
    found = _objects(connection)
    expected = _expected_objects()
    return [
        (name, "missing" if name not in found else "not ours" if name not in expected else "changed")
        for name in sorted(expected.keys() | found.keys())
        if found.get(name) != expected.get(name)
    ]


@cache
def _expected_objects() -> dict[str, list[str]]:
    engine = make_engine("sqlite://", Access.CREATE)
    with engine.begin() as connection:
        metadata.create_all(connection)
        expected = _objects(connection)
    engine.dispose()
    return expected


def _objects(connection: Connection) -> dict[str, list[str]]:
    rows = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master "
        "WHERE sql IS NOT NULL AND name NOT IN ('alembic_version', 'sqlite_sequence')"
    )
    # A rebuilt table has its name in quotes, and the order of constraints is nobody's business.
    return {
        name: sorted(" ".join(part.split()) for part in sql.replace('"', "").split(",")) for name, sql in rows
    }
