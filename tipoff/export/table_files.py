"""Files of rows: CSV and JSON lines by the standard library, and the way to Parquet.

Called by `tipoff.commands.export`. A file appears under its name when it is whole. Times are texts in UTC
with nine decimals, amounts stand as whole units and as decimals, bytes as hexadecimal digits.
"""

import csv
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Literal, Self, TypeAlias

import msgspec
from typing_extensions import override

from persistence.column_meanings import Unit
from tipoff.export.columns import Column, Field, Rows, fields
from tipoff.output import Failure

Format: TypeAlias = Literal["parquet", "csv", "jsonl"]

PART: Final = ".part"
"""Behind the name of a file that is being written."""

NANOS_PER_SECOND: Final = 1_000_000_000


class TableFile(ABC):
    """A file that takes rows of one kind. Its context finishes it, or abandons it after an exception."""

    suffix: str

    def __init__(self, folder: Path, name: str, columns: Sequence[Column]) -> None:
        """Begin `folder/name`. Raises OSError."""
        self.path = folder / f"{name}{self.suffix}"
        self.part = self.path.with_name(self.path.name + PART)
        self.fields = fields(columns)
        self.rows = 0

    def write(self, rows: Rows) -> None:
        """Add rows, in the order of the columns."""
        columns = list(zip(*rows, strict=True))
        self.put([columns[field.place] for field in self.fields])
        self.rows += len(rows)

    @abstractmethod
    def put(self, columns: list[tuple[Any, ...]]) -> None:
        """Add the source's values, column by column as `fields` say."""

    @abstractmethod
    def close(self) -> None:
        """End the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.finish()
        else:
            self.abandon()

    def finish(self) -> None:
        """It is whole: end it, and give it its name."""
        self.close()
        self.part.replace(self.path)

    def abandon(self) -> None:
        """It will not be whole: take it away."""
        self.close()
        self.part.unlink(missing_ok=True)


class CsvFile(TableFile):
    """Comma-separated values with a line of names; what is missing is empty."""

    suffix = ".csv"

    def __init__(self, folder: Path, name: str, columns: Sequence[Column]) -> None:
        """See the class above."""
        super().__init__(folder, name, columns)
        self._file: IO[str] = self.part.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow([field.name for field in self.fields])

    @override
    def put(self, columns: list[tuple[Any, ...]]) -> None:
        self._writer.writerows(zip(*map(texts, self.fields, columns), strict=True))

    @override
    def close(self) -> None:
        self._file.close()


class JsonLinesFile(TableFile):
    """One JSON object a line; decimals are texts, so that no reader rounds them."""

    suffix = ".jsonl"

    def __init__(self, folder: Path, name: str, columns: Sequence[Column]) -> None:
        """See the class above."""
        super().__init__(folder, name, columns)
        self._file: IO[bytes] = self.part.open("wb")
        self._encode = msgspec.json.Encoder().encode

    @override
    def put(self, columns: list[tuple[Any, ...]]) -> None:
        names = [field.name for field in self.fields]
        values = zip(*map(texts, self.fields, columns), strict=True)
        lines = [self._encode(dict(zip(names, row, strict=True))) for row in values]
        self._file.write(b"\n".join([*lines, b""]))

    @override
    def close(self) -> None:
        self._file.close()


def texts(field: Field, values: Sequence[Any]) -> Sequence[Any]:
    """The values of a column as a text file has them; None stays None."""
    write: Callable[[Any], Any]
    if field.decimals is not None:
        write = field.decimals.text
    elif field.unit is Unit.MOMENT:
        write = moment_text
    elif field.unit is Unit.FLAG:
        write = bool
    elif field.unit is Unit.BYTES:
        write = _hex
    else:
        return values
    return [None if value is None else write(value) for value in values]


def moment_text(at: int) -> str:
    """A moment as ISO 8601 in UTC, to the nanosecond."""
    seconds, rest = divmod(at, NANOS_PER_SECOND)
    return f"{_second_text(seconds)}.{rest:09d}Z"


# Neighbours in a table share their second mostly.
@lru_cache(maxsize=4_096)
def _second_text(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%dT%H:%M:%S}"


def _hex(value: bytes) -> str:
    return bytes(value).hex()


def file_kind(wanted: Format) -> type[TableFile]:
    """The class of a format. Raises Failure where what it needs is not installed."""
    match wanted:
        case "csv":
            return CsvFile
        case "jsonl":
            return JsonLinesFile
        case "parquet":
            try:
                from tipoff.export.parquet_files import ParquetFile
            except ModuleNotFoundError as error:
                message = (
                    f"Parquet files need {error.name}, which is not installed: "
                    "`pip install 'tipoff[analysis]'`, or choose --format csv"
                )
                raise Failure("not_installed", message) from error
            return ParquetFile
