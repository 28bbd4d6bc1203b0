"""What clients said about the purposes of consent besides mail: one column of their row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, bindparam, delete, select, update

from models.base import ClientId
from models.consents import Purposes, dump_purposes, parse_purposes
from store.sql.bulk import among
from store.tables import clients, tastes


def load_purposes(connection: Connection, client_ids: Iterable[ClientId]) -> dict[ClientId, Purposes]:
    """Load what each of these clients said about purposes besides mail."""
    c = clients.c
    query = select(c.client_id, c.purposes).where(among(connection, c.client_id, client_ids))
    return {row.client_id: parse_purposes(row.purposes or {}) for row in connection.execute(query)}


def save_purposes(connection: Connection, purposes: Mapping[ClientId, Purposes]) -> None:
    """Save what these clients say about purposes besides mail."""
    connection.execute(
        update(clients).where(clients.c.client_id == bindparam("_client")).values(purposes=bindparam("_purposes")),
        [{"_client": key, "_purposes": dump_purposes(held)} for key, held in sorted(purposes.items())],
    )


def delete_preferences(connection: Connection, client_ids: Iterable[ClientId]) -> None:
    """Delete what was computed of these clients' taste."""
    connection.execute(delete(tastes).where(among(connection, tastes.c.client_id, client_ids)))
