"""The socket's file: its mode and owner, a leftover or a live one at its path, and the peer's credentials.

Used by the control server and by the client. A file that a crash left behind is replaced; one that somebody
listens on, a symlink or anything else is refused.
"""

import contextlib
import os
import socket
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

PATH_BYTES_MAX = 107
"""Linux: `sun_path` of sockaddr_un has 108 bytes, the zero at the end included."""

BACKLOG = 64
OWNER_ONLY, OWNER_AND_GROUP = 0o600, 0o660
_CREDENTIALS = struct.Struct("3i")


class SocketRefused(Exception):
    """The socket cannot be had at this path; the sentence says why and what to do."""


@attrs.frozen
class Peer:
    """The credentials of the connected process, from the kernel."""

    pid: int
    uid: int
    gid: int


def peer_of(connected: socket.socket) -> Peer:
    """The process that connected."""
    # The kernel notes them at connect(2): who hands the socket on, or changes its user later, stays who it
    # was.
    raw = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return Peer(*_CREDENTIALS.unpack(raw))


def check_length(path: Path) -> None:
    """Raise SocketRefused for a path that the kernel would cut."""
    length = len(os.fsencode(path))
    if length > PATH_BYTES_MAX:
        raise SocketRefused(f"{path}: {length} bytes; a socket's path has at most {PATH_BYTES_MAX}")


@contextmanager
def listening(path: Path, gid: int | None) -> Iterator[socket.socket]:
    """A listening socket at `path`, mode 0600, or 0660 for the group `gid`; its file goes with it.

    Raises SocketRefused, or OSError if the folder cannot be written.
    """
    check_length(path)
    _make_room(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        before = os.umask(0o777 & ~OWNER_ONLY)
        try:
            listener.bind(os.fspath(path))
        finally:
            os.umask(before)
        if gid is not None:
            _give(path, gid)
        identity = _identity(path)
        listener.setblocking(False)
        # Nobody can connect before this, so nobody has seen the file with another mode.
        listener.listen(BACKLOG)
        try:
            yield listener
        finally:
            # Somebody may have removed the file and another daemon made a new one at this path: that one is
            # not ours.
            if _identity(path) == identity:
                path.unlink()
    finally:
        listener.close()


def _give(path: Path, gid: int) -> None:
    try:
        os.chown(path, -1, gid)
    except PermissionError as error:
        path.unlink()
        message = (
            f"{path} cannot be given to the group {gid} of control.group: {error.strerror}; whoever runs the"
            " daemon must be in that group, and its unit must allow chown"
        )
        raise SocketRefused(message) from error
    path.chmod(OWNER_AND_GROUP)


def _make_room(path: Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISLNK(found.st_mode):
        raise SocketRefused(f"{path} is a symlink; remove it, or name another path in control.socket")
    if not stat.S_ISSOCK(found.st_mode):
        raise SocketRefused(f"{path} is no socket; remove it, or name another path in control.socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
        # A connect to a Unix socket whose backlog is full blocks.
        trial.settimeout(1.0)
        try:
            trial.connect(os.fspath(path))
        except (ConnectionRefusedError, FileNotFoundError):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            return
        except OSError as error:
            raise SocketRefused(f"{path} cannot be tried: {error.strerror or error}") from None
        holder = peer_of(trial)
    raise SocketRefused(f"{path} is in use by process {holder.pid}; stop that daemon first")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
