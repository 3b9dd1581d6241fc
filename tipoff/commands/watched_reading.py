"""Recordings as they are read by a command that takes long: how far it is, of how many lines.

Called by the commands that read whole recordings: replay, export, calibrate, the demo.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tipoff.output import Work, progress
from venues.recordings.recorder import Line, read_batches, read_manifest, segment_paths


def read_watched(recordings: Sequence[Path], work: Work, batch: int | None = None) -> Iterator[list[Line]]:
    """The lines in batches as `read_batches` gives them; `work` hears how far it is, losses are told.

    Where a process was killed no manifest says how many lines there are. Their number is reckoned then: so
    many came from so many bytes, of so many. Raises RecordingError.
    """
    manifests = [read_manifest(folder) for folder in recordings]
    total = sum(each.lines for each in manifests) if all(each.closed for each in manifests) else None
    size_bytes = sum(path.stat().st_size for folder in recordings for path in segment_paths(folder))
    read_bytes = 0

    def count(size: int) -> None:
        nonlocal read_bytes
        read_bytes += size

    done = 0
    for lines in read_batches(*recordings, batch=batch, on_note=progress, on_read=count):
        yield lines
        done += len(lines)
        work.reached(done, total or done * size_bytes // max(read_bytes, 1))
