"""From a delivered message back to the ledger, by its Message-ID."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select

from models.base import ClientId
from store.tables import outreaches


def by_message_id(connection: Connection, message_ids: Iterable[str]) -> dict[str, tuple[ClientId, int]]:
    """Client and number of each mail that the ledger knows."""
    ids = [each for each in message_ids if each]
    if not ids:
        return {}
    columns = (outreaches.c.message_id, outreaches.c.client_id, outreaches.c.n)
    rows = connection.execute(select(*columns).where(outreaches.c.message_id.in_(ids)))
    return {row.message_id: (row.client_id, row.n) for row in rows}


def sent_at(connection: Connection, client_id: ClientId, n: int) -> datetime | None:
    """Business time at which a mail left; while that is not settled, the last that is known of it."""
    o = outreaches.c
    row = connection.execute(select(o.sent_at, o.updated_at).where(o.client_id == client_id, o.n == n)).one_or_none()
    return None if row is None else row.sent_at or row.updated_at
