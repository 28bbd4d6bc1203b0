"""carts are counted for the figures by an index of their own"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

CARTS = sa.text("type = 'added_to_cart'")

revision: str = "0041"
down_revision: str | None = "0040"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """To this revision."""
    op.create_index("ix_events_carts", "events", ["occurred_at"], sqlite_where=CARTS, postgresql_where=CARTS)


def downgrade() -> None:
    """Back to the one before."""
    op.drop_index("ix_events_carts", "events")
