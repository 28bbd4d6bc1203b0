"""Offers of the shop."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from store.sql.types import Json, UtcTime
from store.tables.base import build_id_column, metadata

offers = Table(
    "offers",
    metadata,
    build_id_column("slug", primary_key=True),
    Column("name", String(120), nullable=False),
    Column("code", String(30), nullable=False, unique=True, comment="in capitals: orders name it in any case"),
    Column("terms", Json, nullable=False, comment="see models/offers.py"),
    Column("state", String(8), nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("decided_by", String(64), nullable=False, default="", comment="who approved it"),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    comment="rows change their state; terms change in a draft alone",
)
