"""How a database is opened: the address, the settings of every connection, and what is checked first.

Used by the writer, the readers, maintenance and the migrations. Writers begin with BEGIN IMMEDIATE, so a
transaction either has the write lock from its first statement or waits for it. Every
setting of SQLite is read back.
"""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Final

import attrs
from sqlalchemy import Connection, Dialect, Engine, StaticPool, create_engine, event, inspect, make_url
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import NullPool

from persistence import high_water_mark
from persistence.errors import (
    RESTORE,
    SchemaNewer,
    SchemaOlder,
    StorageCorrupt,
    StorageError,
    StorageForeign,
    StorageUnreachable,
    of_driver,
    sorted_error,
)
from persistence.passwords import parted, read_password, shown
from persistence.tables import APPLICATION_ID, REVISIONS

BUSY_TIMEOUT_MS: Final = 5_000
WAL_AUTOCHECKPOINT_PAGES: Final = 4_000
"""16 MiB of log between checkpoints that a commit must wait for; the writer empties it earlier when it is
idle."""

JOURNAL_SIZE_LIMIT_BYTES: Final = 64 * 1024 * 1024
STATEMENT_TIMEOUT_MS: Final = 30_000

OWNER_ONLY: Final = 0o600
"""The mode of every file that holds what was decided: it is nobody's business but the daemon's user's."""

UTF8_WANTED: Final = "make one with: CREATE DATABASE tipoff ENCODING 'UTF8' TEMPLATE template0"


class Durability(Enum):
    """What a commit waits for: FULL for the disk, RELAXED for the operating system only.

    With RELAXED a power cut may take the last commits, so it is meant for replays, whose source is the
    recording. A kill of the process loses nothing in either.
    """

    FULL = "full"
    RELAXED = "relaxed"


class Access(Enum):
    """What a connection may do: READ changes nothing, WRITE may write, CREATE may make the file."""

    READ = "ro"
    WRITE = "rw"
    CREATE = "rwc"


@attrs.frozen
class Settings:
    """How long to wait and what a commit waits for."""

    durability: Durability = Durability.FULL
    busy_timeout_ms: int = BUSY_TIMEOUT_MS


DEFAULTS: Final = Settings()


def pragmas(settings: Settings, access: Access) -> dict[str, tuple[str, object]]:
    """Every setting of a SQLite connection: what is set and what must be read back.

    The schema is not trusted, but by whoever makes it: SQLite up to 3.40 refuses our JSON checks otherwise.
    The writer trusts it too once `persistence.schema_upgrade.trust` has compared it with ours word by word.
    """
    full = settings.durability is Durability.FULL
    return {
        "busy_timeout": (str(settings.busy_timeout_ms), settings.busy_timeout_ms),
        "journal_mode": ("WAL", "wal"),
        # In WAL mode NORMAL does not wait for the disk at a commit: a power cut could take back what was
        # announced.
        "synchronous": ("FULL", 2) if full else ("NORMAL", 1),
        "foreign_keys": ("ON", 1),
        "wal_autocheckpoint": (str(WAL_AUTOCHECKPOINT_PAGES), WAL_AUTOCHECKPOINT_PAGES),
        # Without a limit the log keeps the size of its largest moment for ever, even when it is empty.
        "journal_size_limit": (str(JOURNAL_SIZE_LIMIT_BYTES), JOURNAL_SIZE_LIMIT_BYTES),
        "trusted_schema": ("ON", 1) if access is Access.CREATE else ("OFF", 0),
        # Finds a damaged page when it is read instead of returning what happens to stand there.
        "cell_size_check": ("ON", 1),
    }


