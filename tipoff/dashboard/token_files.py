"""The dashboard's tokens: made at a start, kept in the state directory for whoever may read that.

Used by whoever starts a dashboard and by `tipoff dashboard`, which prints the address of the one that runs.
New at each start; a start that goes on after a crash takes those that lie there, so that a page that is open
comes back by itself.
"""

import os
import re
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tipoff.dashboard.access import Right, Tokens
from tipoff.output import Failure

TOKEN_BYTES: Final = 32
"""Random bytes of a token; it is written in letters that an address may hold."""

FILES: Final[Mapping[Right, str]] = {
    Right.OPERATE: "dashboard-operate.token",
    Right.READ: "dashboard-read.token",
}
"""Where each token is, in the state directory."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43,128}")


def make_tokens(directory: Path, operate_file: Path | None = None) -> Tokens:
    """Tokens for a start in this state directory; the one that operates may be somebody's own.

    Raises Failure if the own one is none, OSError if the files cannot be written.
    """
    if operate_file is None:
        tokens = read_tokens(directory) or new_tokens()
        _write(directory / FILES[Right.OPERATE], tokens.operate)
    else:
        # Of somebody's own secret no copy is made.
        (directory / FILES[Right.OPERATE]).unlink(missing_ok=True)
        left = _read(directory / FILES[Right.READ]) or new_tokens().read
        tokens = Tokens(_own(operate_file), left)
    _write(directory / FILES[Right.READ], tokens.read)
    return tokens


def new_tokens() -> Tokens:
    """Tokens for a server that somebody started by hand, known to nobody else."""
    return Tokens(secrets.token_urlsafe(TOKEN_BYTES), secrets.token_urlsafe(TOKEN_BYTES))


def read_tokens(directory: Path, operate_file: Path | None = None) -> Tokens | None:
    """The tokens that lie there, if both do, are ours and can be read by nobody else.

    Raises Failure, OSError as `make_tokens` does.
    """
    operate = _own(operate_file) if operate_file is not None else _read(directory / FILES[Right.OPERATE])
    read = _read(directory / FILES[Right.READ])
    return Tokens(operate, read) if operate and read else None


def forget_tokens(directory: Path) -> None:
    """After an end in good order: the next start makes new ones."""
    for name in FILES.values():
        (directory / name).unlink(missing_ok=True)


def address_of(host: str, port: int, token: str) -> str:
    """Where a browser goes. The token stands behind the #, which no browser sends anywhere."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/#t={token}"


def _own(path: Path) -> str:
    token = path.read_text("utf-8").strip()
    if not _TOKEN.fullmatch(token):
        why = f"{path}: a token is 43 to 128 letters, digits, - and _; for example of `openssl rand -hex 32`"
        raise Failure("token", why)
    return token


def _read(path: Path) -> str | None:
    try:
        with path.open("r", encoding="utf-8") as file:
            status = os.fstat(file.fileno())
            token = file.read(256).strip()
    except (OSError, ValueError):
        return None
    private = stat.S_ISREG(status.st_mode) and not status.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    return token if private and status.st_uid == os.geteuid() and _TOKEN.fullmatch(token) else None


def _write(path: Path, token: str) -> None:
    """Never readable by others, not even for a moment, and never through a link that somebody laid."""
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "w") as file:
        file.write(token + "\n")
    beside.replace(path)
