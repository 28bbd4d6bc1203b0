"""What was counted for each day."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table

from store.tables.base import metadata

day_tallies = Table(
    "day_tallies",
    metadata,
    Column("day", String(10), primary_key=True, comment="of business time in UTC, as 2026-11-21"),
    Column("tally", String(24), primary_key=True),
    Column("amount", BigInteger, nullable=False, comment="a number, or cents"),
    comment="counted anew each night for the last weeks; older days stay",
)
