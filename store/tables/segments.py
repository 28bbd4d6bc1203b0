"""Saved segments, how many clients they held each day, and custom attributes of clients."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Float, Index, Integer, String, Table

from store.sql.types import Json, UtcTime
from store.tables.base import build_id_column, metadata

segments = Table(
    "segments",
    metadata,
    build_id_column("slug", primary_key=True),
    Column("name", String(120), nullable=False),
    Column("owner", String(64), nullable=False, comment="who saved it last"),
    Column("filter", Json, nullable=False, comment="the tree; see models/segments.py"),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)

segment_counts = Table(
    "segment_counts",
    metadata,
    build_id_column("slug", primary_key=True),
    Column("day", Date, primary_key=True, comment="in UTC, of business time"),
    Column("clients", Integer, nullable=False),
)

attributes = Table(
    "attributes",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("type", String(8), nullable=False),
    Column("meaning", String(200), nullable=False),
    Column("in_mail", Boolean, nullable=False, comment="whether mail may speak of it"),
    Column("declared_by", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    comment="custom attributes, as the shop declared them",
)

client_attributes = Table(
    "client_attributes",
    metadata,
    build_id_column("client_id", primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("words", String(200), comment="of a text"),
    Column("number", Float),
    Column("flag", Boolean),
    Column("day", Date),
    Column("updated_at", UtcTime, nullable=False),
    Index("ix_client_attributes_words", "name", "words"),
    Index("ix_client_attributes_number", "name", "number"),
    Index("ix_client_attributes_day", "name", "day"),
)
