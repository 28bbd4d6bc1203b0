"""Webhooks that go out: endpoints of other systems, what each is told, and the messages to it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from store.sql.types import Json, UtcTime
from store.tables.base import build_id_column, metadata

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    build_id_column("name", primary_key=True),
    Column("url", Text, nullable=False),
    Column("state", String(8), nullable=False, comment="enabled or disabled"),
    Column("why", String(120), nullable=False, comment="why it is disabled"),
    Column("secret", Text, nullable=False, comment="sealed with the signing key"),
    Column("old_secret", Text, nullable=False, comment="sealed; signs too until old_until; empty: none"),
    Column("old_until", UtcTime, comment="real time"),
    Column("failing_since", UtcTime, comment="real time; no try succeeded since"),
    Column("created_at", UtcTime, nullable=False, comment="real time"),
    Column("created_by", String(64), nullable=False),
)

webhook_subscriptions = Table(
    "webhook_subscriptions",
    metadata,
    Column("type", String(24), primary_key=True),
    Column(
        "endpoint", String(64), ForeignKey("webhook_endpoints.name", ondelete="CASCADE"), primary_key=True, index=True
    ),
    comment="what each endpoint is told",
)

webhook_messages = Table(
    "webhook_messages",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("endpoint", String(64), ForeignKey("webhook_endpoints.name", ondelete="CASCADE"), nullable=False),
    Column("message_id", String(64), nullable=False, comment="the same for all endpoints and tries"),
    Column("type", String(24), nullable=False),
    Column("at", UtcTime, nullable=False, index=True, comment="business time"),
    build_id_column("client_id", index=True),
    Column("n", Integer, comment="of the client's mail"),
    Column("data", Json, nullable=False),
    Column("state", String(10), nullable=False, comment="waiting, delivered, failed or held"),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcTime, comment="real time; none: at once"),
    Column("leased_until", UtcTime, comment="real time"),
    Column("tries", Json, nullable=False, comment="the latest tries: when, status or fault, milliseconds"),
    UniqueConstraint("endpoint", "message_id"),
    Index(None, "endpoint", "state", "due_at"),
    comment="an outbox: written in the transaction of what it tells",
)
