"""Recordings: an evening as a folder of compressed segments; `Recorder` writes one, `read` reads them.

Written by the recorder actor and the importers, read by replay. A folder holds `manifest.json` and
`segment-NNNNN.jsonl.zst`; every line is one input with its receive time, its number and its text as it came.
A recording that was cut off by a crash is readable up to its last flush, and a new `Recorder` on the same
folder goes on after it.
"""

import heapq
import json
import os
from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from pathlib import Path
from typing import Self

import msgspec

from venues.errors import RecordingError
from venues.recordings.segments import Line, Segment, nobody_counts, zstd

__all__ = ["Line", "Manifest", "Recorder", "read", "read_batches"]

FORMAT = "tipoff-recording"
VERSION = 1
MANIFEST = "manifest.json"
OWNER_ONLY_FOLDER = 0o700
"""A recording shows decisions and settings, so only its owner may read it."""
OWNER_ONLY = 0o600
ZSTD_LEVEL = 3
LINES_PER_FLUSH = 200
FLUSH_AFTER_NS = 1_000_000_000
SEGMENT_BYTES = 134_217_728
BATCH_LINES = 1_024

_ENCODER = msgspec.json.Encoder()


class Manifest(msgspec.Struct, frozen=True, omit_defaults=False):
    """What `manifest.json` says. The totals stand in it once the recording was closed in good order."""

    format: str
    version: int
    made_by: str = ""
    closed: bool = False
    lines: int = 0
    first_at: int | None = None
    last_at: int | None = None
    known: dict[str, str] = {}
    """Of an import, by kind of row: whether the moments of its lines are those at which it was heard."""


