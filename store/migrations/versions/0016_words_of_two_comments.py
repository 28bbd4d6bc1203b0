"""words of two comments"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: None = None
depends_on: None = None

KEY: tuple[str, str] = ("the occasion that it answers", "the trigger that it answers")
ANSWERED: tuple[str, str] = (
    "occasions of the spell that were answered without a mail",
    "triggers of the episode that were answered without a mail",
)
"""The comment before and after."""


def upgrade() -> None:
    """To this revision."""
    _comment(0, 1)


def downgrade() -> None:
    """Back to the one before."""
    _comment(1, 0)


def _comment(old: int, new: int) -> None:
    if op.get_bind().dialect.name != "postgresql":  # SQLite keeps no comments
        return
    json = postgresql.JSONB()
    op.alter_column(
        "calls",
        "key",
        existing_type=sa.String(160),
        existing_comment=KEY[old],
        comment=KEY[new],
        existing_nullable=False,
    )
    op.alter_column("standings", "answered", existing_type=json, existing_comment=ANSWERED[old], comment=ANSWERED[new])
