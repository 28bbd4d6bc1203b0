"""Nightly trainings (Refreshes), and the lists that they compute."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from store.sql.types import Json, UtcTime
from store.tables.base import build_id_column, metadata

refreshes = Table(
    "refreshes",
    metadata,
    build_id_column("refresh_id", primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("state", String(16), nullable=False, comment="learning, picking, comparing, done"),
    Column("plan", Json, nullable=False, comment="days looked at, slots, and the first client of each shard"),
    Column("report", Json, nullable=False),
)

top_picks = Table(
    "top_picks",
    metadata,
    build_id_column("client_id", primary_key=True),
    Column("context", String(16), primary_key=True),
    Column("at", UtcTime, nullable=False),
    build_id_column("refresh_id", nullable=False, index=True),
    Column("algorithm", String(64), nullable=False),
    Column("artefact", String(64), nullable=False, comment="the version that chose"),
    Column("items", Json, nullable=False, comment="best first, with scores"),
)
