"""One daemon for one state directory: a file lock that the kernel releases however its holder ends.

Taken by the daemon before anything else is opened. The file stays; what counts is the lock on it.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from persistence.errors import StorageBusy, sorted_error

NAME: Final = "tipoff.lock"


class DirectoryLock:
    """The right to write into a state directory. Give it back with `release` or by leaving the context."""

    def __init__(self, directory: Path) -> None:
        """Take the lock at once or raise StorageBusy naming the holder's process."""
        self.path = directory / NAME
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise sorted_error(error, str(self.path)) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._file, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(self._file)
            what = f"process {holder} works in this directory"
            raise StorageBusy(
                what, str(directory), f"stop process {holder}, or name another directory"
            ) from error
        try:
            # Only after the lock is ours: before that the number in the file is the holder's.
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            os.close(self._file)
            raise sorted_error(error, str(self.path)) from error

    def release(self) -> None:
        """Let the next one in."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
