"""One segment of a recording, from compressed bytes to lines, in chunks and within bounds.

Used by `venues.recordings.recorder` only. A segment is zstd around JSON lines. A crash leaves a segment whose
zstd frame never ends: what was flushed comes back, the tail is lost, and `truncated` says so. Anything else
that does not fit is a RecordingError with its place.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from venues.errors import RecordingError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["Line", "Segment", "zstd"]

READ_BYTES = 262_144
"""Compressed bytes read from the file at once."""

CHUNK_BYTES = 1_048_576
"""Decompressed bytes held at once, beside one unfinished line."""

LINE_BYTES_MAX = 67_108_864
"""No line is longer; the largest answer we accept from anybody is 32 MiB."""

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
SHOWN_MAX = 60


class Line(msgspec.Struct, frozen=True, gc=False):
    """One input of the engine: when it came (UTC ns), its number, from where, and its text as it came.

    `conn` is the connection's number (0 where there is none); `what` is the frame's type or the endpoint
    asked.
    """

    at: int
    seq: int
    source: str
    conn: int
    what: str
    body: str


_DECODER = msgspec.json.Decoder(Line)


def nobody_counts(size_bytes: int) -> None:
    """For callers who do not care how far it is."""


class Segment:
    """A segment file while it is read; `truncated` is known once `batches` has run to its end."""

    def __init__(self, path: Path, on_read: Callable[[int], None] = nobody_counts) -> None:
        """`path` must exist; the file is opened by `batches`. `on_read` hears how many bytes were read."""
        self.path = path
        self.truncated = False
        self._line_count = 0
        self._on_read = on_read

    def batches(self) -> Iterator[list[Line]]:
        """Yield the segment's lines in order, a chunk's worth at a time. Raises RecordingError."""
        rest = b""
        for chunk in self.chunks():
            data = rest + chunk
            cut = data.rfind(b"\n") + 1
            rest = data[cut:]
            # Only the first line began in an earlier chunk, and a chunk is shorter than a line may be.
            longest = max(data.find(b"\n"), len(rest))
            if longest > LINE_BYTES_MAX:
                raise self._broken(self._line_count + 1, f"is longer than {LINE_BYTES_MAX} bytes")
            if cut:
                yield self._decode(data[:cut])
        if rest and not self.truncated:
            raise self._broken(self._line_count + 1, f"is cut off: {_shown(rest)}")

    def chunks(self) -> Iterator[bytes]:
        """Yield the decompressed bytes. Frames that follow one another read as one. Raises RecordingError."""
        with self.path.open("rb") as file:
            data = file.read(READ_BYTES)
            if data[:4] != ZSTD_MAGIC[: len(data)]:
                raise RecordingError(
                    f"{self.path}: not a zstd file; a segment is JSON lines compressed with zstd"
                )
            frame = zstd.ZstdDecompressor()
            self._on_read(len(data))
            while data:
                if frame.eof:
                    frame = zstd.ZstdDecompressor()
                yield self._decompressed(frame, data)
                while not frame.eof and not frame.needs_input:
                    # A few bytes may become very many; they are taken a chunk at a time.
                    yield self._decompressed(frame, b"")
                data = frame.unused_data if frame.eof else b""
                if not data:
                    data = file.read(READ_BYTES)
                    self._on_read(len(data))
            self.truncated = not frame.eof

    def _decompressed(self, frame: zstd.ZstdDecompressor, data: bytes) -> bytes:
        """At most a chunk; the frame keeps what goes beyond it."""
        try:
            return frame.decompress(data, CHUNK_BYTES)
        except zstd.ZstdError as error:
            raise RecordingError(
                f"{self.path}: damaged after line {self._line_count} ({error}); "
                "restore the file or remove the recording"
            ) from error

    def _decode(self, data: bytes) -> list[Line]:
        """Whole lines to values, at once; one by one only where something is wrong, to find the place."""
        try:
            lines = _DECODER.decode_lines(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            lines = [self._decode_one(text, index) for index, text in enumerate(data.splitlines(), start=1)]
        self._line_count += len(lines)
        return lines

    def _decode_one(self, text: bytes, index: int) -> Line:
        """One line, with the standard library's reader where msgspec refuses lone surrogates (we write them
        too).
        """
        try:
            return _DECODER.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            number = self._line_count + index
            try:
                return msgspec.convert(json.loads(text), Line)
            except (ValueError, RecursionError):
                raise self._broken(number, f"does not fit the format ({error}): {_shown(text)}") from error

    def _broken(self, number: int, what: str) -> RecordingError:
        return RecordingError(f"{self.path}: line {number} {what}; restore the file or remove the recording")


def _shown(text: bytes) -> str:
    """The beginning of a line, for a message to a person."""
    return repr(text[:SHOWN_MAX].decode("utf-8", "replace")) + ("…" if len(text) > SHOWN_MAX else "")
