"""How alembic reaches a database: one connection with our settings, and everything in one transaction.

Run by alembic, never imported. SQLite's driver would commit between the statements of a migration, and a
failed one would leave half a schema that the next run cannot mend; our connections begin
immediately and alembic is told that schema changes can be taken back.
"""

from alembic import context
from sqlalchemy import Connection

import persistence.market_tables
from persistence.connect import Access, make_engine
from persistence.tables import metadata
from persistence.triggers import POSTGRES_FUNCTION

# Naming both makes it plain that importing them is what fills `metadata`.
assert persistence.market_tables.games.metadata is metadata and POSTGRES_FUNCTION  # noqa: PT018, S101

LOCK_OF_UPGRADES = 7_241_650
"""Any number, the same for all: PostgreSQL lets one of us change the schema at a time."""


def _address() -> str:
    given = context.config.attributes.get("url") or context.get_x_argument(as_dictionary=True).get("url")
    if not given:
        raise SystemExit("say which database: alembic -c migrations/alembic.ini -x url=sqlite:///FILE …")
    return str(given)


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        # Tables that are rebuilt would trip over references to them; all are checked again before the commit.
        # The setting has no effect inside a transaction, so it must come before the first one.
        connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
    with connection.begin():
        if connection.dialect.name == "postgresql":
            # Two daemons that start together would both find the old schema and both migrate it.
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK_OF_UPGRADES})")
        context.configure(
            connection=connection,
            target_metadata=metadata,
            # SQLite cannot alter most of a table: alembic rebuilds it under another name.
            render_as_batch=True,
            # SQLite's DDL is transactional; alembic takes it for a database where it is not.
            transactional_ddl=True,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        if connection.dialect.name == "sqlite":
            orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            # Checked before the commit: with foreign keys off nothing else would notice.
            if orphans:
                raise RuntimeError(f"the migration leaves rows without their run: {orphans[:3]}")


if context.is_offline_mode():
    raise SystemExit("migrations look at the database; SQL scripts without one are not made")
_engine = make_engine(_address(), Access.CREATE)
with _engine.connect() as _connection:
    _migrate(_connection)
_engine.dispose()
