"""The storage errors, sorted by what must be done about them.

The one place where drivers' exceptions are interpreted. Everything in `persistence` raises these and nothing
else of its own; the journal's actor stops orders on any of them and goes on when an append succeeds again.
"""

import errno
import sqlite3
from collections.abc import Callable
from typing import Final

from sqlalchemy.exc import DBAPIError


class StorageError(Exception):
    """Something durable could not be read or written: `what` happened, `where`, and `remedy`, what to do
    about it.

    `kind` is a stable word for metrics and messages; `lasting` says that waiting will not mend it.
    """

    kind = "storage"
    lasting = False

    def __init__(self, what: str, where: str, remedy: str) -> None:
        super().__init__(f"{where}: {what}; {remedy}")
        self.what = what
        self.where = where
        self.remedy = remedy


class StorageFull(StorageError):
    """The disk, the quota or the file size limit is reached: nothing was written. Goes away when space
    returns.
    """

    kind = "full"


class StorageBusy(StorageError):
    """Somebody else holds the database or the state directory longer than we wait."""

    kind = "busy"


class StorageReadOnly(StorageError):
    """The file or its directory cannot be written."""

    kind = "read_only"


class StorageUnreachable(StorageError):
    """The database cannot be opened or reached; a server may come back."""

    kind = "unreachable"


class StorageGone(StorageError):
    """The file vanished or was replaced under a running process: what is written now would be lost."""

    kind = "gone"
    lasting = True


class StorageCorrupt(StorageError):
    """What is stored is not what was written: a damaged page, a broken chain, a lost tail."""

    kind = "corrupt"
    lasting = True


class StorageForeign(StorageError):
    """This is not one of our databases, or it belongs to another program."""

    kind = "foreign"
    lasting = True


class SchemaNewer(StorageError):
    """The database was written by a newer version of the program."""

    kind = "schema_newer"
    lasting = True


class SchemaOlder(StorageError):
    """The database needs `tipoff db upgrade` first."""

    kind = "schema_older"
    lasting = True


class JournalGap(StorageError):
    """Facts came out of sequence: a mistake of the program, nothing was written."""

    kind = "gap"
    lasting = True


class JournalDiffers(StorageError):
    """A replay decided something else than what the journal holds; names the first difference."""

    kind = "differs"
    lasting = True


class LedgerImbalanced(StorageError):
    """A ledger entry whose postings do not sum to zero: a mistake of the program, nothing was written."""

    kind = "imbalanced"
    lasting = True


class FactUnstorable(StorageError):
    """A fact that has no exact text: a number beyond 64 bits or a broken character."""

    kind = "unstorable"
    lasting = True


class FactRefused(StorageError):
    """The database's own rules refuse a row, such as a fill id that exists already: a mistake of the
    program.
    """

    kind = "refused"
    lasting = True


FREE_SPACE: Final = "free some space, trading goes on by itself"
RESTORE: Final = "do not trade on it: keep the files, restore the last backup, then run `tipoff db verify`"
MEND: Final = "mend the actor that made it"
OTHER_HOLDER: Final = "stop the other program that holds it"
ALLOW_WRITING: Final = "give the daemon's user write permission to the file and its directory"

_SQLITE: Final[dict[int, tuple[type[StorageError], str]]] = {
    sqlite3.SQLITE_FULL: (StorageFull, FREE_SPACE),
    sqlite3.SQLITE_BUSY: (StorageBusy, OTHER_HOLDER),
    sqlite3.SQLITE_LOCKED: (StorageBusy, OTHER_HOLDER),
    sqlite3.SQLITE_READONLY: (StorageReadOnly, ALLOW_WRITING),
    sqlite3.SQLITE_PERM: (StorageReadOnly, ALLOW_WRITING),
    sqlite3.SQLITE_CANTOPEN: (
        StorageUnreachable,
        "check that it exists and is permitted; the first run makes it",
    ),
    sqlite3.SQLITE_CONSTRAINT: (FactRefused, MEND),
    sqlite3.SQLITE_CORRUPT: (StorageCorrupt, RESTORE),
    sqlite3.SQLITE_NOTADB: (
        StorageForeign,
        "name another file: this one is not a database, or its header is damaged",
    ),
}
"""By primary result code of SQLite (https://sqlite.org/rescode.html)."""

_FULL_IO: Final = {sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_TRUNCATE}
"""Write errors of the file system: a file size limit shows itself so, a full disk does when it is noticed
late."""

