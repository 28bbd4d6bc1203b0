"""What the last assessments left for events to reach."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from models.base import ClientId
from models.states import Phase
from store.sql.bulk import among
from store.sql.records import Record
from store.tables import standings


@dataclass(frozen=True, slots=True)
class ClientThresholds(Record):
    """What the last assessment left for events to reach. `lift_score`: the score that moves the client up a band."""

    client_id: ClientId
    lift_score: float | None
    phase: Phase
    order_moves: bool


def load_thresholds(connection: Connection, client_ids: Iterable[ClientId]) -> list[ClientThresholds]:
    """Load the thresholds of those of these clients who were assessed."""
    query = select(*ClientThresholds.list_columns(standings))
    query = query.where(among(connection, standings.c.client_id, client_ids))
    return [ClientThresholds.from_row(row) for row in connection.execute(query)]
