"""Bars of ten seconds of every followed market: what scores look prices up in.

Revision ID: 0003
Revises: 0002
"""

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_WHOLE: Final[TypeEngine[int]] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_REAL: Final[TypeEngine[float]] = sa.Double().with_variant(sa.REAL(), "sqlite")


def upgrade() -> None:
    fair = sa.CheckConstraint("fair IS NULL OR json_valid(fair)", op.f("ck_market_bars_fair_json"))
    op.create_table(
        "market_bars",
        sa.Column("run", _WHOLE, nullable=False),
        sa.Column("ticker", sa.Text, nullable=False),
        sa.Column("at", _WHOLE, nullable=False),
        sa.Column("yes_bid", _WHOLE),
        sa.Column("yes_ask", _WHOLE),
        sa.Column("trust", sa.Text, nullable=False),
        sa.Column("trusted_ms", _WHOLE, nullable=False),
        sa.Column("p_mid", _REAL),
        sa.Column("traded", _WHOLE, nullable=False),
        sa.Column("trades", _WHOLE, nullable=False),
        sa.Column("period", _WHOLE),
        sa.Column("p_books", _REAL),
        sa.Column("fair", sa.Text),
        sa.PrimaryKeyConstraint("run", "ticker", "at", name=op.f("pk_market_bars")),
        *([fair] if op.get_bind().dialect.name == "sqlite" else []),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_market_bars_run")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_market_bars_at"), "market_bars", ["at"])


def downgrade() -> None:
    op.drop_table("market_bars")
