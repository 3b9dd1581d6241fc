"""Triggers that keep the journal, the fills and the ledger as they were written.

Nobody may change or remove a row. Attached to the tables' creation; the first migration has its own frozen
copy. Rebuilding projections takes them off and puts them on again within its one transaction.
"""

from sqlalchemy import DDL, UniqueConstraint, event

from persistence.tables import APPEND_ONLY, metadata


def sqlite_triggers(table: str) -> list[str]:
    """Three refusals for a table of SQLite.

    The third is for `INSERT OR REPLACE`: what it removes to make room fires no trigger of deletion, unless
    whoever writes has asked for that (https://sqlite.org/lang_conflict.html).
    """
    refusal = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    there = " OR ".join(
        " AND ".join(f"{column} = NEW.{column}" for column in columns) for columns in _unique_columns(table)
    )
    same_key = f"SELECT 1 FROM {table} WHERE {there}"  # noqa: S608 - names of our own tables
    return [
        *(
            f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} {refusal}"
            for action in ("UPDATE", "DELETE")
        ),
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS ({same_key}) {refusal}",
    ]


def _unique_columns(table: str) -> list[list[str]]:
    """The columns of the primary key, then those of each other key."""
    ours = metadata.tables[table]
    others = [key for key in ours.constraints if isinstance(key, UniqueConstraint)]
    return [[column.name for column in key.columns] for key in (ours.primary_key, *others)]


POSTGRES_FUNCTION = (
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$"
)


def postgres_triggers(table: str) -> list[str]:
    """One refusal for a table of PostgreSQL; needs `POSTGRES_FUNCTION`."""
    # For each statement, not for each row: a TRUNCATE touches no row.
    moment = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
    return [
        f"CREATE TRIGGER {table}_append_only {moment} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    ]


def drops(table: str, dialect: str) -> list[str]:
    """Take a table's triggers off."""
    if dialect == "sqlite":
        return [f"DROP TRIGGER {table}_no_{what}" for what in ("update", "delete", "replace")]
    return [f"DROP TRIGGER {table}_append_only ON {table}"]


def creations(table: str, dialect: str) -> list[str]:
    """Put a table's triggers on."""
    return sqlite_triggers(table) if dialect == "sqlite" else postgres_triggers(table)


def _attach(statement: str, dialect: str) -> None:
    # SQLAlchemy formats DDL texts with the percent sign, and the function's body has one of its own.
    ddl = DDL(statement.replace("%", "%%")).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
    event.listen(metadata, "after_create", ddl)


_attach(POSTGRES_FUNCTION, "postgresql")
for _table in APPEND_ONLY:
    for _statement in sqlite_triggers(_table):
        _attach(_statement, "sqlite")
    for _statement in postgres_triggers(_table):
        _attach(_statement, "postgresql")
