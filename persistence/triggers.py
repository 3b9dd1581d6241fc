"""Triggers that keep the journal, the fills and the ledger as they were written.

Nobody may change or remove a row. Attached to the tables' creation; the first migration has its own frozen
copy. Rebuilding projections takes them off and puts them on again within its one transaction.
"""

from sqlalchemy import DDL, event

from persistence.tables import APPEND_ONLY, metadata


def sqlite_triggers(table: str) -> list[str]:
    """Two refusals for a table of SQLite."""
    return [
        f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for action in ("UPDATE", "DELETE")
    ]


POSTGRES_FUNCTION = (
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$"
)


def postgres_triggers(table: str) -> list[str]:
    """One refusal for a table of PostgreSQL; needs `POSTGRES_FUNCTION`."""
    moment = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
    return [
        f"CREATE TRIGGER {table}_append_only {moment} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    ]


def drops(table: str, dialect: str) -> list[str]:
    """Take a table's triggers off."""
    if dialect == "sqlite":
        return [f"DROP TRIGGER {table}_no_update", f"DROP TRIGGER {table}_no_delete"]
    return [f"DROP TRIGGER {table}_append_only ON {table}"]


def creations(table: str, dialect: str) -> list[str]:
    """Put a table's triggers on."""
    return sqlite_triggers(table) if dialect == "sqlite" else postgres_triggers(table)


def _attach(statement: str, dialect: str) -> None:
    ddl = DDL(statement.replace("%", "%%")).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
    event.listen(metadata, "after_create", ddl)


_attach(POSTGRES_FUNCTION, "postgresql")
for _table in APPEND_ONLY:
    for _statement in sqlite_triggers(_table):
        _attach(_statement, "sqlite")
    for _statement in postgres_triggers(_table):
        _attach(_statement, "postgresql")
