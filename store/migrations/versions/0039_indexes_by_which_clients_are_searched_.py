"""indexes by which clients are searched and listed

PostgreSQL reads what begins with some letters by an index on the folded text; SQLite does not, so it has none.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

SEARCHED = (("id", "client_id"), ("email", "email"), ("name", "first_name"))

revision: str = "0039"
down_revision: str | None = "0038"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """To this revision."""
    if op.get_bind().dialect.name == "postgresql":
        for name, column in SEARCHED:
            folded = sa.text(f"lower({column}) text_pattern_ops")
            op.create_index(f"ix_clients_search_{name}", "clients", [folded])
    with op.batch_alter_table("standings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_standings_phase"))
        batch_op.create_index(batch_op.f("ix_standings_phase_client_id"), ["phase", "client_id"], unique=False)


def downgrade() -> None:
    """Back to the one before."""
    if op.get_bind().dialect.name == "postgresql":
        for name, _ in SEARCHED:
            op.drop_index(f"ix_clients_search_{name}", "clients")
    with op.batch_alter_table("standings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_standings_phase_client_id"))
        batch_op.create_index(batch_op.f("ix_standings_phase"), ["phase"], unique=False)
