"""Every table and every column is explained, and nothing is explained that is not there."""

import pytest

from persistence.column_meanings import TABLES, Unit, meaning_of
from persistence.market_tables import PRUNABLE
from persistence.tables import metadata

COLUMNS = [(table.name, column.name) for table in metadata.tables.values() for column in table.columns]


def test_every_table_is_explained() -> None:
    assert PRUNABLE.keys() <= TABLES.keys() == metadata.tables.keys()


def test_every_column_has_a_unit_and_a_meaning_that_fit_its_type() -> None:
    textual = {Unit.WORD, Unit.NAME, Unit.TEXT, Unit.JSON}
    expected = {
        str: textual,
        float: {Unit.PROBABILITY, Unit.GAIN},
        bytes: {Unit.BYTES},
        int: set(Unit) - textual - {Unit.PROBABILITY, Unit.GAIN, Unit.BYTES},
    }
    for table, column in COLUMNS:
        meaning = meaning_of(table, column)
        where = f"{table}.{column}: {meaning}"
        assert len(meaning.text) > 3, where
        assert meaning.unit in expected[metadata.tables[table].columns[column].type.python_type], where
        moment = column == "at" or column.endswith(("_at", "at_venue"))
        assert (meaning.unit is Unit.MOMENT) == moment, where


def test_a_column_that_nobody_explained_is_an_error() -> None:
    with pytest.raises(KeyError):
        meaning_of("fills", "colour")
