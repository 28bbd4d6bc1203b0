"""openings in figures, words by which clients are searched, stylists' notes

PostgreSQL reads the words of names and addresses by an index; SQLite reads the table, so it has none.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

WORDS = "to_tsvector('simple', translate((first_name || ' ') || split_part(email, '@', 1), '._+-/''', '      '))"
COUNTED = "type IN ('order_placed', 'order_returned', 'email_clicked')"
COUNTED_NOW = "type IN ('order_placed', 'order_returned', 'email_clicked', 'email_opened')"

revision: str = "0040"
down_revision: str | None = "0039"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """To this revision."""
    with op.batch_alter_table("fixes", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("stylist_note", sa.Text(), nullable=True, comment="a stylist's words for the client")
        )
    _index_counted(COUNTED_NOW)
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_clients_words", "clients", [sa.text(WORDS)], postgresql_using="gin")


def downgrade() -> None:
    """Back to the one before."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_clients_words", "clients")
    _index_counted(COUNTED)
    with op.batch_alter_table("fixes", schema=None) as batch_op:
        batch_op.drop_column("stylist_note")


def _index_counted(rows: str) -> None:
    where = sa.text(rows)
    op.drop_index("ix_events_counted", "events")
    op.create_index("ix_events_counted", "events", ["occurred_at"], sqlite_where=where, postgresql_where=where)
