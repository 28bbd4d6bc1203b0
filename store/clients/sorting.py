"""A list of clients in the order of one of its columns.

No index leads through a million clients in each order within each search, so that what is sorted is what a search
found, of at most as many as its caller allows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Select, and_, case, func, or_, select

from models.base import ClientId
from models.client_lists import ListColumn, ListOrder
from models.states import Phase
from store.tables import clients, engagement, standings

_PHASE_PLACES: Final = {phase.value: place for place, phase in enumerate(Phase)}


def list_sorted(
    connection: Connection,
    found: Select[ClientId],
    most: int,
    order: ListOrder,
    now: datetime,
    after: ClientId,
    limit: int,
) -> list[ClientId]:
    """List up to `limit` of the ids that `found` selects, of which `most` are looked at, in an order as of `now`,
    behind the client `after` (empty, or no longer there: from the first on)."""
    chosen, (key, value) = found.limit(most).subquery(), _build_value(order.column, now)
    client_id = chosen.columns[0]
    query = select(client_id).outerjoin(key.table, key == client_id)
    last = connection.execute(_select_value(key, value, after)).first() if after else None
    if last is not None:
        query = query.where(_comes_behind(order, client_id, value, after, last[0]))
    ordered = value.desc() if order.falling else value.asc()
    return list(connection.scalars(query.order_by(value.is_(None), ordered, client_id).limit(limit)))


def look_up_each(connection: Connection) -> None:
    """Have PostgreSQL look each of a few thousand clients up by its key in this transaction: by its own estimate it
    reads a million rows of another table to join them."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL enable_hashjoin = off")
        connection.exec_driver_sql("SET LOCAL enable_mergejoin = off")


def _select_value(key: Column[str], value: ColumnElement[Any], client_id: ClientId) -> Select[Any]:
    query = select(value).select_from(clients)
    if key.table is not clients:
        query = query.outerjoin(key.table, key == clients.c.client_id)
    return query.where(clients.c.client_id == client_id)


def _comes_behind(
    order: ListOrder, client_id: ColumnElement[str], value: ColumnElement[Any], after: ClientId, last: Any
) -> ColumnElement[bool]:
    if last is None:
        return and_(value.is_(None), client_id > after)
    further = value < last if order.falling else value > last
    return or_(value.is_(None), further, and_(value == last, client_id > after))


def _build_value(column: ListColumn, now: datetime) -> tuple[Column[str], ColumnElement[Any]]:
    """Build what a list is sorted by, and the id of the table that has it."""
    next_at = standings.c.next_touch_at
    in_standings: dict[ListColumn, ColumnElement[Any]] = {
        ListColumn.PHASE: case(_PHASE_PLACES, value=standings.c.phase),
        ListColumn.SCORE: standings.c.score,
        ListColumn.NEXT_MAIL: case((next_at > now, next_at)),
    }
    in_engagement: dict[ListColumn, ColumnElement[Any]] = {
        ListColumn.ORDERS: engagement.c.orders,
        ListColumn.SPENT: engagement.c.orders_value_cents,
        ListColumn.LAST_ORDER: engagement.c.last_order_at,
    }
    if column in in_standings:
        return standings.c.client_id, in_standings[column]
    if column in in_engagement:
        return engagement.c.client_id, in_engagement[column]
    return clients.c.client_id, func.lower(func.nullif(clients.c.first_name, ""))