def address(url: str) -> URL:
    """The address with its driver: `sqlite:///FILE`, `sqlite://` (in memory) or `postgresql://…`."""
    try:
        parsed = make_url(url)
    except Exception as error:
        remedy = "write it as sqlite:///FILE or postgresql://USER@HOST/NAME"
        raise StorageUnreachable("this is not a database address", "database", remedy) from error
    match parsed.get_backend_name():
        case "sqlite":
            if parsed.host is not None or parsed.username is not None or parsed.port is not None:
                remedy = (
                    "write three strokes before a relative path, sqlite:///FILE, and four before an absolute"
                )
                raise StorageUnreachable(
                    f"sqlite://{parsed.host}/… names a server, and SQLite has none", "database", remedy
                )
            if parsed.query:
                remedy = "leave out the question mark and what stands behind it"
                raise StorageUnreachable("SQLite is told nothing beside its file", "database", remedy)
            return parsed.set(drivername="sqlite")
        case "postgresql":
            return parsed.set(drivername="postgresql+psycopg")
        case other:
            remedy = "use SQLite or PostgreSQL"
            raise StorageUnreachable(f"{other!r} is no database that we know", "database", remedy)


def file_of(url: str) -> Path | None:
    """The file of a SQLite address; None for a server and for memory."""
    parsed = address(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return None
    return Path(parsed.database)


def where(url: str) -> str:
    """The address for people: never with a password."""
    return str(file_of(url) or shown(address(url)))


def make_engine(url: str, access: Access, settings: Settings = DEFAULTS) -> Engine:
    """An engine with the house's settings. Connections are not pooled: each owner holds its own."""
    parsed = address(url)
    if parsed.get_backend_name() == "postgresql":
        return _postgres(parsed, access, settings)
    file = file_of(url)
    if file is None:
        # Each connection to memory is a database of its own, so there may be only one.
        engine = create_engine(parsed, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        if file.is_dir():
            raise StorageUnreachable("it is a directory", str(file), "name a file in it")
        # Who writes finds out by itself, and with a mark beside it there was one: then it is gone.
        if access is Access.READ and not file.exists() and not high_water_mark.path_of(file).exists():
            raise StorageUnreachable(
                "there is no database yet",
                str(file),
                "the first run makes it; another is named by --db sqlite:///FILE",
            )
        if access is Access.CREATE:
            make_file(file)
        query = {"mode": access.value, "uri": "true"}
        target = URL.create("sqlite", database=f"file:{_quoted(file)}", query=query)
        engine = create_engine(target, poolclass=NullPool, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _on_connect(file is None, access, settings))
    # A transaction that reads first and writes later fails at once if somebody wrote in between, whatever the
    # busy timeout says; one that begins IMMEDIATE waits.
    begin = "BEGIN" if access is Access.READ else "BEGIN IMMEDIATE"
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def make_file(file: Path) -> None:
    """Make an empty file for its owner only, if there is none; SQLite gives its log the same mode."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWNER_ONLY))


def _quoted(file: Path) -> str:
    # What a URI means by these characters is not what a file name means by them.
    return str(file.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _on_connect(
    memory: bool,  # noqa: FBT001
    access: Access,
    settings: Settings,
) -> Callable[[sqlite3.Connection, object], None]:
    wanted = pragmas(settings, access)
    if memory:
        # A database in memory has no write-ahead log.
        wanted["journal_mode"] = ("MEMORY", "memory")
        wanted["trusted_schema"] = ("ON", 1)

    def configure(connection: sqlite3.Connection, _record: object) -> None:
        # The driver's own transactions begin late and not for every statement; ours begin by hand.
        connection.isolation_level = None
        cursor = connection.cursor()
        for name, (value, _) in wanted.items():
            # A reader takes the file as it is.
            if access is not Access.READ or name != "journal_mode":
                cursor.execute(f"PRAGMA {name}={value}")
        if access is Access.READ:
            cursor.execute("PRAGMA query_only=ON")
        for name, (_, expected) in wanted.items():
            # SQLite ignores a setting that it cannot apply without a word (WAL on a network file system, for
            # example).
            actual = cursor.execute(f"PRAGMA {name}").fetchone()[0]
            if actual != expected and access is not Access.READ:
                raise StorageError(
                    f"the setting {name} is {actual!r} instead of {expected!r}",
                    "SQLite",
                    "use a local file system that supports shared memory",
                )
        cursor.close()

    return configure


def _postgres(named: URL, access: Access, settings: Settings) -> Engine:
    parsed, password_file = parted(named)
    synchronous = "on" if settings.durability is Durability.FULL else "off"
    options = [
        parsed.query.get("options", ""),
        f"-csynchronous_commit={synchronous}",
        f"-clock_timeout={settings.busy_timeout_ms}",
        f"-cstatement_timeout={STATEMENT_TIMEOUT_MS}",
        f"-cdefault_transaction_read_only={'on' if access is Access.READ else 'off'}",
    ]
    joined = " ".join(str(option) for option in options if option)
    engine = create_engine(
        parsed.update_query_dict({"options": joined}),
        poolclass=NullPool,
        connect_args={
            "connect_timeout": max(1, settings.busy_timeout_ms // 1000),
            # Neither the machine's locale nor PGCLIENTENCODING may decide what a text becomes on its way.
            "client_encoding": "UTF8",
        },
    )
    event.listen(engine, "do_connect", _connect_postgres(password_file, shown(named)))
    return engine


def _connect_postgres(password_file: Path | None, place: str) -> Callable[..., DBAPIConnection]:
    """Connect as SQLAlchemy would, and refuse a database that cannot hold every text.

    The password is read at each connection, since it may have changed. The encoding is checked before
    SQLAlchemy asks the server anything, because it cannot read the answers of a SQL_ASCII database.
    """

    def connect(
        dialect: Dialect, _record: object, args: Sequence[object], parameters: dict[str, object]
    ) -> DBAPIConnection:
        if password_file is not None:
            parameters["password"] = read_password(password_file, place)
        connection = dialect.connect(*args, **parameters)
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            connection.close()
            raise StorageForeign(f"its encoding is {encoding}, not UTF8", place, UTF8_WANTED)
        return connection

    return connect


@contextmanager
def sorted_errors(url: str) -> Iterator[None]:
    """Translate what the driver raises into the storage errors of `persistence.errors`."""
    try:
        yield
    except Exception as error:
        if not of_driver(error):
            raise
        raise sorted_error(error, where(url)) from error


@contextmanager
def reading(url: str) -> Iterator[Connection]:
    """A read-only connection in one transaction: everything seen belongs to the same moment."""
    with sorted_errors(url), one_moment(make_engine(url, Access.READ)) as connection:
        yield connection


def one_moment(engine: Engine) -> Connection:
    """A connection whose every answer belongs to the moment of the first."""
    if engine.dialect.name == "postgresql":
        # READ COMMITTED, the server's default, would show each statement another moment.
        return engine.connect().execution_options(isolation_level="REPEATABLE READ")
    return engine.connect()


def revision(connection: Connection) -> str | None:
    """The schema revision that a database says it has; None if it holds no tables at all.

    Raises StorageForeign if there are tables but none of ours.
    """
    tables = set(inspect(connection).get_table_names())
    number = None
    if "alembic_version" in tables:
        number = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one_or_none()
    # What a migration back to nothing leaves is an empty table of revisions.
    empty = number is None and tables <= {"alembic_version"}
    ours = number is not None
    if connection.dialect.name == "sqlite":
        identity = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
        ours &= identity == APPLICATION_ID
        empty &= identity in (0, APPLICATION_ID)
    if not ours and not empty:
        place = str(connection.engine.url.database).removeprefix("file:")
        remedy = "name another database: this one belongs to something else"
        raise StorageForeign("this is not one of our databases", place, remedy)
    return number


def check_revision(found: str | None, place: str) -> None:
    """Raise unless the schema is the one that this code works with; SchemaNewer and SchemaOlder name both."""
    ours = REVISIONS[-1]
    if found == ours:
        return
    # An unknown revision can only be newer: ours are all in the list.
    if found is not None and found not in REVISIONS:
        raise SchemaNewer(
            f"its schema is {found}, this program knows up to {ours}", place, "use the newer program"
        )
    was = f"its schema is {found}" if found else "it has no tables yet"
    raise SchemaOlder(f"{was}, this program needs {ours}", place, "run `tipoff db upgrade`")


def check_pages(connection: Connection, place: str) -> None:
    """SQLite's quick look at every page. Raises StorageCorrupt with what it says first."""
    if connection.dialect.name != "sqlite":
        return
    said = [str(line[0]) for line in connection.exec_driver_sql("PRAGMA quick_check(10)")]
    if said != ["ok"]:
        raise StorageCorrupt(f"damaged pages: {said[0]}", place, RESTORE)
