"""keys of changes of stock"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.types import UtcTime

revision: str = "0036"
down_revision: str | None = "0035"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "stock_changes",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("real_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_stock_changes")),
        comment="keys of changes of stock that were taken in, so that each counts once",
    )
    with op.batch_alter_table("stock_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stock_changes_real_at"), ["real_at"], unique=False)


def downgrade() -> None:
    """Back to the one before."""
    op.drop_table("stock_changes")
