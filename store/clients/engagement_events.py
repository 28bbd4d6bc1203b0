"""The events that count for engagement, of one client or of many, for the question of the slot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, and_, select

from domain.engagement import EVENT_WEIGHT
from models.base import ClientId
from models.slots import Occurrence
from store.tables import events

LATEST: Final = 1_000
"""Most events loaded of one client, the latest."""


def load_events(
    connection: Connection, client_ids: Sequence[ClientId], until: datetime
) -> Mapping[ClientId, tuple[Occurrence, ...]]:
    """Load what each client did up to `until`, oldest first; clicks by a scanner or proxy do not count."""
    e = events.c
    by_machine = and_(e.type == "email_clicked", e.data["machine"].as_boolean().is_(True))
    query = (
        select(e.client_id, e.type, e.occurred_at, e.value_cents)
        .where(e.client_id.in_(client_ids), e.type.in_(list(EVENT_WEIGHT)))
        .where(e.occurred_at <= until, by_machine.is_not(True))
        .order_by(e.occurred_at.desc(), e.event_id)
    )
    if len(client_ids) == 1:
        query = query.limit(LATEST)
    latest: dict[ClientId, list[Occurrence]] = defaultdict(list)
    for row in connection.execute(query):
        if len(latest[row.client_id]) < LATEST:
            latest[row.client_id].append(
                Occurrence(kind=row.type, at=row.occurred_at, value_cents=row.value_cents or 0)
            )
    return {client_id: tuple(reversed(found)) for client_id, found in latest.items()}
