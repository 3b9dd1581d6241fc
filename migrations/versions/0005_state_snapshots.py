"""Snapshots of what the journal was folded to, so that a start need not fold it from its beginning.

Revision ID: 0005
Revises: 0004
"""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_WHOLE: Final[TypeEngine[int]] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "state_snapshots",
        sa.Column("run", _WHOLE, nullable=False),
        sa.Column("seq", _WHOLE, nullable=False),
        sa.Column("at", _WHOLE, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("chain", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("run", "seq", name=op.f("pk_state_snapshots")),
        sa.CheckConstraint("seq > 0", op.f("ck_state_snapshots_seq_positive")),
        sa.CheckConstraint("length(chain) = 32", op.f("ck_state_snapshots_chain_length")),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_state_snapshots_run")),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("state_snapshots")
