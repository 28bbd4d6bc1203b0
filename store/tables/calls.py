"""Calls for stylists to make in place of a mail."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, UniqueConstraint, text

from store.sql.types import UtcTime
from store.tables.base import build_id_column, metadata

_OPEN = text("state = 'open'")

calls = Table(
    "calls",
    metadata,
    build_id_column("call_id", primary_key=True),
    build_id_column("client_id", nullable=False),
    Column("key", String(160), nullable=False, comment="the trigger that it answers"),
    Column("reason", String(16), nullable=False, comment="the kind of mail in whose place it is"),
    build_id_column("assessment_id", nullable=False),
    Column("day", String(10), nullable=False, comment="the shop's own"),
    Column("place", Integer, nullable=False, comment="among that day's calls, from 1: so a limit holds in any race"),
    Column("state", String(8), nullable=False, comment="open, done, dropped"),
    Column("outcome", String(64), nullable=False, default="", comment="how it ended, in one stable word"),
    Column("by", String(64), nullable=False, default=""),
    Column("created_at", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False, comment="dropped then, if it is still open"),
    Column("done_at", UtcTime),
    UniqueConstraint("client_id", "key"),
    UniqueConstraint("day", "place"),
    Index("uq_calls_open", "client_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index(None, "state", "created_at"),
)
