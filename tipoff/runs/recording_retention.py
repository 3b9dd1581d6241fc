"""Retention of recordings: those of the daemon's runs go when they are too old, or too large together.

Run by the daemon at its start and once a day, and by `tipoff db prune`, a recording at a time. A recording is
whole or gone, whenever its removal is cut off: it leaves its place by one rename, and what it leaves behind
is cleared the next time. What somebody imported, copied or marked is never touched.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Final, TypeAlias

import attrs

from engine.units import NANOS_PER_DAY, Nanos
from tipoff.config.load import Config
from venues.errors import RecordingError
from venues.recordings.recorder import read_manifest

KEEP: Final = "KEEP"
"""A file of this name in the folder of a recording keeps it for ever."""

REMOVED: Final = ".removed"
"""Folder, beside the recordings, of what has left its place and is not deleted yet."""

OWNER_ONLY: Final = 0o700
BYTES_PER_GIGABYTE: Final = 1 << 30
"""As a megabyte of the configuration is 1,048,576 bytes."""

OF_A_RUN: Final = re.compile(r"(?:demo|prod)-\d{4}-\d{2}-\d{2}")
"""How the daemon names its runs, and so the folders of their recordings."""


class Reason(Enum):
    """Why a recording is overdue."""

    AGE = "age"
    SIZE = "size"


@attrs.frozen(kw_only=True)
class RecordingPolicy:
    """How long recordings stay; None is no limit."""

    days: int | None = None
    bytes_max: int | None = None
    """Of all recordings of runs together."""


@attrs.frozen(kw_only=True)
class StoredRecording:
    """A recording of one of the daemon's runs, as it lies on the disk."""

    folder: Path
    size_bytes: int
    last_at: Nanos
    """Of its last line; of a recording without an end, when something was last written."""
    closed: bool
    kept: bool = False
    """Whether somebody has marked it."""


Overdue: TypeAlias = tuple[StoredRecording, Reason]


def policy_of(config: Config) -> RecordingPolicy:
    """What a configuration says of the recordings' retention."""
    section = config.recording
    return RecordingPolicy(
        days=section.keep_days or None, bytes_max=section.gigabytes_max * BYTES_PER_GIGABYTE or None
    )


def directory_of(config: Config) -> Path:
    """Where the recordings of the daemon's runs lie."""
    return config.engine.state_directory / config.recording.directory


def stored_recordings(directory: Path) -> list[StoredRecording]:
    """The recordings of runs in a folder, oldest first; none if there is no such folder. Raises OSError."""
    if not directory.is_dir():
        return []
    found = [each for folder in directory.iterdir() if (each := _stored(folder)) is not None]
    return sorted(found, key=lambda each: (each.last_at, each.folder.name))


def overdue(
    recordings: Sequence[StoredRecording], now: Nanos, policy: RecordingPolicy, open_run: str | None = None
) -> list[Overdue]:
    """Which of these, oldest first, the policy does not keep, and why.

    Never the newest, the one of `open_run`, one that has no end yet and was written to within a day, or one
    that is marked; but all of them count towards the size.
    """
    total, gone = sum(each.size_bytes for each in recordings), list[Overdue]()
    # A day is the longest that a running daemon may have stopped recording for want of room.
    lately = now - NANOS_PER_DAY
    for each in recordings[:-1]:
        if each.kept or each.folder.name == open_run or (not each.closed and each.last_at >= lately):
            continue
        if policy.days is not None and each.last_at < now - policy.days * NANOS_PER_DAY:
            gone.append((each, Reason.AGE))
        elif policy.bytes_max is not None and total > policy.bytes_max:
            gone.append((each, Reason.SIZE))
        else:
            continue
        total -= each.size_bytes
    return gone


def finished(recordings: Iterable[StoredRecording], open_run: str) -> list[StoredRecording]:
    """Which of these are at their end, and nobody wants as they are: to be made smaller."""
    return [each for each in recordings if each.closed and not each.kept and each.folder.name != open_run]


def remove(folder: Path) -> None:
    """Delete a recording, which from one moment to the next is not there any more. Raises OSError.

    One that somebody else has removed meanwhile is no error.
    """
    directory = folder.parent
    limbo = directory / REMOVED
    with _alone_in(directory) as descriptor:
        _clear(limbo)
        if folder.is_dir():
            limbo.mkdir(mode=OWNER_ONLY)
            folder.rename(limbo / folder.name)
            # On the disk before anything is deleted: a loss of power must not bring half of it back.
            os.fsync(descriptor)
            _clear(limbo)


def clear(directory: Path) -> None:
    """Delete what removals that were cut off have left. Raises OSError."""
    if (directory / REMOVED).is_dir():
        with _alone_in(directory):
            _clear(directory / REMOVED)


def _clear(limbo: Path) -> None:
    if limbo.is_dir():
        shutil.rmtree(limbo)


@contextmanager
def _alone_in(directory: Path) -> Iterator[int]:
    """Wait until nobody else removes anything here; yields the folder's descriptor."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _stored(folder: Path) -> StoredRecording | None:
    """The recording in a folder; None if it is not one of a run, or lies elsewhere."""
    if not OF_A_RUN.fullmatch(folder.name) or folder.is_symlink():
        return None
    try:
        manifest = read_manifest(folder)
    except RecordingError:
        return None
    states = [path.lstat() for path in folder.iterdir()]
    written_at = max(state.st_mtime_ns for state in states)
    last_at = manifest.last_at if manifest.closed and manifest.last_at is not None else written_at
    return StoredRecording(
        folder=folder,
        size_bytes=sum(state.st_size for state in states),
        last_at=Nanos(last_at),
        closed=manifest.closed,
        kept=(folder / KEEP).exists(),
    )
