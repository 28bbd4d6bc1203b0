"""Flags, who is in which arm of what, and who saw it: of flags, of splits between algorithms, of texts of campaigns."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, String, Table, text

from store.sql.types import Json, UtcTime
from store.tables.base import build_id_column, metadata

OF_VISITS: Final = "subject LIKE 'visit.%'"
"""The condition of rows of visits, as the index of them has it."""

flags = Table(
    "flags",
    metadata,
    build_id_column("slug", primary_key=True),
    Column("state", String(8), nullable=False),
    Column("definition", Json, nullable=False, comment="see models/flags.py"),
    Column("space", Json, nullable=False, comment="its buckets of the namespace while it runs: [from, to) each"),
    Column("parts", Json, nullable=False, comment="the buckets of each arm"),
    Column("created_by", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("started_at", UtcTime),
    Column("since", UtcTime, comment="from when its figures count: its start, or the last change of shares"),
    Column("stopped_at", UtcTime),
)

assignments = Table(
    "assignments",
    metadata,
    build_id_column("subject", primary_key=True, comment="a client, or the key of a visit for some hours"),
    Column("kind", String(8), primary_key=True, comment="flag, slot or campaign"),
    Column("experiment", String(140), primary_key=True, comment="slug of a flag; slot/algorithms; campaign/step"),
    build_id_column("arm", nullable=False),
    Column("assigned_at", UtcTime, nullable=False),
    Column("kept", Boolean, nullable=False, default=False, comment="from a visit, in the place of what the hash says"),
    Index(None, "kind", "experiment", "arm"),
    comment="in which arm of what somebody is, each once",
)

exposures = Table(
    "exposures",
    metadata,
    build_id_column("subject", primary_key=True, comment="as in assignments"),
    Column("kind", String(8), primary_key=True),
    Column("experiment", String(140), primary_key=True),
    build_id_column("arm", primary_key=True),
    Column("at", UtcTime, nullable=False, comment="when they first saw it"),
    Index(None, "kind", "experiment", "at"),
    Index("ix_exposures_visits", "at", sqlite_where=text(OF_VISITS), postgresql_where=text(OF_VISITS)),
    comment="who saw which arm, each once",
)

visit_tallies = Table(
    "visit_tallies",
    metadata,
    build_id_column("flag", primary_key=True),
    build_id_column("arm", primary_key=True),
    Column("visits", BigInteger, nullable=False),
    Column("clicked", BigInteger, nullable=False, comment="of them with a click"),
    Column("minutes", Float, nullable=False, comment="from first to last event, added up"),
    Column("minutes_squared", Float, nullable=False),
    comment="what came of anonymous visits whose rows are gone, since the flag's figures count",
)
