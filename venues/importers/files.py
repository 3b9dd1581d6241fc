"""Other people's files: plain, gzip or zstd, line by line or as tables, with the place of every mistake.

Used by the importers. How a file is compressed is seen from its first bytes, not from its name.
"""

import csv
import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TypeVar, cast

import msgspec

from venues.errors import ImportFailed

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
LINE_CHARACTERS_MAX = 8_388_608

T = TypeVar("T")


class SourceFile:
    """One file of an import; it remembers which line is being read, what was skipped and what is worth a
    word.
    """

    def __init__(self, path: Path, kind: str) -> None:
        """`kind` is only for the messages."""
        self.path = path
        self.kind = kind
        self.line = 0
        self.lines_read = 0
        self.skipped = 0
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        """Keep something that people should know, once."""
        if text not in self.notes:
            self.notes.append(text)

    def failed(self, what: str, line: int | None = None) -> ImportFailed:
        """The error for a mistake in the line being read (or in `line`)."""
        number = self.line if line is None else line
        place = f"{self.path}: line {number}" if number else str(self.path)
        return ImportFailed(f"{place}: {what} (read as {self.kind})")

    def lines(self) -> Iterator[str]:
        """Yield the lines without their ends; blank ones are left out. Raises ImportFailed."""
        self.lines_read = 0
        try:
            yield from self._texts()
        except FileNotFoundError:
            raise self.failed("no such file", 0) from None
        except UnicodeDecodeError as error:
            raise self.failed(f"not UTF-8 text after this line: {error}") from error
        except EOFError as error:
            raise self.failed("the compressed file is cut off after this line") from error
        except (OSError, zlib.error, zstd.ZstdError) as error:
            raise self.failed(f"cannot be read: {error}") from error

    def _texts(self) -> Iterator[str]:
        """The lines, counted."""
        with self._open() as file:
            while text := file.readline(LINE_CHARACTERS_MAX):
                self.lines_read += 1
                self.line = self.lines_read
                if len(text) == LINE_CHARACTERS_MAX:
                    raise self.failed(f"longer than {LINE_CHARACTERS_MAX} characters")
                if stripped := text.rstrip("\r\n"):
                    yield stripped

    def _open(self) -> IO[str]:
        """The file as text, decompressed if its first bytes say so."""
        with self.path.open("rb") as file:
            magic = file.read(4)
        if magic.startswith(GZIP_MAGIC):
            return gzip.open(self.path, "rt", encoding="utf-8-sig")
        if magic == ZSTD_MAGIC:
            return io.TextIOWrapper(cast("IO[bytes]", zstd.ZstdFile(self.path)), encoding="utf-8-sig")
        return self.path.open("rt", encoding="utf-8-sig")

    def table(self, *columns: str) -> Iterator[dict[str, str]]:
        """Yield the rows of a CSV table by column. Raises ImportFailed where `columns` are missing or rows do
        not fit.
        """
        reader = csv.reader(self.lines(), strict=True)
        try:
            header = next(reader, [])
            missing = [column for column in columns if column not in header]
            if missing:
                raise self.failed(f"no column {', '.join(missing)}", 1)
            for cells in reader:
                if len(cells) != len(header):
                    raise self.failed(f"{len(cells)} cells, but the table has {len(header)} columns")
                yield dict(zip(header, cells, strict=True))
        except csv.Error as error:
            raise self.failed(str(error)) from error

    def decode(self, decoder: "msgspec.json.Decoder[T]", text: str) -> T:
        """Read a line of JSON. Raises ImportFailed."""
        try:
            return decoder.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise self.failed(str(error)) from error
