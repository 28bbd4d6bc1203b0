"""lists read indexes of clients who have no standing yet, which they carry a mark for, and of who signed up when"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0044"
down_revision: str | None = "0043"
branch_labels: None = None
depends_on: None = None

_MARK_NEW = (
    "UPDATE clients SET unassessed = true WHERE NOT EXISTS "
    "(SELECT 1 FROM standings WHERE standings.client_id = clients.client_id)"
)
_MARK_OTHERS = (
    "UPDATE clients SET unassessed = 0 WHERE EXISTS "
    "(SELECT 1 FROM standings WHERE standings.client_id = clients.client_id)"
)


def upgrade() -> None:
    """To this revision."""
    if op.get_bind().dialect.name == "postgresql":
        # PostgreSQL writes no row for a default, so that the few without a standing alone are written.
        op.add_column("clients", _build_column(sa.false()))
        op.execute(_MARK_NEW)
        op.alter_column("clients", "unassessed", server_default=sa.true())
    else:
        op.add_column("clients", _build_column(sa.true()))
        op.execute(_MARK_OTHERS)
    op.create_index("ix_clients_signed_up_at", "clients", ["signed_up_at"])
    op.create_index(
        "ix_clients_unassessed",
        "clients",
        ["client_id"],
        sqlite_where=sa.text("unassessed = 1"),
        postgresql_where=sa.text("unassessed"),
    )


def _build_column(default: sa.ColumnElement[bool]) -> sa.Column[bool]:
    return sa.Column("unassessed", sa.Boolean(), nullable=False, server_default=default, comment="has no standing yet")


def downgrade() -> None:
    """Back to the one before."""
    op.drop_index("ix_clients_unassessed", "clients")
    op.drop_index("ix_clients_signed_up_at", "clients")
    with op.batch_alter_table("clients", schema=None) as batch_op:
        batch_op.drop_column("unassessed")
