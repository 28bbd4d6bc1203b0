"""versions of the lifecycle's campaigns

The campaigns themselves are installed after the migrations (`store/campaigns/shipped.py`).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0042"
down_revision: str | None = "0041"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """To this revision."""
    with op.batch_alter_table("campaigns", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "sequence",
                sa.Integer(),
                nullable=True,
                comment="of one that mails a phase of the lifecycle: the version by which clients go; they have no places",
            )
        )
        batch_op.create_index(batch_op.f("ix_campaigns_sequence"), ["sequence"], unique=False)


def downgrade() -> None:
    """Back to the one before, which knows no campaigns of phases and would mail them to everybody."""
    sequences = "SELECT slug FROM campaigns WHERE sequence IS NOT NULL"
    op.execute(f"DELETE FROM campaign_versions WHERE slug IN ({sequences})")  # noqa: S608 (words of ours)
    op.execute("DELETE FROM campaigns WHERE sequence IS NOT NULL")
    with op.batch_alter_table("campaigns", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_campaigns_sequence"))
        batch_op.drop_column("sequence")
