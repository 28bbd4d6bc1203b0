"""Fixes: requests, proposals, held units, waves and shadow prices of stock."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from store.sql.types import Json, UtcTime
from store.tables.base import build_id_column, metadata

fixes = Table(
    "fixes",
    metadata,
    build_id_column("fix_id", primary_key=True),
    build_id_column("client_id", nullable=False),
    build_id_column("request_key", comment="what the caller named the request, so that asking twice is asking once"),
    Column("wish", Json, nullable=False, comment="as asked; the note apart"),
    Column("note", Text, comment="client-written"),
    Column("note_read", Json, comment="the note as fields, as an agent read it"),
    Column("stylist_note", Text, comment="a stylist's words for the client"),
    Column("wave", Boolean, nullable=False, default=False, comment="waits for the next wave"),
    build_id_column("wave_id", comment="the wave that assembled it"),
    Column("state", String(16), nullable=False),
    Column("code", String(64), nullable=False, default=""),
    Column("candidates", Json, comment="FixItems as ranked, with the reason of each that was left out"),
    Column(
        "question", Json, comment="the assembly as it was asked; with the version and seed the box can be made again"
    ),
    Column("box", Json, comment="skus as assembled; once they are held, fix_items says what is in it"),
    Column("algorithm", String(64), nullable=False, default=""),
    Column("version", String(64), nullable=False, default=""),
    Column("objective", Float),
    Column("assembled", Integer, nullable=False, default=0, comment="how often a box was assembled"),
    Column("due_at", UtcTime, comment="when to go on without a wave"),
    Column("decide_by", UtcTime),
    Column("decided_by", String(64), nullable=False, default=""),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("shipped_at", UtcTime),
    Index("uq_fixes_request", "client_id", "request_key", unique=True),
    Index(None, "state", "due_at"),
    Index(None, "updated_at"),
)

fix_items = Table(
    "fix_items",
    metadata,
    build_id_column("fix_id", primary_key=True),
    build_id_column("sku", primary_key=True),
    build_id_column("item_id", nullable=False),
    Column("size", String(64), nullable=False, default=""),
    Column("category", String(64), nullable=False, default=""),
    Column("colour", String(64), nullable=False, default=""),
    Column("price_cents", BigInteger, nullable=False),
    Column("score", Float, nullable=False),
    Column("p_fit", Float, nullable=False, default=1.0),
    Column("liking", Float, nullable=False, default=0.0, comment="standardised score of the ranking"),
    Column("role", String(16), nullable=False, server_default="other", comment="what it is worn as"),
    Column("price_ratio", Float, nullable=False, server_default="0", comment="log of the price over its category's"),
    Column("reach", Float, nullable=False, server_default="0", comment="log of the price over what the client pays"),
    Column("answered", Float, nullable=False, server_default="0", comment="wishes of the client that it answers"),
    Column("state", String(16), nullable=False, comment="held, expired, released, sold, kept, returned"),
    Column("held_until", UtcTime, comment="a hold past this may be taken by another; none: a firm one"),
    Column("fit", String(8), comment="feedback: small, fit, large"),
    Column("feedback", Json, comment="feedback: price, style, quality"),
    Column("note", Text, comment="feedback: client-written"),
    Column("feedback_at", UtcTime, comment="when the feedback in force was given"),
    Column("updated_at", UtcTime, nullable=False),
    ForeignKeyConstraint(["fix_id"], ["fixes.fix_id"]),
    Index(None, "sku", "state"),
    Index(None, "state", "held_until"),
    Index(None, "feedback_at"),
    comment="the box: a unit held counts in stock.reserved",
)

fix_steps = Table(
    "fix_steps",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    build_id_column("fix_id", nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("code", String(64), nullable=False, default=""),
    Column("data", Json, comment="skus put in and taken out, and why"),
    Index(None, "fix_id"),
)

waves = Table(
    "waves",
    metadata,
    build_id_column("wave_id", primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("state", String(16), nullable=False, comment="ranking, assembling, proposing, done, cancelled"),
    Column("plan", Json, nullable=False, comment="the Fixes of each part, fixed when the wave begins"),
    Column("report", Json),
)

wave_parts = Table(
    "wave_parts",
    metadata,
    build_id_column("wave_id", primary_key=True),
    Column(
        "name",
        String(64),
        primary_key=True,
        comment="problem/3: what part 3 asks; answer/2/3: what it answered in turn 2",
    ),
    Column("at", UtcTime, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="arrays (numpy's npz)"),
    comment="what the parts of a wave tell each other, wherever they are worked on",
)

stock_prices = Table(
    "stock_prices",
    metadata,
    build_id_column("sku", primary_key=True),
    Column("price", Float, nullable=False, comment="score that one unit more would have brought the last wave"),
    Column("free", BigInteger, nullable=False, comment="units that its boxes left"),
    Column("usual", Float, nullable=False, comment="mean score of what was ranked"),
    build_id_column("wave_id", nullable=False),
    Column("at", UtcTime, nullable=False),
)
