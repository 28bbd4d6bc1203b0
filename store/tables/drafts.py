"""Drafts that await a person, and what people did to them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, String, Table

from store.sql.types import UtcTime
from store.tables.base import build_id_column, metadata

drafts = Table(
    "drafts",
    metadata,
    build_id_column("client_id", primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    build_id_column("campaign"),
    Column("why", String(12), nullable=False),
    Column("likeness", String(16), nullable=False, comment="digest of the text without names"),
    Column("stage", String(12), nullable=False, comment="fresh, reminded or escalated"),
    Column("since", UtcTime, nullable=False),
    Column("claimed_by", String(64), nullable=False),
    Column("claimed_until", UtcTime, comment="real time; nobody else decides before"),
    Column("verdict", String(12), comment="none: nobody has decided"),
    Column("reason", String(120), nullable=False),
    Column("decided_by", String(64), nullable=False),
    Column("decided_at", UtcTime),
    ForeignKeyConstraint(["client_id", "n"], ["outreaches.client_id", "outreaches.n"], ondelete="CASCADE"),
    Index(None, "campaign", "kind", "likeness"),
    Index(None, "kind", "since"),
)
