"""What the columns of an exported file are: those of the table, and beside each amount the same as a decimal.

Used by whatever writes a file, by `schema.json` and by the manual's data dictionary.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from engine.units import format_count, format_money, format_price, format_tenths
from persistence.column_meanings import Unit
from persistence.table_batches import columns_of

Rows = Sequence[tuple[Any, ...]]


@attrs.frozen
class Decimals:
    """How whole units are told as a decimal: behind which name, with how many decimals."""

    suffix: str
    digits: int
    text: Any
    """The function that writes one."""


DECIMALS: Final[Mapping[Unit, Decimals]] = {
    Unit.PRICE: Decimals("dollars", 4, format_price),
    Unit.MONEY: Decimals("dollars", 6, format_money),
    Unit.COUNT: Decimals("contracts", 2, format_count),
    Unit.TENTHS: Decimals("points", 1, format_tenths),
}


@attrs.frozen(kw_only=True)
class Column:
    """A column of a source: its name, unit, meaning, and whether it may be empty."""

    name: str
    unit: Unit
    text: str
    null: bool


@attrs.frozen(kw_only=True)
class Field:
    """A column of a file: the value of a source's column, or that as a decimal."""

    name: str
    place: int
    """Of the column in a row of the source."""
    unit: Unit
    decimals: Decimals | None
    text: str
    null: bool


def table_columns(table: str) -> list[Column]:
    """The columns of a table of the database."""
    return [
        Column(name=each.name, unit=each.meaning.unit, text=each.meaning.text, null=each.null)
        for each in columns_of(table)
    ]


def fields(columns: Sequence[Column]) -> list[Field]:
    """The columns of a file."""
    return [field for place, column in enumerate(columns) for field in _of(place, column)]


def _of(place: int, column: Column) -> Iterator[Field]:
    plain = Field(
        name=column.name,
        place=place,
        unit=column.unit,
        decimals=None,
        text=column.text,
        null=column.null,
    )
    yield plain
    decimals = DECIMALS.get(column.unit)
    if decimals is not None:
        yield attrs.evolve(plain, name=f"{column.name}_{decimals.suffix}", decimals=decimals)


def type_of(field: Field) -> str:
    """The type of a file's column in words."""
    if field.decimals is not None:
        return f"decimal, {field.decimals.digits} places"
    match field.unit:
        case Unit.MOMENT:
            return "timestamp, nanoseconds, UTC"
        case Unit.FLAG:
            return "boolean"
        case Unit.PROBABILITY | Unit.GAIN:
            return "float"
        case Unit.WORD:
            return "text, one of few"
        case Unit.NAME | Unit.TEXT | Unit.JSON:
            return "text"
        case Unit.BYTES:
            return "bytes"
        case _:
            return "integer"


def unit_of(field: Field) -> str:
    """The unit of a file's column in words; what says nothing beside the type is left out."""
    if field.decimals is not None:
        return field.decimals.suffix
    saying = field.unit not in (
        Unit.WORD,
        Unit.NAME,
        Unit.TEXT,
        Unit.FLAG,
        Unit.MOMENT,
        Unit.NUMBER,
        Unit.BYTES,
    )
    return field.unit.value if saying else ""
