"""Addresses that clients asked for and have not confirmed yet."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select, update

from models.base import ClientId
from store.tables import clients


class PendingAddress(NamedTuple):
    """An address to be confirmed, and since when (business time)."""

    email: str
    since: datetime


def find_pending(connection: Connection, client_id: ClientId) -> PendingAddress | None:
    """Find the address that the client has to confirm."""
    query = select(clients.c.pending_email, clients.c.pending_since).where(clients.c.client_id == client_id)
    row = connection.execute(query).one_or_none()
    return PendingAddress(row.pending_email, row.pending_since) if row is not None and row.pending_email else None


def save_pending(connection: Connection, client_id: ClientId, email: str | None, since: datetime | None) -> None:
    """Save the address that the client has to confirm; None: there is none."""
    changed = update(clients).where(clients.c.client_id == client_id)
    connection.execute(changed.values(pending_email=email, pending_since=since))
