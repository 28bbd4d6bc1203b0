"""Every table. Times are business time unless a comment says real."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from store.types import Json, UtcTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id(name: str, **options: Any) -> Column[str]:
    return Column(name, String(64), **options)


clients = Table(
    "clients",
    metadata,
    _id("client_id", primary_key=True),
    Column("email", String(254), nullable=False),
    Column("first_name", String(64), nullable=False, default=""),
    Column("time_zone", String(64), nullable=False),
    Column("time_zone_assumed", Boolean, nullable=False, default=False),
    Column("locale", String(20), nullable=False, default="en"),
    Column("signed_up_at", UtcTime, nullable=False),
    Column("consent", Boolean, nullable=False, default=False),
    Column("consent_at", UtcTime, comment="when the consent in force was given or withdrawn"),
    Column("sizes", Json, nullable=False, default=list),
    Column("tags", Json, nullable=False, default=list),
    Column("policy", Json, nullable=False, default=dict),
    Column("quiz", Json, comment="the latest style quiz, as answered"),
    Index(None, "email"),
)

engagement = Table(
    "engagement",
    metadata,
    _id("client_id", primary_key=True),
    Column("anchor_at", UtcTime, comment="latest event; the sums stand at this moment"),
    Column("frequency", Float, nullable=False, default=0.0),
    Column("monetary", Float, nullable=False, default=0.0),
    Column("last_order_at", UtcTime),
    Column("first_order_at", UtcTime),
    Column("orders", Integer, nullable=False, default=0),
    Column("orders_value_cents", BigInteger, nullable=False, default=0),
    comment="sufficient statistics, kept by ingestion in constant time an event",
)

standings = Table(
    "standings",
    metadata,
    _id("client_id", primary_key=True),
    Column("phase", String(16), nullable=False, index=True),
    Column("phase_since", UtcTime, nullable=False),
    Column("band", String(16), nullable=False),
    Column("score", Float, nullable=False),
    _id("assessment_id", nullable=False),
    Column("assessed_at", UtcTime, nullable=False),
    Column("crosses_at", UtcTime),
    Column("lift_score", Float, comment="an event that lifts the score past this nudges the workflow"),
    Column("wake_at", UtcTime),
    Column("next_touch_at", UtcTime),
    Column("why_not", Text, nullable=False, default=""),
    Column("next_n", Integer, nullable=False, default=1, comment="number of the client's next outreach"),
    comment="written by assessments alone",
)

events = Table(
    "events",
    metadata,
    _id("event_id", primary_key=True),
    _id("client_id", nullable=False),
    Column("type", String(24), nullable=False),
    Column("occurred_at", UtcTime, nullable=False),
    _id("item_id"),
    Column("quantity", Integer),
    Column("value_cents", BigInteger),
    Column("data", Json, comment="further fields of the type"),
    Index(None, "client_id", "occurred_at"),
    sqlite_with_rowid=False,
)

items = Table(
    "items",
    metadata,
    _id("item_id", primary_key=True),
    Column("title", String(200), nullable=False),
    Column("category", String(64), nullable=False, index=True),
    Column("brand", String(100), nullable=False, default=""),
    Column("colour", String(40), nullable=False, default=""),
    Column("price_cents", BigInteger, nullable=False),
    Column("cost_cents", BigInteger),
    Column("season", String(8), nullable=False, default="all"),
    Column("sizes", Json, nullable=False, default=list),
    Column("tags", Json, nullable=False, default=list),
    Column("sustainability", Float),
    Column("added_at", UtcTime, nullable=False),
)

stock = Table(
    "stock",
    metadata,
    _id("sku", primary_key=True),
    _id("item_id", nullable=False, index=True),
    Column("size", String(64), nullable=False, default=""),
    Column("on_hand", BigInteger, nullable=False),
)

assessments = Table(
    "assessments",
    metadata,
    _id("id", primary_key=True),
    _id("client_id", nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("score", Float, nullable=False),
    Column("band", String(16), nullable=False),
    Column("phase", String(16), nullable=False),
    Column("reason", String(32), nullable=False, default=""),
    Column("algorithm", String(64), nullable=False),
    Index(None, "client_id", "at"),
)

outreaches = Table(
    "outreaches",
    metadata,
    _id("client_id", primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("reason_key", String(160), nullable=False, comment="what it answers; makes allocation idempotent"),
    Column("kind", String(16), nullable=False),
    _id("campaign"),
    _id("assessment_id", nullable=False),
    Column("score", Float, nullable=False, comment="of that assessment; never recomputed"),
    Column("phase", String(16), nullable=False),
    Column("priority", Integer, nullable=False, default=0),
    Column("state", String(16), nullable=False),
    Column("code", String(64), nullable=False, default="", comment="why it stands so, in one stable word"),
    Column(
        "epoch",
        Integer,
        nullable=False,
        default=0,
        comment="of the campaign when it was parked; raised when a resume lets it queue again",
    ),
    Column("overdue", String(12), comment="what the resume said of lateness"),
    Column("send_at", UtcTime),
    Column("token", String(40), comment="fences out an older attempt that still runs"),
    Column("lease_until", UtcTime, comment="real time; a row in data is not judged before"),
    Column("message_id", String(200)),
    Column("composed_by", String(16), comment="model or house"),
    Column("prompt_version", String(40)),
    Column("brief", Json, comment="personal"),
    Column("draft", Json, comment="personal"),
    Column("picks", Json),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    UniqueConstraint("client_id", "reason_key"),
    Index(None, "state"),
    Index(None, "campaign", "state"),
    Index(None, "message_id"),
)

outreach_steps = Table(
    "outreach_steps",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    _id("client_id", nullable=False),
    Column("n", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("code", String(64), nullable=False, default=""),
    ForeignKeyConstraint(["client_id", "n"], ["outreaches.client_id", "outreaches.n"], ondelete="CASCADE"),
    Index(None, "client_id", "n"),
)

holds = Table(
    "holds",
    metadata,
    _id("client_id", primary_key=True),
    Column("source", String(16), primary_key=True),
    Column("since", UtcTime, nullable=False),
    Column("reason", String(120), nullable=False, default=""),
)

campaigns = Table(
    "campaigns",
    metadata,
    _id("slug", primary_key=True),
    Column("spec", Json, nullable=False),
    Column("state", String(12), nullable=False),
    Column("reason", String(120), nullable=False, default=""),
    Column("epoch", Integer, nullable=False, default=1),
    Column("overdue", String(12), nullable=False, default="replan"),
    Column("cursor", String(64), nullable=False, default="", comment="last client looked at by enrolment"),
    Column("enrolled_all", Boolean, nullable=False, default=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)

enrolments = Table(
    "enrolments",
    metadata,
    _id("campaign", primary_key=True),
    _id("client_id", primary_key=True),
    Column("entry", String(64), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("n", Integer),
    Column("code", String(64), nullable=False, default=""),
    Column("at", UtcTime, nullable=False),
    Index(None, "client_id", "state"),
    Index(None, "campaign", "state"),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("address_hash", String(64), primary_key=True, comment="keyed hash, so that it outlives an erasure"),
    Column("reason", String(32), nullable=False),
    Column("at", UtcTime, nullable=False),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("client_hash", String(64), primary_key=True),
    Column("at", UtcTime, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False, comment="client or campaign"),
    _id("target", nullable=False),
    Column("version", Integer, nullable=False, default=1, comment="raised by each coalesced change"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", UtcTime, nullable=False, comment="real time"),
    Column("leased_until", UtcTime, comment="real time"),
    UniqueConstraint("kind", "target"),
    Index(None, "due_at"),
)

model_calls = Table(
    "model_calls",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    _id("client_id", nullable=False),
    Column("n", Integer),
    Column("agent", String(16), nullable=False),
    Column("prompt_version", String(40), nullable=False),
    Column("model", String(64), nullable=False),
    Column("tokens_in", Integer, nullable=False, default=0),
    Column("tokens_out", Integer, nullable=False, default=0),
    Column("latency_ms", Float, nullable=False, default=0.0),
    Column("verdict", String(32), nullable=False, comment="ok, or the code of what went wrong"),
    Index(None, "client_id", "at"),
)

decisions = Table(
    "decisions",
    metadata,
    _id("id", primary_key=True),
    Column("slot", String(16), nullable=False),
    Column("algorithm", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    _id("client_id", nullable=False),
    Column("n", Integer),
    Column("at", UtcTime, nullable=False),
    Column("snapshot", String(64), nullable=False, default="", comment="id of the inputs it saw"),
    Column("answer", Json, nullable=False),
    Column("latency_ms", Float, nullable=False, default=0.0),
    Index(None, "client_id", "at"),
)

artefacts = Table(
    "artefacts",
    metadata,
    _id("id", primary_key=True),
    Column("slot", String(16), nullable=False),
    Column("algorithm", String(64), nullable=False),
    Column("path", Text, nullable=False, comment="relative to the home folder"),
    Column("window_from", UtcTime),
    Column("window_until", UtcTime),
    Column("metrics", Json, nullable=False, default=dict),
    Column("seed", Integer, nullable=False, default=0),
    Column("created_at", UtcTime, nullable=False),
    Column("live", Boolean, nullable=False, default=False),
)

clock = Table(
    "clock",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("real_anchor", UtcTime, nullable=False, comment="real time"),
    Column("business_anchor", UtcTime, nullable=False),
    Column("pace", Float, nullable=False),
    Column("seen_real", UtcTime, comment="real time; last sign of life, where a stopped clock stands"),
    Column("stands", Boolean, nullable=False, default=False),
)
