"""What the shop sells, and what algorithms made of it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, String, Table, Text

from store.tables.base import ident, metadata
from store.types import Json, UtcTime

items = Table(
    "items",
    metadata,
    ident("item_id", primary_key=True),
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
    ident("sku", primary_key=True),
    ident("item_id", nullable=False, index=True),
    Column("size", String(64), nullable=False, default=""),
    Column("on_hand", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False, server_default="0", comment="units held for a Fix"),
)

revisions = Table(
    "revisions",
    metadata,
    ident("name", primary_key=True),
    Column("number", BigInteger, nullable=False, default=1),
    comment="raised by each change of what it names, so that a reader knows when to load it again",
)

decisions = Table(
    "decisions",
    metadata,
    ident("id", primary_key=True),
    Column("slot", String(16), nullable=False),
    Column("algorithm", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    ident("client_id", nullable=False),
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
    ident("id", primary_key=True),
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
