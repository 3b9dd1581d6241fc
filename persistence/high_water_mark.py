"""The high-water mark: a small file that says how far the journal of a SQLite database has come.

SQLite drops the end of its write-ahead log without a word when the log is torn, overwritten or deleted, and
its own checks then find nothing wrong. The writer sets the mark after every commit
and before anyone hears of it, so a journal that ends before its mark has lost something.
"""

import fcntl
import json
import os
import zlib
from pathlib import Path
from typing import Final

import attrs

from persistence.errors import StorageBusy, StorageCorrupt, sorted_error

SLOT_BYTES: Final = 512
"""One sector a slot: a write that is torn by a crash spoils one slot and leaves the other."""


SLOTS_BYTES: Final = 2 * SLOT_BYTES
"""Behind the slots stands the number of the process that holds the file, for whoever finds it held."""


@attrs.frozen
class HighWaterMark:
    """The last entry known to be durable: its run, number and chain; `turn` counts how often it was set."""

    run: str
    seq: int
    chain: bytes
    turn: int = 0


def path_of(database: Path) -> Path:
    """Where the mark of a database file lies."""
    return database.with_name(database.name + ".mark")


def read(path: Path) -> HighWaterMark | None:
    """The newest whole slot; None if there is no file. Raises StorageCorrupt if both slots are spoilt."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise sorted_error(error, str(path)) from error
    if not content[:SLOTS_BYTES].strip(b"\0"):
        # Made, but never set: the first commit has not come yet.
        return None
    slots = [_parse(content[start : start + SLOT_BYTES]) for start in (0, SLOT_BYTES)]
    marks = [slot for slot in slots if slot is not None]
    if not marks:
        remedy = "run `tipoff db verify`; if the journal is whole, remove this file"
        raise StorageCorrupt("the high-water mark cannot be read", str(path), remedy)
    return max(marks, key=lambda mark: mark.turn)


class MarkFile:
    """The open mark of a database that is being written; holding it is what makes a process its only writer.

    `synced` waits for the disk at every setting.
    """

    def __init__(self, path: Path, *, synced: bool) -> None:
        """Open or make the file. Raises StorageBusy naming the process that holds it."""
        self.path = path
        self._synced = synced
        self._file = -1
        try:
            # Close-on-exec: a child process (the dashboard) that inherited it would keep the lock after we
            # are gone.
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            # The kernel gives the lock back however its holder ends; a file with a process number in it would
            # stay behind after a kill.
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(self._file).st_size < SLOTS_BYTES:
                # Both sectors exist from the start, so that a full disk cannot come between a commit and its
                # mark.
                os.pwrite(self._file, b"\0" * SLOTS_BYTES, 0)
            before = read(path)
            self._turn = before.turn if before else 0
            os.ftruncate(self._file, SLOTS_BYTES)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), SLOTS_BYTES)
        except BlockingIOError as error:
            holder = os.pread(self._file, 32, SLOTS_BYTES).decode(errors="replace").strip()
            self.close()
            what = f"process {holder} writes this database"
            raise StorageBusy(what, str(path), f"stop process {holder} or name another database") from error
        except (OSError, StorageCorrupt) as error:
            self.close()
            raise sorted_error(error, str(path)) from error

    def set(self, run: str, seq: int, chain: bytes) -> None:
        """Move the mark. The slots take turns."""
        self._turn += 1
        slot = _format(HighWaterMark(run, seq, chain, self._turn))
        try:
            # The older slot is overwritten, so that a write torn by a crash leaves the newer one whole.
            os.pwrite(self._file, slot, SLOT_BYTES * (self._turn % 2))
            if self._synced:
                # The size never changes, so the content alone has to reach the disk: that is cheaper than
                # `fsync`.
                os.fdatasync(self._file)
        except OSError as error:
            raise sorted_error(error, str(self.path)) from error

    def close(self) -> None:
        """Give the file back."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _format(mark: HighWaterMark) -> bytes:
    fields = {"run": mark.run, "seq": mark.seq, "chain": mark.chain.hex(), "turn": mark.turn}
    body = json.dumps(fields, ensure_ascii=True)
    return f"{zlib.crc32(body.encode()):08x} {body}\n".encode().ljust(SLOT_BYTES, b"\0")


def _parse(slot: bytes) -> HighWaterMark | None:
    line = slot.partition(b"\n")[0]
    checksum, _, body = line.partition(b" ")
    if not body or f"{zlib.crc32(body):08x}".encode() != checksum:
        return None
    fields = json.loads(body)
    return HighWaterMark(fields["run"], fields["seq"], bytes.fromhex(fields["chain"]), fields["turn"])
