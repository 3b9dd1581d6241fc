"""Files of rows in Parquet, which needs the extra `analysis`.

Called by `tipoff.export.table_files`. Amounts are whole units and exact decimals, times are timestamps in UTC
to the nanosecond, words that repeat are dictionaries. Every batch is a row group.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from typing_extensions import override

from persistence.column_meanings import Unit
from tipoff.export.columns import Column, Field, unit_of
from tipoff.export.table_files import TableFile

WHOLE_DIGITS: Final = 19
"""Digits of the largest whole number of 64 bits: no amount is too long for its decimal."""

MOMENT: Final = pa.timestamp("ns", tz="UTC")
WORD: Final = pa.dictionary(pa.int32(), pa.string())


class ParquetFile(TableFile):
    """See the module."""

    suffix = ".parquet"

    def __init__(self, folder: Path, name: str, columns: Sequence[Column]) -> None:
        """See the class above."""
        super().__init__(folder, name, columns)
        self._schema = pa.schema([_declared(field) for field in self.fields])
        self._writer = pq.ParquetWriter(self.part, self._schema, compression="zstd")

    @override
    def put(self, columns: list[tuple[Any, ...]]) -> None:
        arrays = [_array(field, values) for field, values in zip(self.fields, columns, strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))

    @override
    def close(self) -> None:
        self._writer.close()


def _declared(field: Field) -> pa.Field:
    notes = {"meaning": field.text, "unit": unit_of(field)}
    return pa.field(field.name, _type(field), nullable=field.null, metadata=notes)


def _type(field: Field) -> pa.DataType:
    if field.decimals is not None:
        return pa.decimal128(WHOLE_DIGITS, field.decimals.digits)
    match field.unit:
        case Unit.MOMENT:
            return MOMENT
        case Unit.FLAG:
            return pa.bool_()
        case Unit.PROBABILITY | Unit.GAIN:
            return pa.float64()
        case Unit.WORD:
            return WORD
        case Unit.NAME | Unit.TEXT | Unit.JSON:
            return pa.string()
        case Unit.BYTES:
            return pa.binary()
        case _:
            return pa.int64()


def _array(field: Field, values: Sequence[Any]) -> pa.Array:
    kind = _type(field)
    if field.decimals is not None:
        whole = pa.array(values, pa.int64()).cast(pa.decimal128(WHOLE_DIGITS, 0))
        # The same whole numbers under a type that sets the point elsewhere: exact, and nothing is computed.
        return pa.Array.from_buffers(kind, len(whole), whole.buffers(), whole.null_count)
    if field.unit is Unit.MOMENT:
        return pa.array(values, pa.int64()).view(kind)
    if field.unit is Unit.FLAG:
        return pa.array([None if value is None else bool(value) for value in values], kind)
    if field.unit is Unit.WORD:
        return pa.array(values, pa.string()).dictionary_encode()
    return pa.array(values, kind)
