"""Streams that are read, and what could not be taken in of them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from store.sql.types import UtcTime
from store.tables.base import build_id_column, metadata

stream_offsets = Table(
    "stream_offsets",
    metadata,
    Column("topic", String(249), primary_key=True),
    Column("part", Integer, primary_key=True, comment="the partition"),
    Column("following", BigInteger, nullable=False, comment="the offset of the next message to take in"),
    comment="how far each stream was taken in, written with the rows of its messages",
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("letter_id", String(32), primary_key=True),
    Column("source", String(16), nullable=False, comment="events, items, stock or outbox"),
    Column("place", String(300), nullable=False, comment="topic, partition and offset; of the outbox empty"),
    Column("code", String(32), nullable=False),
    Column("field", String(80), nullable=False),
    Column("tries", Integer, nullable=False, comment="how often it was tried"),
    Column("at", UtcTime, nullable=False, comment="real time, of the latest try"),
    Index(None, "source", "at"),
    comment="what could not be taken in or sent for good; what it said stands apart",
)

dead_payloads = Table(
    "dead_payloads",
    metadata,
    Column("letter_id", String(32), primary_key=True),
    build_id_column("client_id", index=True, comment="whom it is about, where that can be read"),
    Column("body", Text, nullable=False),
    comment="what dead letters said: deleted with the client, and after SELVEDGE_DEAD_LETTER_DAYS",
)
