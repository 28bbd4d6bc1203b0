"""The events that count for engagement, of one client or of many, for the question of the slot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from domain.counted_events import count_events
from models.base import ClientId
from models.slots import Occurrence
from store.events import seen
from store.sql.types import from_micros
from store.tables import events

LATEST: Final = 1_000
"""Most events loaded of one client, the latest."""


def load_events(
    connection: Connection, client_ids: Sequence[ClientId], until: datetime
) -> Mapping[ClientId, tuple[Occurrence, ...]]:
    """Load what counts of what each client did up to `until`, oldest first: an order once, less what came back; repeats
    within a visit and clicks of machines not."""
    query = seen.build_query(events.c.client_id.in_(client_ids), events.c.occurred_at <= until)
    return {
        client_id: tuple(
            Occurrence(kind=one.kind, at=from_micros(one.at), value_cents=one.cents)
            for one in sorted(count_events(own), key=lambda one: one.at)[-LATEST:]
        )
        for client_id, own in seen.iterate_by_client(connection, query)
    }
