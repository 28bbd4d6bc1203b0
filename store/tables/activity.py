"""The log of who changed what."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from store.sql.types import Json, UtcTime
from store.tables.base import build_id_column, metadata

activity = Table(
    "activity",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    Column("real_at", UtcTime, nullable=False, comment="real time"),
    Column("actor", String(64), nullable=False, comment="a person's or key's name, never a client's"),
    Column("role", String(16), nullable=False),
    Column("channel", String(16), nullable=False, comment="page, api, command, temporal, system"),
    Column("action", String(32), nullable=False, comment="of domain/permissions.py"),
    Column("subject_kind", String(16), nullable=False),
    Column("subject_id", String(80), nullable=False, comment="empty once its client was erased"),
    build_id_column("client_id", comment="whom it concerns, until erased"),
    Column("data", Json, nullable=False, comment="codes and counts, no personal data"),
    Index(None, "client_id", "id"),
    Index(None, "subject_kind", "subject_id", "id"),
    Index(None, "actor", "id"),
    Index(None, "real_at"),
)
