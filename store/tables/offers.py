"""Offers of the shop."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from store.sql.types import Json, UtcTime
from store.tables.base import build_id_column, metadata

offers = Table(
    "offers",
    metadata,
    build_id_column("slug", primary_key=True),
    Column("name", String(120), nullable=False),
    Column("code", String(30), nullable=False, unique=True, comment="in capitals: orders name it in any case"),
    Column("terms", Json, nullable=False, comment="see models/offers.py"),
    Column("ends_at", UtcTime, comment="the end of its last day in the shop's time zone; none: when it is retired"),
    Column("state", String(8), nullable=False),
    Column("given", Integer, nullable=False, default=0, server_default="0", comment="clients who got it by mail"),
    Column("created_by", String(64), nullable=False),
    Column("decided_by", String(64), nullable=False, default="", comment="who approved it"),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    comment="rows change their state; terms change in a draft alone",
)

offer_grants = Table(
    "offer_grants",
    metadata,
    build_id_column("client_id", primary_key=True),
    build_id_column("offer", primary_key=True),
    Column("n", Integer, nullable=False, comment="of the mail that brought it"),
    comment="clients to whom a mail with the offer was handed over; written in the transaction that begins it",
)

redemptions = Table(
    "redemptions",
    metadata,
    build_id_column("event_id", primary_key=True),
    build_id_column("client_id", nullable=False, index=True),
    Column("code", String(64), nullable=False, comment="in capitals, as the order named it; of any offer, or of none"),
    Column("order_id", String(64), nullable=False, comment="the moment of the order where the shop gives none"),
    build_id_column("item_id"),
    Column("value_cents", BigInteger, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index(None, "code"),
    comment="lines of orders that name a code",
)
