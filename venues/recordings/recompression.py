"""Recordings that are at their end, compressed again: harder than an evening's loop has time for.

Called by the daemon's retention. The recorder flushes every second and must be quick, which costs a third of
the size; a segment that is finished is compressed once more, in one piece. Its lines stay as they are, byte
by byte, so digests and replays do. It is replaced by one rename: a kill leaves the old file or the new one.
"""

import hashlib
import os
from pathlib import Path
from typing import Final

from venues.errors import RecordingError
from venues.recordings.recorder import for_owner, segment_paths
from venues.recordings.segments import Segment, zstd

LEVEL: Final = 12
"""Higher levels take ten times the processor's time for another hundredth of the size."""

FRESH: Final = ".new"
HEADER_BYTES: Final = 18
"""No head of a zstd frame is longer."""


def to_recompress(folder: Path) -> list[Path]:
    """The segments of a recording that are as the recorder left them. Raises OSError, RecordingError."""
    return [path for path in segment_paths(folder) if not _says_its_size(path)]


def recompress(path: Path) -> int:
    """Replace a segment by one with the same lines in fewer bytes; returns how many that saves.

    A segment that a crash cut off stays as it is, so that whoever reads it is told. Raises OSError, and
    RecordingError where the segment is damaged or the new one does not hold the same.
    """
    content = _content(path)
    if content is None:
        return 0
    fresh, before = path.with_name(path.name + FRESH), path.stat().st_size
    try:
        _compress(path, fresh, content[0])
        if _content(fresh) != content:
            raise RecordingError(f"{fresh}: does not hold what {path} holds, which stays as it is")
        after = fresh.stat().st_size
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    return before - after


def _says_its_size(path: Path) -> bool:
    """Whether the frame's head tells how large its content is: a frame that is written as an evening goes on
    cannot know, one that was compressed in one piece does.
    """
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
    try:
        return zstd.get_frame_info(head).decompressed_size is not None
    except zstd.ZstdError as error:
        raise RecordingError(f"{path}: damaged at its beginning ({error}); restore the file") from error


def _content(path: Path) -> tuple[int, str] | None:
    """Size and digest of what a segment holds; None if it was cut off."""
    segment, size, digest = Segment(path), 0, hashlib.sha256()
    for chunk in segment.chunks():
        size += len(chunk)
        digest.update(chunk)
    return None if segment.truncated else (size, digest.hexdigest())


def _compress(path: Path, fresh: Path, size: int) -> None:
    """The same content in one frame that says its size, on the disk when this returns."""
    frame = zstd.ZstdCompressor(level=LEVEL)
    frame.set_pledged_input_size(size)
    with open(fresh, "wb", opener=for_owner) as file:
        file.writelines(frame.compress(chunk) for chunk in Segment(path).chunks())
        file.write(frame.flush())
        file.flush()
        os.fsync(file.fileno())
