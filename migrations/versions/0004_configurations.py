"""What a run was configured with, beside its strategies: two runs can be compared key by key.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runs", sa.Column("configuration", sa.Text))


def downgrade() -> None:
    op.drop_column("runs", "configuration")
