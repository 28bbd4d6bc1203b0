"""The clock and the outbox, which the processes share."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, String, Table, UniqueConstraint, false

from store.sql.types import UtcTime
from store.tables.base import metadata

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False, comment="client, campaign, fix, erasure or mail"),
    Column("target", String(80), nullable=False, comment="an id; of a mail the client's, a colon and its number"),
    Column("version", Integer, nullable=False, default=1, comment="raised by each coalesced change"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", UtcTime, nullable=False, comment="real time"),
    Column("leased_until", UtcTime, comment="real time"),
    Column("held", Boolean, nullable=False, server_default=false(), comment="until the shop says go"),
    Column("lane", Integer, nullable=False, server_default="1", comment="0 steering, 1 fresh, 2 bulk"),
    UniqueConstraint("kind", "target"),
    Index(None, "lane", "due_at"),
)

lost_workflows = Table(
    "lost_workflows",
    metadata,
    Column("workflow_id", String(96), primary_key=True),
    Column("client_id", String(64), index=True, comment="of a client's own, or of their mail, Fix or erasure"),
    Column("since", UtcTime, nullable=False, comment="real time"),
    Column("how", String(24), nullable=False, comment="gone, or how Temporal says that it ended"),
    comment="workflows that should run and do not, as a worker found them",
)

fingerprints = Table(
    "fingerprints",
    metadata,
    Column("name", String(200), primary_key=True, comment="signing, or selector@domain of a DKIM key"),
    Column("fingerprint", String(64), nullable=False),
)

notices = Table(
    "notices",
    metadata,
    Column("fault", String(32), primary_key=True),
    Column("channel", String(16), primary_key=True),
    Column("since", UtcTime, nullable=False, comment="real time"),
    Column("told", Boolean, nullable=False, comment="whether its begin was told"),
    Column("leased_until", UtcTime, nullable=False, comment="real time until which one worker tells it"),
)

clock = Table(
    "clock",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("real_anchor", UtcTime, nullable=False, comment="real time"),
    Column("business_anchor", UtcTime, nullable=False),
    Column("pace", Float, nullable=False),
    Column("seen_real", UtcTime, comment="real time; last sign of life, where a stopped clock stands"),
    Column("stands", Boolean, nullable=False, default=False),
)
