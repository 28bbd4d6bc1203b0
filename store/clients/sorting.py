"""A list of clients in the order of one of its columns.

No index leads through a million clients in each order within each search, so that what is sorted is what a search
found, of at most as many as its caller allows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, ScalarSelect, Select, and_, case, func, or_, select, true

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
) -> tuple[list[ClientId], int]:
    """List up to `limit` of the ids that `found` selects, in an order as of `now`, behind the client `after` (empty, or
    no longer there: from the first on), and count all of them. Of more than `most`, none are listed and one more than
    `most` are counted."""
    key, value = _build_value(order.column, now)
    chosen = found.limit(most + 1).cte("found")
    total = select(func.count().label("clients")).select_from(chosen)
    # The count comes first: where there are too many, nobody's value is looked up. That is a statement within, since
    # PostgreSQL, to join some thousand rows to a million, reads all of these.
    looked_up = _look_up(key, value, chosen.columns[0]).label("value")
    valued = (
        select(chosen.columns[0].label("client_id"), looked_up).where(total.scalar_subquery() <= most).cte("valued")
    )
    valued = valued.prefix_with("MATERIALIZED", dialect="postgresql")
    client_id, known = valued.c.client_id, valued.c.value
    ordered = (known.is_(None), known.desc() if order.falling else known.asc(), client_id)
    query = select(client_id, func.row_number().over(order_by=ordered).label("place"))
    last = connection.execute(_select_value(key, value, after)).first() if after else None
    if last is not None:
        query = query.where(_comes_behind(order, client_id, known, after, last[0]))
    page, counted = query.order_by("place").limit(limit).subquery("page"), total.subquery("counted")
    both = select(counted.c.clients, page.c.client_id).select_from(counted.outerjoin(page, true()))
    rows = connection.execute(both.order_by(page.c.place)).all()
    return [row.client_id for row in rows if row.client_id is not None], int(rows[0].clients)


def _look_up(key: Column[str], value: ColumnElement[Any], client_id: ColumnElement[str]) -> ScalarSelect[Any]:
    return select(value).where(key == client_id).correlate_except(key.table).scalar_subquery()


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
