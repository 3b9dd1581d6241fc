"""Other people's files: plain or compressed, line by line or as tables, with the place of every mistake.

Used by the importers. How a file is compressed is seen from its first bytes, not from its name.
"""

import bz2
import csv
import gzip
import io
import lzma
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, BinaryIO, Final, TypeVar, cast

import msgspec

from venues.errors import ImportFailed
from venues.importers.unused import Unused

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
ZSTD_SKIPPABLE = b"\x2a\x4d\x18"
"""After a byte from 0x50 to 0x5f: a frame that holds no data of the file, such as an index; data follow."""

XZ_MAGIC = b"\xfd7zXZ\x00"
BZIP2_MAGIC = b"BZh"
REFUSALS_NOTED = 3
"""So many of the things left out of a file are noted with their lines; all are counted."""

LINE_CHARACTERS_MAX = 8_388_608

LINES_PER_WORD: Final = 1_000
"""So often whoever waits hears how far it is."""

T = TypeVar("T")


def nobody_counts(lines: int, total: int) -> None:
    """For callers who do not care how far it is."""


class SourceFile:
    """One file of an import; it remembers which line is being read, what is of no use and what is worth a
    word.
    """

    def __init__(self, path: Path, kind: str, on_lines: Callable[[int, int], None] = nobody_counts) -> None:
        """`kind` is only for the messages; `on_lines` hears how many lines were read, of about how many."""
        self._on_lines = on_lines
        self.path = path
        self.kind = kind
        self.line = 0
        self.lines_read = 0
        self.unused: Counter[Unused] = Counter()
        self.refused = 0
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        """Keep something that people should know, once."""
        if text not in self.notes:
            self.notes.append(text)

    def refuse(self, what: str) -> None:
        """Leave something of the line being read out, count it, and tell the first few."""
        self.refused += 1
        if self.refused <= REFUSALS_NOTED:
            self.notes.append(f"line {self.line}: left out: {what}")

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
        except (OSError, zlib.error, zstd.ZstdError, lzma.LZMAError) as error:
            raise self.failed(f"cannot be read: {error}") from error

    def _texts(self) -> Iterator[str]:
        """The lines, counted."""
        with self.path.open("rb") as raw, self._text_of(raw) as file:
            size_bytes = self.path.stat().st_size
            # Bounded, since a small compressed file can hold one endless line.
            while text := file.readline(LINE_CHARACTERS_MAX):
                self.lines_read += 1
                self.line = self.lines_read
                if self.lines_read % LINES_PER_WORD == 0:
                    # So many lines came from so many bytes, whatever they were compressed to.
                    self._on_lines(self.lines_read, self.lines_read * size_bytes // max(raw.tell(), 1))
                if len(text) == LINE_CHARACTERS_MAX:
                    raise self.failed(f"longer than {LINE_CHARACTERS_MAX} characters")
                if stripped := text.rstrip("\r\n"):
                    yield stripped

    def _text_of(self, raw: BinaryIO) -> IO[str]:
        """The file as text, decompressed if its first bytes say so."""
        magic = raw.read(6)
        raw.seek(0)
        if magic.startswith(GZIP_MAGIC):
            # utf-8-sig: spreadsheets write a byte order mark, which would become part of the first column's
            # name.
            return gzip.open(raw, "rt", encoding="utf-8-sig")
        if magic.startswith(BZIP2_MAGIC) and magic[3:4].isdigit():
            return bz2.open(raw, "rt", encoding="utf-8-sig")
        if magic.startswith(XZ_MAGIC):
            return io.TextIOWrapper(lzma.open(raw), encoding="utf-8-sig")
        if magic.startswith(ZSTD_MAGIC) or (magic[1:4] == ZSTD_SKIPPABLE and 0x50 <= magic[0] <= 0x5F):
            return io.TextIOWrapper(cast("IO[bytes]", zstd.ZstdFile(raw)), encoding="utf-8-sig")
        return io.TextIOWrapper(raw, encoding="utf-8-sig")

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