_POSTGRES: Final[dict[str, tuple[type[StorageError], str]]] = {
    "08": (StorageUnreachable, "check that the server runs and can be reached"),
    "28": (StorageUnreachable, "check the user name in the database's URL and the password in its file"),
    "3D": (StorageUnreachable, "create the database that the URL names"),
    "53": (StorageFull, FREE_SPACE),
    "55": (StorageBusy, OTHER_HOLDER),
    # Class 57 is operator intervention: an administrator or a restart of the server ended the session.
    "57": (StorageUnreachable, "the server ended the connection; it is opened anew at the next attempt"),
    "22": (FactRefused, MEND),
    "23": (FactRefused, MEND),
    "25": (StorageReadOnly, "the server or the session is read-only"),
    "42": (StorageForeign, "this schema is not ours or not complete: run `tipoff db upgrade`"),
    "XX": (StorageCorrupt, RESTORE),
}
"""By class of SQLSTATE (PostgreSQL manual, appendix A)."""


DRIVERS: Final = frozenset({"alembic", "encodings", "psycopg", "psycopg_binary", "psycopg_c", "sqlalchemy"})
"""Packages in which an exception of any kind is a database's; in `encodings` a codec of Python gives up."""

_NO_STATE: Final = object()


def of_driver(error: Exception) -> bool:
    """Whether an exception comes from a database's driver or from the system.

    A driver also lets out exceptions of Python itself, such as a UnicodeEncodeError for a text that the
    connection cannot carry. They are known by where they were raised; a mistake of our own is not one.
    """
    if isinstance(error, StorageError):
        return False
    if isinstance(error, DBAPIError | sqlite3.Error | OSError | OverflowError):
        return True
    return getattr(error, "sqlstate", _NO_STATE) is not _NO_STATE or _raised_in(error) in DRIVERS


def _raised_in(error: BaseException) -> str:
    """The package whose code raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0]


def sorted_error(error: Exception, where: str) -> StorageError:
    """Translate a driver's or the system's exception; unknown ones become a plain StorageError that quotes
    them.
    """
    cause: BaseException | None = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, StorageError):
        return cause
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(cause, where)
    state = getattr(cause, "sqlstate", _NO_STATE)
    if state is not _NO_STATE:
        # PostgreSQL's driver is an extra that need not be installed, so its errors are known by what they
        # carry.
        return _of_postgres(str(cause).strip() or type(cause).__name__, state, where)
    if isinstance(cause, UnicodeError):
        return FactUnstorable(f"a text that the database cannot hold ({cause})", where, MEND)
    if isinstance(cause, OverflowError):
        return FactUnstorable(f"a number beyond 64 bits ({cause})", where, MEND)
    if isinstance(cause, OSError):
        return _of_system(cause, where)
    return StorageError(f"{type(error).__name__}: {error}", where, "read the log, then `tipoff db verify`")


def _of_sqlite(error: sqlite3.Error, where: str) -> StorageError:
    code = getattr(error, "sqlite_errorcode", None)
    if not isinstance(code, int):
        return StorageError(str(error), where, "read the log, then `tipoff db verify`")
    if code in _FULL_IO:
        return StorageFull(f"{error} (write refused by the file system)", where, FREE_SPACE)
    # Extended result codes carry the primary one in their lowest byte.
    kind, remedy = _SQLITE.get(code & 0xFF, (StorageError, "read the log, then `tipoff db verify`"))
    return kind(str(error), where, remedy)


def _of_postgres(text: str, state: object, where: str) -> StorageError:
    line = text.splitlines()[0]
    if not isinstance(state, str):
        # A connection that breaks or cannot be made has no state: the client noticed, not the server.
        return StorageUnreachable(line, where, "check that the server runs and can be reached")
    kind, remedy = _POSTGRES.get(state[:2], (StorageError, "read the log, then `tipoff db verify`"))
    return kind(line, where, remedy)


def _of_system(error: OSError, where: str) -> StorageError:
    text = error.strerror or str(error)
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
            return StorageFull(text, where, FREE_SPACE)
        case errno.EROFS | errno.EACCES | errno.EPERM:
            return StorageReadOnly(text, where, ALLOW_WRITING)
        case errno.ENOENT:
            return StorageGone(text, where, "restore the state directory, then start again")
        case _:
            return StorageError(text, where, "check the disk")


class Sorted:
    """Around every use of the database: clean up after any exception, and let only storage errors out."""

    def __init__(self, place: str, fail: Callable[[], None]) -> None:
        self._place = place
        self._fail = fail

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            return
        # First, and after any exception at all: also a cancelled or interrupted append leaves a connection in
        # an unknown state.
        self._fail()
        if isinstance(error, Exception) and of_driver(error):
            raise sorted_error(error, self._place) from error
