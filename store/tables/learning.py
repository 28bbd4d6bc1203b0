"""Posteriors and reading hours, learnt of all clients together; no client is in them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, String, Table

from store.sql.types import Json, UtcTime
from store.tables.base import build_id_column, metadata

beliefs = Table(
    "beliefs",
    metadata,
    Column("slot", String(16), primary_key=True),
    Column("version", Integer, nullable=False, comment="raised by each lesson; one is kept on condition of the last"),
    Column("at", UtcTime, nullable=False, comment="of the last decision that has taught"),
    build_id_column("decision", nullable=False, comment="its id"),
    Column("lessons", BigInteger, nullable=False, default=0, comment="decisions that have taught"),
    Column("state", Json, nullable=False),
)

reading_hours = Table(
    "reading_hours",
    metadata,
    Column("cohort", String(200), primary_key=True, comment="a tag or style; empty: everybody"),
    Column("clients", Integer, nullable=False),
    Column(
        "counts", Json, nullable=False, comment="human opens and clicks in each of the 24 hours of the client's day"
    ),
)
