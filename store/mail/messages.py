"""Finds the mail in the ledger that belongs to a delivered message."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select

from models.base import ClientId
from store.tables import outreaches


def find_by_message_id(connection: Connection, message_ids: Iterable[str]) -> dict[str, tuple[ClientId, int]]:
    """Find the client and number of each mail with one of these Message-IDs."""
    ids = [message_id for message_id in message_ids if message_id]
    if not ids:
        return {}
    columns = (outreaches.c.message_id, outreaches.c.client_id, outreaches.c.n)
    rows = connection.execute(select(*columns).where(outreaches.c.message_id.in_(ids)))
    return {row.message_id: (row.client_id, row.n) for row in rows}


def find_sent_at(connection: Connection, client_id: ClientId, n: int) -> datetime | None:
    """Find the business time at which a mail was sent; while that is not settled, its last change."""
    o = outreaches.c
    row = connection.execute(select(o.sent_at, o.updated_at).where(o.client_id == client_id, o.n == n)).one_or_none()
    return None if row is None else row.sent_at or row.updated_at
