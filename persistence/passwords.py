"""Passwords of a database server: kept out of addresses, read from a file at each connection, never shown.

An address names the file, as `?password_file=FILE`; only the driver is handed what is in it. So an address
may be logged, passed on and kept, and a password that is changed in its file is used at the next connection.
Used by `persistence.connect`.
"""

from pathlib import Path
from typing import Final

from sqlalchemy import make_url
from sqlalchemy.engine import URL

from persistence.errors import StorageUnreachable

PASSWORD_FILE: Final = "password_file"  # noqa: S105 - the name of a name
HIDDEN: Final = "hidden"
PASSWORD_BYTES_MAX: Final = 4_096
SECRET_WORD: Final = "password"  # noqa: S105
"""Whatever has this in its name in an address's query is a secret (libpq: password, sslpassword)."""


def with_password_file(url: str, file: Path) -> str:
    """The address of a server, naming the file with its password; other addresses stay as they are."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "postgresql":
        return url
    return parsed.update_query_dict({PASSWORD_FILE: str(file)}).render_as_string(hide_password=False)


def parted(parsed: URL) -> tuple[URL, Path | None]:
    """The address as the driver knows it, and the file with the password, if it names one."""
    file = parsed.query.get(PASSWORD_FILE)
    if not isinstance(file, str):
        return parsed, None
    return parsed.difference_update_query([PASSWORD_FILE]), Path(file)


def shown(parsed: URL) -> str:
    """The address for people: without a password, wherever it was written."""
    hidden = {name: HIDDEN for name in parsed.query if SECRET_WORD in name.lower() and name != PASSWORD_FILE}
    bare = parsed.difference_update_query([PASSWORD_FILE]).update_query_dict(hidden)
    return bare.render_as_string(hide_password=True)


def read_password(file: Path, place: str) -> str:
    """What the file holds, without its line's end. Raises StorageUnreachable if that is no password."""
    remedy = "write the password into the file, alone, readable by the daemon's user only (chmod 600)"
    try:
        with file.open("rb") as opened:
            # One byte more than allowed, so that a wrong file (a device, a log) is found without being read
            # whole.
            content = opened.read(PASSWORD_BYTES_MAX + 1)
        password = content.decode("utf-8").rstrip("\r\n")
    except OSError as error:
        raise StorageUnreachable(
            f"its password file {file} cannot be read: {error.strerror}", place, remedy
        ) from error
    except UnicodeDecodeError:
        # Not chained: that exception holds the bytes.
        raise StorageUnreachable(f"its password file {file} is not UTF-8 text", place, remedy) from None
    if len(content) > PASSWORD_BYTES_MAX:
        what = f"its password file {file} has more than {PASSWORD_BYTES_MAX} bytes"
        raise StorageUnreachable(what, place, remedy)
    if not password:
        raise StorageUnreachable(f"its password file {file} is empty", place, remedy)
    return password
