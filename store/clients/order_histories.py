"""Orders: of one client for a slot's question, and of all clients for training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

import numpy as np
from sqlalchemy import Connection, select

from domain.arrays import Floats
from domain.churn_risk import ClientOrders
from domain.engagement import Engagement
from models.base import ClientId
from store.sql.epoch import epoch
from store.tables import clients, engagement, events

BATCH: Final = 50_000
LATEST: Final = 1_000
"""Most orders loaded of one client, the latest."""


@dataclass(frozen=True, slots=True)
class OrderRows:
    """m orders; `at` in epoch seconds, `value_cents` of each, shape (m,)."""

    client_ids: Sequence[str]
    at: Floats
    value_cents: Floats


def load_all_orders(connection: Connection, until: datetime) -> OrderRows:
    """Load all orders up to `until`."""
    e = events.c
    query = select(e.client_id, epoch(e.occurred_at), e.value_cents).where(
        e.type == "order_placed", e.occurred_at <= until
    )
    ids: list[str] = []
    parts: list[Floats] = []
    for rows in _iterate_batches(connection, query):
        who, at, cents = zip(*rows, strict=True)
        ids.extend(who)
        parts.append(np.array([at, [value or 0 for value in cents]], np.float64))
    at, cents = np.concatenate(parts or [np.zeros((2, 0))], axis=1)
    return OrderRows(ids, at, cents)


def load_client_orders(connection: Connection, client_id: ClientId, until: datetime) -> list[tuple[datetime, int]]:
    """Load when the client ordered up to `until` and for how many cents, oldest first."""
    e = events.c
    query = (
        select(e.occurred_at, e.value_cents)
        .where(e.client_id == client_id, e.type == "order_placed", e.occurred_at <= until)
        .order_by(e.occurred_at.desc(), e.event_id)
        .limit(LATEST)
    )
    return [(row.occurred_at, row.value_cents or 0) for row in reversed(connection.execute(query).all())]


class ClientTotals(NamedTuple):
    """What ingestion sums up of one client."""

    orders: ClientOrders
    engagement: Engagement


def load_totals(connection: Connection, client_id: ClientId) -> ClientTotals | None:
    """Load what is summed up of the client; None for an unknown one."""
    e = engagement.c
    query = (
        select(*e, clients.c.signed_up_at)
        .select_from(clients.outerjoin(engagement, e.client_id == clients.c.client_id))
        .where(clients.c.client_id == client_id)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    orders = ClientOrders(
        orders=row.orders or 0,
        first_at=row.first_order_at,
        last_at=row.last_order_at,
        value_cents=row.orders_value_cents or 0,
        signed_up_at=row.signed_up_at,
    )
    return ClientTotals(
        orders,
        Engagement(
            anchor_at=row.anchor_at,
            frequency=row.frequency or 0.0,
            monetary=row.monetary or 0.0,
            last_order_at=row.last_order_at,
        ),
    )


def _iterate_batches(connection: Connection, query: Any) -> Iterator[Sequence[Any]]:
    yield from connection.execute(query, execution_options={"yield_per": BATCH}).partitions()
