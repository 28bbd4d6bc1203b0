"""What clients said about the purposes of consent besides mail: one column of their row."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, select, update

from domain.consent import apply_change, may_personalise
from models.base import ClientId
from models.consents import OTHER_PURPOSES, Purposes, dump_purposes, parse_purposes
from models.events import ConsentChanged
from store.sql.bulk import among
from store.tables import clients, tastes


def save_purposes(connection: Connection, changes: Sequence[ConsentChanged]) -> None:
    """Save what changes of consent say about other purposes than mail, in the order in which they arrived. The taste
    that was computed of a client who refuses personalisation goes."""
    about = [change for change in changes if not set(OTHER_PURPOSES).isdisjoint(change.purposes)]
    if not about:
        return
    c = clients.c
    stored = select(c.client_id, c.purposes).where(among(connection, c.client_id, {a.client_id for a in about}))
    purposes: dict[ClientId, Purposes] = {
        row.client_id: parse_purposes(row.purposes or {}) for row in connection.execute(stored)
    }
    for change in about:
        purposes[change.client_id] = apply_change(purposes[change.client_id], change)
    connection.execute(
        update(clients).where(c.client_id == bindparam("_client")).values(purposes=bindparam("_purposes")),
        [{"_client": key, "_purposes": dump_purposes(held)} for key, held in sorted(purposes.items())],
    )
    refusing = [key for key, held in purposes.items() if not may_personalise(held)]
    connection.execute(delete(tastes).where(among(connection, tastes.c.client_id, refusing)))
