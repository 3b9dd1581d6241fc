"""SQLite refuses to replace a line of the journal, a fill or a posting by a new one of the same key.

Revision ID: 0002
Revises: 0001
"""

from typing import Final

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEYS: Final = {
    "journal": (("run", "seq"),),
    "fills": (("run", "seq"), ("run", "fill_id")),
    "ledger_entries": (("run", "seq", "ordinal"), ("run", "entry_id", "ordinal")),
}
"""The keys of each table as they were in this revision."""


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return  # PostgreSQL has no such statement; its upserts are updates and were refused before.
    for table, keys in KEYS.items():
        there = " OR ".join(" AND ".join(f"{column} = NEW.{column}" for column in key) for key in keys)
        same_key = f"SELECT 1 FROM {table} WHERE {there}"  # noqa: S608 - names of our own tables
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS ({same_key}) "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in KEYS:
            op.execute(f"DROP TRIGGER {table}_no_replace")
