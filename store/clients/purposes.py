"""What clients said about the purposes of consent besides mail: one column of their row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Column, ColumnElement, Connection, bindparam, delete, select, update

from models.base import ClientId
from models.consents import Purposes, dump_purposes, parse_purposes
from store.sql.bulk import among
from store.tables import clients, tastes


def match_refused() -> ColumnElement[bool]:
    """Match the rows of clients who refuse personalisation: `domain.consent.may_personalise`, in SQL."""
    agreed: ColumnElement[bool] = clients.c.purposes["personalisation"]["agreed"].as_boolean()
    return agreed.is_(False)


def not_refused(client_id: Column[str]) -> ColumnElement[bool]:
    """Match what belongs to clients who do not refuse personalisation: what all clients' models may learn from."""
    return client_id.not_in(select(clients.c.client_id).where(match_refused()))


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
