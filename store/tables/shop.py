"""The catalogue and stock with their revisions, and the decisions and artefacts of algorithms."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, LargeBinary, String, Table, Text

from store.sql.types import Json, SplitText, UtcTime
from store.tables.base import build_id_column, metadata

items = Table(
    "items",
    metadata,
    build_id_column("item_id", primary_key=True),
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
    Column("url", Text, nullable=False, server_default=""),
    Column("image_url", Text, nullable=False, server_default=""),
    Column("picture", String(64), nullable=False, server_default="", comment="hash of the fetched picture"),
    Column("description", Text, nullable=False, server_default=""),
    Column("materials", Json, nullable=False, server_default="[]"),
    Column("occasions", Json, nullable=False, server_default="[]"),
    Column("retired_at", UtcTime, comment="when the shop stopped selling it"),
)

item_pictures = Table(
    "item_pictures",
    metadata,
    build_id_column("item_id", primary_key=True),
    Column("image_url", Text, nullable=False),
    Column("state", String(8), nullable=False, default="waiting"),
    Column("code", String(64), nullable=False, default="", comment="why it could not be fetched"),
    Column("tries", Integer, nullable=False, default=0),
    Column("due_at", UtcTime, nullable=False, comment="real time; not tried before"),
    Index(None, "state", "due_at"),
    comment="pictures of items that are to be fetched from the shop",
)

stock = Table(
    "stock",
    metadata,
    build_id_column("sku", primary_key=True),
    build_id_column("item_id", nullable=False, index=True),
    Column("size", String(64), nullable=False, default=""),
    Column("on_hand", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False, server_default="0", comment="units held for a Fix"),
    Column("counted_at", UtcTime, index=True, comment="real time at which the shop last sent its count or a change"),
)

stock_changes = Table(
    "stock_changes",
    metadata,
    build_id_column("key", primary_key=True),
    Column("real_at", UtcTime, nullable=False, index=True),
    comment="keys of changes of stock that were taken in, so that each counts once",
)

item_sightings = Table(
    "item_sightings",
    metadata,
    build_id_column("item_id", primary_key=True),
    Column("in_stock", Boolean, comment="none: its stock is not counted"),
    Column("price_cents", BigInteger, nullable=False),
    comment="how items stood at the last look, while a campaign waits for one to come back or to become cheaper",
)

item_occasions = Table(
    "item_occasions",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False),
    build_id_column("item_id", nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("was_cents", BigInteger, nullable=False),
    Column("is_cents", BigInteger, nullable=False),
    Column("cursor", String(64), nullable=False, comment="the last client who was told"),
    comment="items that came back or became cheaper, until all who wished for one were told",
)

revisions = Table(
    "revisions",
    metadata,
    build_id_column("name", primary_key=True),
    Column("number", BigInteger, nullable=False, default=1),
    comment="raised by each change of what it names, so that a reader knows when to load it again",
)

client_changes = Table(
    "client_changes",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    build_id_column("client_id", nullable=False, index=True),
    comment="whose profile or behaviour changed, in order, for whoever holds clients in memory; the latest are kept",
    sqlite_autoincrement=True,  # a number is never given twice, not even after an erasure deleted the latest row
)

decisions = Table(
    "decisions",
    metadata,
    build_id_column("id", primary_key=True),
    Column("slot", String(16), nullable=False),
    Column("role", String(8), nullable=False, default="live", comment="live: it was used; shadow: only asked"),
    build_id_column("client_id", nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("question", String(64), nullable=False, default="", comment="digest; live and shadow answers share it"),
    build_id_column("variant", nullable=False, default="house", comment="who was to answer"),
    Column("experiment", SplitText, nullable=False, default="", comment="the split in force"),
    Column("algorithm", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    Column("propensity", Float),
    Column("seconds", Float, nullable=False, default=0.0, comment="real"),
    Column("answer", Json, comment="none where a shadow gave no valid one"),
    Column("faults", Json, nullable=False, default=list),
    Column("n", Integer, comment="of the outreach that it is for"),
    build_id_column("fix_id"),
    Index(None, "client_id", "at"),
    Index(None, "slot", "role", "at"),
    Index(None, "question"),
)

questions = Table(
    "questions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("slot", String(16), nullable=False),
    build_id_column("client_id", nullable=False, index=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("body", LargeBinary, nullable=False, comment="JSON, compressed; personal"),
    comment="what was asked where an answer was used, for a while",
)

artefacts = Table(
    "artefacts",
    metadata,
    build_id_column("id", primary_key=True),
    Column("slot", String(16), nullable=False),
    Column("algorithm", String(64), nullable=False),
    Column("path", Text, nullable=False, comment="relative to the home folder"),
    Column("window_from", UtcTime),
    Column("window_until", UtcTime),
    Column("metrics", Json, nullable=False, default=dict),
    Column("seed", Integer, nullable=False, default=0),
    Column("created_at", UtcTime, nullable=False),
    Column("live", Boolean, nullable=False, default=False),
    Column("served_at", UtcTime, comment="when it last began to serve"),
)
