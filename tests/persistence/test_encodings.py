"""A PostgreSQL database that cannot hold every text is refused, and nothing of a driver gets out unsorted."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from persistence import connect, schema_upgrade
from persistence.errors import FactUnstorable, StorageError, StorageForeign, of_driver, sorted_error
from persistence.maintenance import verify
from persistence.writer import JournalWriter
from tests.persistence.servers import SERVER, connected

pytestmark = pytest.mark.postgres


@contextmanager
def database(encoding: str) -> Iterator[str]:
    """The address of a new database of that encoding, gone afterwards."""
    name = f"e{uuid.uuid4().hex[:12]}"
    with connected() as server:
        locale = "LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        server.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' {locale}")
        try:
            yield SERVER.rpartition("/")[0] + f"/{name}"
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.promise("postgres-holds-every-text")
@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII", "WIN1252"])
def test_a_database_that_is_not_utf8_is_refused_and_says_what_to_do(encoding: str) -> None:
    with database(encoding) as url:
        for attempt in (schema_upgrade.upgrade, lambda address: JournalWriter(address, "run"), verify):
            with pytest.raises(StorageForeign, match=f"its encoding is {encoding}, not UTF8") as refused:
                attempt(url)
            assert "CREATE DATABASE tipoff ENCODING 'UTF8'" in str(refused.value)
            assert "\n" not in str(refused.value)


@pytest.mark.promise("postgres-holds-every-text")
def test_a_database_in_utf8_holds_every_character_whatever_the_client_was_told(
    monkeypatch: pytest.MonkeyPatch, small_evening: list[Any]
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    with database("UTF8") as url:
        schema_upgrade.upgrade(url)
        writer = JournalWriter(url, "evening")
        writer.append(small_evening)
        writer.close()
        with connect.reading(url) as connection:
            said = connection.exec_driver_sql("SELECT '\u2014 \U0001f3c0'").scalar_one()
            assert said == "\u2014 \U0001f3c0"
        assert verify(url).sound


@pytest.mark.promise("postgres-holds-every-text")
def test_what_a_driver_raises_of_python_itself_is_sorted_and_a_mistake_of_ours_is_not() -> None:
    with connected() as connection:
        connection.execute("SET client_encoding TO 'LATIN1'")
        with pytest.raises(UnicodeEncodeError) as met:
            connection.execute("SELECT %s::text", ["\u2014"])
    assert of_driver(met.value)
    assert isinstance(sorted_error(met.value, "server"), FactUnstorable)
    nothing: dict[str, int] = {}
    with pytest.raises(KeyError) as ours:
        _ = nothing["seq"]
    assert not of_driver(ours.value)
    assert not of_driver(StorageError("a", "b", "c"))
