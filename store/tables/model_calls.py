"""Calls of language models: their cost, what was said in them, and what calls have cost together."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from store.sql.types import Json, UtcTime
from store.tables.base import build_id_column, metadata

model_calls = Table(
    "model_calls",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    build_id_column("client_id", nullable=False),
    Column("n", Integer),
    Column("agent", String(16), nullable=False),
    Column("prompt_version", String(40), nullable=False),
    Column("model", String(64), nullable=False),
    Column("tokens_in", Integer, nullable=False, default=0),
    Column("tokens_out", Integer, nullable=False, default=0),
    Column("cost_micros", BigInteger, nullable=False, default=0, server_default="0", comment="millionths of a unit"),
    Column("latency_ms", Float, nullable=False, default=0.0),
    Column("verdict", String(32), nullable=False, comment="ok, or the code of what went wrong"),
    Index(None, "client_id", "at"),
)

model_transcripts = Table(
    "model_transcripts",
    metadata,
    Column(
        "call_id",
        BigInteger().with_variant(Integer, "sqlite"),
        ForeignKey("model_calls.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    build_id_column("client_id", nullable=False, index=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("parameters", Json, nullable=False),
    Column("messages", Json, nullable=False, comment="personal"),
    Column("answer", Text, nullable=False, comment="personal"),
    Column("faults", Json, nullable=False, comment="personal"),
)

model_spend = Table(
    "model_spend",
    metadata,
    Column("scope", String(12), primary_key=True, comment="campaign, day or total"),
    Column("key", String(64), primary_key=True, comment="the campaign, the day, or empty"),
    Column("calls", Integer, nullable=False),
    Column("tokens", BigInteger, nullable=False, comment="of calls under way as estimated"),
    Column("micros", BigInteger, nullable=False, comment="millionths of the unit of prices"),
)