class Recorder:
    """Writes a recording. Not thread-safe; whoever owns it calls `close` (or uses it in a `with`)."""

    def __init__(
        self,
        folder: Path,
        *,
        made_by: str = "",
        known: Mapping[str, str] | None = None,
        segment_bytes: int = SEGMENT_BYTES,
        flush_after_ns: int = FLUSH_AFTER_NS,
    ) -> None:
        """Make `folder`, or go on with the recording in it. `known` goes into the manifest.

        `segment_bytes` are counted before compression; a line that comes `flush_after_ns` after the last
        flush is flushed with all before it.

        Raises RecordingError where the folder holds something else or cannot be written.
        """
        self.folder = folder
        self._made_by = made_by
        self._known = dict(known or {})
        self._segment_bytes = segment_bytes
        self._flush_after_ns = flush_after_ns
        self._seq = 0
        self._first_at: int | None = None
        self._last_at: int | None = None
        self._buffer: list[bytes] = []
        self._flushed_at = 0
        self._bytes = 0
        try:
            folder.mkdir(mode=OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
            numbers = self._resume()
            self._write_manifest(closed=False)
            # A new segment each time: what a crash cut off is a zstd frame without an end, to which nothing
            # can be added.
            self._number = max(numbers, default=-1) + 1
            self._open()
        except OSError as error:
            raise RecordingError(f"{folder}: cannot be written: {error}") from error

    def write(self, at: int, source: str, conn: int, what: str, body: str) -> int:
        """Add a line and return its number. It is safe from a crash of the process after the next flush."""
        self._seq += 1
        line = Line(at, self._seq, source, conn, what, body)
        try:
            encoded = _ENCODER.encode(line)
        except UnicodeEncodeError:
            # A lone surrogate has no UTF-8, but JSON's escapes can carry it, so that a replay hears what we
            # heard.
            encoded = json.dumps(msgspec.structs.asdict(line), separators=(",", ":")).encode("ascii")
        self._buffer.append(encoded)
        if self._first_at is None:
            self._first_at = at
        self._last_at = at
        if len(self._buffer) >= LINES_PER_FLUSH or at - self._flushed_at >= self._flush_after_ns:
            self._flushed_at = at
            self.flush()
        return self._seq

    def flush(self) -> None:
        """Hand everything written so far to the operating system. Raises RecordingError."""
        if not self._buffer:
            return
        self._buffer.append(b"")
        data = b"\n".join(self._buffer)
        self._buffer.clear()
        # FLUSH_BLOCK ends a block: a reader gets all of it although the frame has no end yet.
        self._put(self._frame.compress(data, zstd.ZstdCompressor.FLUSH_BLOCK))
        self._bytes += len(data)
        if self._bytes >= self._segment_bytes:
            self._finish()
            self._number += 1
            self._open()

    def close(self) -> None:
        """End the recording in good order and write its totals. Calling it twice is harmless."""
        if self._file.closed:
            return
        self.flush()
        self._finish()
        self._write_manifest(closed=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> None:
        self._file = open(  # noqa: SIM115 - closed by `close` and `_finish`
            self.folder / segment_name(self._number), "xb", buffering=0, opener=for_owner
        )
        self._frame = zstd.ZstdCompressor(level=ZSTD_LEVEL)
        self._bytes = 0

    def _finish(self) -> None:
        self._put(self._frame.flush())
        os.fsync(self._file.fileno())
        self._file.close()

    def _put(self, data: bytes) -> None:
        try:
            while data:
                data = data[self._file.write(data) or 0 :]
        except OSError as error:
            raise RecordingError(f"{self._file.name}: cannot be written: {error}") from error

    def _resume(self) -> list[int]:
        """Find out what the folder already holds; returns the numbers of its segments."""
        if not any(self.folder.iterdir()):
            return []
        manifest = read_manifest(self.folder)
        self._made_by = self._made_by or manifest.made_by
        self._known = self._known or manifest.known
        paths = segment_paths(self.folder)
        for path in paths:
            for batch in Segment(path).batches():
                if batch:
                    self._seq, self._last_at = batch[-1].seq, batch[-1].at
                    self._first_at = batch[0].at if self._first_at is None else self._first_at
        return [int(path.name[8:13]) for path in paths]

    def _write_manifest(self, *, closed: bool) -> None:
        """Replace the manifest in one step, so that no crash leaves half of one."""
        manifest = Manifest(
            FORMAT,
            VERSION,
            self._made_by,
            closed,
            self._seq if closed else 0,
            self._first_at,
            self._last_at,
            self._known,
        )
        fresh = self.folder / (MANIFEST + ".new")
        fresh.write_bytes(msgspec.json.format(_ENCODER.encode(manifest)) + b"\n")
        fresh.replace(self.folder / MANIFEST)


def segment_name(number: int) -> str:
    """The file name of a segment."""
    return f"segment-{number:05d}.jsonl.zst"


def segment_paths(folder: Path) -> list[Path]:
    """The segments of a recording in order."""
    return sorted(folder.glob("segment-[0-9][0-9][0-9][0-9][0-9].jsonl.zst"))


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a recording. Raises RecordingError where there is none."""
    path = folder / MANIFEST
    if not folder.exists():
        raise RecordingError(f"{folder}: no such folder; give the folder of a recording")
    if not folder.is_dir():
        raise RecordingError(
            f"{folder}: not a folder; a recording is one; other people's files come in by `tipoff import`"
        )
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise RecordingError(f"{folder}: no {MANIFEST} in it, so it is not a recording of ours") from None
    except (OSError, ValueError) as error:
        raise RecordingError(f"{path}: not the manifest of a recording ({error})") from error
    if manifest.format != FORMAT:
        raise RecordingError(f"{path}: format is {manifest.format!r}, expected {FORMAT!r}")
    if manifest.version != VERSION:
        raise RecordingError(f"{path}: version is {manifest.version}, this engine reads version {VERSION}")
    return manifest


def _no_notes(note: str) -> None:
    """For callers who do not care what was lost."""


def read_batches(
    *folders: Path,
    batch: int | None = BATCH_LINES,
    on_note: Callable[[str], None] = _no_notes,
    on_read: Callable[[int], None] = nobody_counts,
) -> Iterator[list[Line]]:
    """Yield the lines of one or several recordings in lists of `batch` (None: as large as they come).

    Several recordings are merged by time, the earlier argument first where times are equal. `on_note` hears,
    in words for people, what a crash or somebody's hand has taken out of a recording; `on_read` how many
    bytes of the segments were read. Raises RecordingError.
    """
    if batch is not None and batch < 1:
        raise RecordingError(f"a batch of {batch} lines cannot be read; it must be 1 or more")
    for folder in folders:
        read_manifest(folder)
    if len(folders) == 1:
        for lines in _batches_of(folders[0], on_note, on_read):
            size = batch or max(len(lines), 1)
            for start in range(0, len(lines), size):
                yield lines[start : start + size]
        return
    gathered: list[Line] = []
    # Merged, not sorted: several evenings together need not fit into memory.
    read_each = (_lines_of(folder, on_note, on_read) for folder in folders)
    for line in heapq.merge(*read_each, key=attrgetter("at")):
        gathered.append(line)
        if len(gathered) == (batch or BATCH_LINES):
            yield gathered
            gathered = []
    if gathered:
        yield gathered


def read(
    *folders: Path, batch: int | None = BATCH_LINES, on_note: Callable[[str], None] = _no_notes
) -> Iterator[Line]:
    """Yield the lines of one or several recordings one by one; see `read_batches`."""
    for lines in read_batches(*folders, batch=batch, on_note=on_note):
        yield from lines


def _lines_of(folder: Path, on_note: Callable[[str], None], on_read: Callable[[int], None]) -> Iterator[Line]:
    for lines in _batches_of(folder, on_note, on_read):
        yield from lines


def _batches_of(
    folder: Path, on_note: Callable[[str], None], on_read: Callable[[int], None]
) -> Iterator[list[Line]]:
    """The lines of one recording; every loss is noted."""
    manifest = read_manifest(folder)
    expected = 1
    for path in segment_paths(folder):
        segment = Segment(path, on_read)
        for lines in segment.batches():
            _check_numbers(lines, expected, path, on_note)
            expected = lines[-1].seq + 1
            yield lines
        if segment.truncated:
            on_note(
                f"{path}: cut off; everything up to line number {expected - 1} was read, its tail is lost"
            )
    if manifest.closed and expected - 1 < manifest.lines:
        on_note(f"{folder}: {manifest.lines - expected + 1} of {manifest.lines} lines are missing at its end")


def _check_numbers(lines: list[Line], expected: int, path: Path, on_note: Callable[[str], None]) -> None:
    """Numbers grow by one; a hole is said, a step back means that the segments do not belong together."""
    if lines[0].seq == expected and lines[-1].seq == expected + len(lines) - 1:
        return
    for line in lines:
        if line.seq < expected:
            raise RecordingError(
                f"{path}: line number {line.seq} follows {expected - 1}: segments of several recordings"
            )
        if line.seq > expected:
            on_note(f"{path}: line numbers {expected} to {line.seq - 1} are missing")
        expected = line.seq + 1


def for_owner(path: str, flags: int) -> int:
    """Open a file that only its owner may read, for `open`."""
    return os.open(path, flags, OWNER_ONLY)
