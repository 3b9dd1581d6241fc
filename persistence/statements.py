"""The insertions as plain SQL, made once for a table and a dialect: tuples go straight to the driver.

Used by the writer and by rebuilding; compiled statements of SQLAlchemy would cost twice as much for each row.
"""

from typing import Final

from sqlalchemy import Dialect, Table

_PLACES: Final = {"sqlite": "?", "postgresql": "%s"}


def columns(table: Table) -> list[str]:
    """Columns that we write, in their order: all but a number that the database gives."""
    return [column.name for column in table.columns if column.name != "id" or table.name == "runs"]


def insert(table: Table, dialect: Dialect) -> str:
    """A row that must be new."""
    names = columns(table)
    quote = dialect.identifier_preparer.quote
    places = ", ".join([_PLACES[dialect.name]] * len(names))
    return f"INSERT INTO {table.name} ({', '.join(map(quote, names))}) VALUES ({places})"  # noqa: S608 - our own names


def insert_once(table: Table, dialect: Dialect) -> str:
    """A row that is left out if it is there already."""
    return f"{insert(table, dialect)} ON CONFLICT DO NOTHING"


def replace(table: Table, dialect: Dialect) -> str:
    """A row that takes the place of the one with the same key."""
    quote = dialect.identifier_preparer.quote
    keys = [column.name for column in table.primary_key.columns]
    rest = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in columns(table) if name not in keys)
    # Not INSERT OR REPLACE: that deletes the old row first, and SQLite fires no trigger for it.
    return f"{insert(table, dialect)} ON CONFLICT ({', '.join(map(quote, keys))}) DO UPDATE SET {rest}"


class Statements:
    """The three kinds of insertion for each table, made when first asked for."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._made: dict[tuple[str, str], str] = {}

    def new(self, table: Table) -> str:
        """See `insert`."""
        return self._get("new", table)

    def once(self, table: Table) -> str:
        """See `insert_once`."""
        return self._get("once", table)

    def latest(self, table: Table) -> str:
        """See `replace`."""
        return self._get("latest", table)

    def _get(self, kind: str, table: Table) -> str:
        made = self._made.get((kind, table.name))
        if made is None:
            make = {"new": insert, "once": insert_once, "latest": replace}[kind]
            made = self._made[kind, table.name] = make(table, self._dialect)
        return made
