"""when stock was counted"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.types import UtcTime

revision: str = "0038"
down_revision: str | None = "0037"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """To this revision."""
    with op.batch_alter_table("stock", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "counted_at",
                UtcTime(),
                nullable=True,
                comment="real time at which the shop last sent its count or a change",
            )
        )
        batch_op.create_index(batch_op.f("ix_stock_counted_at"), ["counted_at"], unique=False)


def downgrade() -> None:
    """Back to the one before."""
    with op.batch_alter_table("stock", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stock_counted_at"))
        batch_op.drop_column("counted_at")
