"""A schema of its own on the PostgreSQL server for each test that wants one.

Used by the tests of storage and by the stories that play on both databases.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

SERVER = "postgresql://root@127.0.0.1:5432/test"


@contextmanager
def connected() -> Iterator[psycopg.Connection]:
    """A connection to the server; skips where there is none."""
    try:
        server = psycopg.connect(SERVER, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL server: {error}")
    with server:
        yield server


@contextmanager
def empty_schema() -> Iterator[str]:
    """The address of an empty schema, removed afterwards; skips where there is no server."""
    name = f"t{uuid.uuid4().hex[:16]}"
    with connected() as server:
        server.execute(f"CREATE SCHEMA {name}")
        try:
            yield f"{SERVER}?options=-csearch_path%3D{name}"
        finally:
            server.execute(f"DROP SCHEMA {name} CASCADE")
