"""Orders: of one client for a slot's question, and of all clients for training."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np
from sqlalchemy import Connection, select

from domain.arrays import Floats
from domain.churn_risk import ClientOrders
from domain.consent import is_personal
from domain.engagement import Engagement
from domain.orders import PLACED, SeenEvent, SettledOrder, settle_orders
from models.base import ClientId
from models.slots import Occurrence
from store.clients.purposes import not_refused
from store.events import seen
from store.sql.bulk import among
from store.sql.types import from_micros
from store.tables import clients, engagement, events

LATEST: Final = 1_000
"""Most orders loaded of one client, the latest."""


@dataclass(frozen=True, slots=True)
class OrderRows:
    """m orders; `at` in epoch seconds, `value_cents` of each, shape (m,)."""

    client_ids: Sequence[str]
    at: Floats
    value_cents: Floats


def load_all_orders(connection: Connection, until: datetime) -> OrderRows:
    """Load all orders up to `until`, less what had come back by then, but those of clients who refuse that."""
    query = seen.build_query(events.c.occurred_at <= until, not_refused(events.c.client_id), only_orders=True)
    ids: list[str] = []
    at, cents = array("d"), array("d")
    for client_id, own in seen.iterate_by_client(connection, query):
        for order in _list_kept(own):
            ids.append(client_id)
            at.append(order.at / 1e6)
            cents.append(order.cents)
    return OrderRows(ids, np.array(at), np.array(cents))


def load_client_orders(connection: Connection, client_id: ClientId, until: datetime) -> list[tuple[datetime, int]]:
    """Load when the client ordered up to `until` and for how many cents, oldest first, less what came back."""
    query = seen.build_query(events.c.client_id == client_id, events.c.occurred_at <= until, only_orders=True)
    own = [order for _, rows in seen.iterate_by_client(connection, query) for order in _list_kept(rows)]
    return [(from_micros(order.at), order.cents) for order in own[-LATEST:]]


def load_orders_by_client(
    connection: Connection, client_ids: Iterable[ClientId], until: datetime
) -> dict[ClientId, list[Occurrence]]:
    """Load the orders of these clients up to `until`, oldest first, less what came back."""
    chosen = among(connection, events.c.client_id, client_ids)
    query = seen.build_query(chosen, events.c.occurred_at <= until, only_orders=True)
    return {
        client_id: [Occurrence(kind=PLACED, at=from_micros(one.at), value_cents=one.cents) for one in _list_kept(own)]
        for client_id, own in seen.iterate_by_client(connection, query)
    }


def _list_kept(own: Iterable[SeenEvent]) -> list[SettledOrder]:
    return [order for order in settle_orders(own) if order.kept]


class ClientTotals(NamedTuple):
    """What ingestion sums up of one client. `personal`: whether they may be scored by it."""

    orders: ClientOrders
    engagement: Engagement
    personal: bool = True


def load_totals(connection: Connection, client_id: ClientId) -> ClientTotals | None:
    """Load what is summed up of the client; None for an unknown one."""
    e = engagement.c
    query = (
        select(*e, clients.c.signed_up_at, clients.c.purposes)
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
        is_personal(row.purposes or {}),
    )
