"""What anonymous visitors did lately."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table

from store.sql.types import Json, UtcTime
from store.tables.base import build_id_column, metadata

visit_events = Table(
    "visit_events",
    metadata,
    build_id_column("visit", primary_key=True),
    build_id_column("event_id", primary_key=True),
    Column("type", String(16), nullable=False),
    Column("items", Json, nullable=False, comment="the item, or what a search found; the words are not kept"),
    Column("at", UtcTime, nullable=False),
    Index(None, "at"),
    comment="events of visits whose client is not known, for some hours; nothing in them names a person",
)
