"""Clients, their events, and their latest assessment."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, String, Table, Text, func, text, true

from store.sql.types import Json, UtcTime
from store.tables.base import build_id_column, metadata

ORDER_ROWS: Final = "type IN ('order_placed', 'order_returned')"
"""Which events are order lines and returns; SQLite uses their index only for a query that says exactly this."""
COUNTED_ROWS: Final = "type IN ('order_placed', 'order_returned', 'email_clicked', 'email_opened')"
"""Which events the figures of a day are counted from; as above."""
CART_ROWS: Final = "type = 'added_to_cart'"
"""Which events put something in a cart; as above."""
WORDS: Final = "to_tsvector('simple', translate((first_name || ' ') || split_part(email, '@', 1), '._+-/''', '      '))"
"""The words of the name and of what stands before the @ of the address; PostgreSQL uses their index only for a query
that says exactly this, and gives it back with these brackets."""
WISHES: Final = "type = 'wishlisted'"
"""Which events say that a client wishes for an item; as above."""

clients = Table(
    "clients",
    metadata,
    build_id_column("client_id", primary_key=True),
    Column("email", String(254), nullable=False),
    Column("first_name", String(64), nullable=False, default=""),
    Column("time_zone", String(64), nullable=False),
    Column("time_zone_assumed", Boolean, nullable=False, default=False),
    Column("locale", String(20), nullable=False, default="en"),
    Column("country", String(2), nullable=False, default="", server_default="", comment="as the shop states it"),
    Column("signed_up_at", UtcTime, nullable=False),
    Column("consent", Boolean, nullable=False, default=False),
    Column("consent_at", UtcTime, comment="when the consent in force was given or withdrawn"),
    Column("consent_source", String(32), nullable=False, default="", server_default="", comment="where that was said"),
    Column("purposes", Json, nullable=False, default=dict, server_default="{}", comment="other purposes of consent"),
    Column("sizes", Json, nullable=False, default=list),
    Column("tags", Json, nullable=False, default=list),
    Column("policy", Json, nullable=False, default=dict),
    Column("quiz", Json, comment="the latest style quiz, as answered"),
    Column("cleared_at", UtcTime, comment="the withdrawal of the mailbox after which this client consented again"),
    Column("pending_email", String(254), comment="an address that the client has to confirm by a letter to it"),
    Column("pending_since", UtcTime),
    Column("mailbox", String(64), nullable=False, default="", server_default="", comment="keyed hash, many may share"),
    Column("unassessed", Boolean, nullable=False, default=True, server_default=true(), comment="has no standing yet"),
    Index(None, "email"),
    Index(None, "signed_up_at"),
    Index(
        "ix_clients_unassessed", "client_id", sqlite_where=text("unassessed = 1"), postgresql_where=text("unassessed")
    ),
    Index(None, "mailbox"),
    Index(
        "ix_clients_tags",
        "tags",
        postgresql_using="gin",
        postgresql_ops={"tags": "jsonb_path_ops"},
        sqlite_where=text("client_id = ''"),  # as ix_events_type: for PostgreSQL alone
    ),
)

for _name, _column in (("id", clients.c.client_id), ("email", clients.c.email), ("name", clients.c.first_name)):
    # What a search reads on PostgreSQL: who begins with some letters, capitals or not, under whatever collation.
    Index(
        f"ix_clients_search_{_name}",
        func.lower(_column).label("folded"),
        postgresql_ops={"folded": "text_pattern_ops"},
    ).ddl_if(dialect="postgresql")

clients.append_constraint(Index("ix_clients_words", text(WORDS), postgresql_using="gin").ddl_if(dialect="postgresql"))

engagement = Table(
    "engagement",
    metadata,
    build_id_column("client_id", primary_key=True),
    Column("anchor_at", UtcTime, comment="latest event; the sums stand at this moment"),
    Column("frequency", Float, nullable=False, default=0.0),
    Column("monetary", Float, nullable=False, default=0.0),
    Column("last_order_at", UtcTime),
    Column("first_order_at", UtcTime),
    Column("orders", Integer, nullable=False, default=0),
    Column("orders_value_cents", BigInteger, nullable=False, default=0),
    comment="sufficient statistics, kept by ingestion in constant time an event",
)

tastes = Table(
    "tastes",
    metadata,
    build_id_column("client_id", primary_key=True),
    Column("until", UtcTime, nullable=False, index=True, comment="all that occurred up to then is in the sums"),
    Column("sums", Json, nullable=False, comment="see domain/profiles.py; words of the catalogue, none of the client"),
)

standings = Table(
    "standings",
    metadata,
    build_id_column("client_id", primary_key=True),
    Column("phase", String(16), nullable=False),
    Column("phase_since", UtcTime, nullable=False),
    Column("band", String(16), nullable=False),
    Column("score", Float, nullable=False),
    Column("risk", Float, comment="chance of having left; none: the risk algorithm had no part"),
    build_id_column("assessment_id", nullable=False),
    Column("assessed_at", UtcTime, nullable=False),
    Column("crosses_at", UtcTime),
    Column("lift_score", Float, comment="an event that lifts the score past this nudges the workflow"),
    Column("order_moves", Boolean, nullable=False, default=False, comment="an order nudges it, whatever the score"),
    Column("wake_at", UtcTime),
    Column("next_touch_at", UtcTime),
    Column("why_not", Text, nullable=False, default=""),
    Column("next_n", Integer, nullable=False, default=1, comment="number of the client's next outreach"),
    Column("answered", Json, comment="triggers of the episode that were answered without a mail"),
    Index(None, "phase", "client_id"),
    comment="written by assessments alone",
)

assessments = Table(
    "assessments",
    metadata,
    build_id_column("id", primary_key=True),
    build_id_column("client_id", nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("score", Float, nullable=False),
    Column("band", String(16), nullable=False),
    Column("phase", String(16), nullable=False),
    Column("reason", String(32), nullable=False, default=""),
    Column("algorithm", String(64), nullable=False),
    Column("risk", Json, comment="what the risk algorithm said, its version and why; none: it had no part"),
    Index(None, "client_id", "at"),
)

events = Table(
    "events",
    metadata,
    build_id_column("event_id", primary_key=True),
    build_id_column("client_id", nullable=False),
    Column("type", String(24), nullable=False),
    Column("occurred_at", UtcTime, nullable=False),
    build_id_column("item_id"),
    Column("quantity", Integer),
    Column("value_cents", BigInteger),
    Column("data", Json, comment="further fields of the type"),
    Index(None, "client_id", "occurred_at"),
    Index(
        "ix_events_orders",
        "client_id",
        "occurred_at",
        sqlite_where=text(ORDER_ROWS),
        postgresql_where=text(ORDER_ROWS),
    ),
    Index(
        "ix_events_counted",
        "occurred_at",
        sqlite_where=text(COUNTED_ROWS),
        postgresql_where=text(COUNTED_ROWS),
    ),
    Index(
        "ix_events_carts",
        "occurred_at",
        sqlite_where=text(CART_ROWS),
        postgresql_where=text(CART_ROWS),
    ),
    Index(
        "ix_events_wishes",
        "item_id",
        "client_id",
        sqlite_where=text(WISHES),
        postgresql_where=text(WISHES),
    ),
    Index(
        "ix_events_type",
        "type",
        "occurred_at",
        postgresql_include=["client_id", "item_id", "value_cents"],
        sqlite_where=text("type = ''"),  # for segments on PostgreSQL; on SQLite it holds nothing and costs nothing
    ),
    sqlite_with_rowid=False,
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("client_hash", String(64), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("erased_at", UtcTime, comment="when nothing was left of them"),
)
