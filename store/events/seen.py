"""Stored events as the rules of counting see them (`domain.counted_events`): of one client, of many, of a visit."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, select, text

from domain.counted_events import VISIT
from domain.engagement import EVENT_WEIGHT
from domain.orders import ORDER_KINDS, SeenEvent
from models.events import EmailClicked, Event, OrderPlaced, OrderReturned
from store.events.rows import EventRow
from store.sql.bulk import among
from store.sql.epoch import micros
from store.tables import events
from store.tables.clients import ORDER_ROWS

BATCH: Final = 50_000
_SPECIAL: Final = ORDER_KINDS | {"email_clicked"}
"""Types of which more than the columns counts."""


Visit = tuple[str, int]
"""One client's visit, as `domain.counted_events.VISIT` numbers them."""


def build_query(*conditions: ColumnElement[bool], only_orders: bool = False) -> Select[Any]:
    """Select events that may count, with their client first, in the order of the columns that `parse` reads."""
    wanted = text(ORDER_ROWS) if only_orders else events.c.type.in_(sorted(EVENT_WEIGHT))
    return select(*_COLUMNS).where(wanted, *conditions)


def see_event(event: Event, row: EventRow) -> SeenEvent:
    """Return what counts of an event that comes in as `row`."""
    _, _, kind, at, item_id, quantity, cents, _ = row
    if kind in _SPECIAL:  # few: asking each event for its class takes long
        order_id = (event.order_id or "") if isinstance(event, OrderPlaced | OrderReturned) else ""
        machine = isinstance(event, EmailClicked) and event.machine
        return SeenEvent(row.event_id, kind, at, item_id, quantity or 1, cents, order_id, machine)
    return SeenEvent(row.event_id, kind, at, item_id, quantity or 1, cents)


def parse(row: Sequence[Any]) -> SeenEvent:
    """Parse a row of `build_query`."""
    _, event_id, kind, at, item_id, quantity, cents, order_id, machine = row
    return SeenEvent(event_id, kind, at, item_id, quantity or 1, cents, order_id or "", bool(machine))


def iterate_by_client(connection: Connection, query: Select[Any]) -> Iterator[tuple[str, list[SeenEvent]]]:
    """Iterate over the clients of a `build_query`, each with all their events; memory does not grow with the table."""
    rows = connection.execute(query.order_by(events.c.client_id), execution_options={"yield_per": BATCH})
    for client_id, own in groupby(rows, key=itemgetter(0)):
        yield client_id, [parse(row) for row in own]


def load_orders_of(connection: Connection, client_ids: Collection[str]) -> dict[str, list[SeenEvent]]:
    """Load the order lines and returns of these clients."""
    if not client_ids:
        return {}
    query = build_query(among(connection, events.c.client_id, client_ids), only_orders=True)
    by_client = defaultdict[str, list[SeenEvent]](list)
    for row in connection.execute(query).all():
        by_client[row[0]].append(parse(row))
    return by_client


def load_visits(connection: Connection, visits: Mapping[Visit, str]) -> dict[Visit, list[SeenEvent]]:
    """Load the events of these visits, without orders, and without one stored event of each visit, whose id is given:
    in most visits it is the only one, and the caller holds it."""
    if not visits:
        return {}
    if connection.dialect.name == "postgresql":
        begins = [number * VISIT for _, number in visits]
        values: dict[str, Any] = {"ids": [who for who, _ in visits], "begins": begins, "held": list(visits.values())}
    else:
        values = {"held": json.dumps(list(visits.values()))}
    rows = connection.execute(_VISIT_QUERIES[connection.dialect.name], values | {"visit": VISIT}).all()
    seen = defaultdict[Visit, list[SeenEvent]](list)
    for row in rows:
        seen[row[0], row[3] // VISIT].append(parse(row))
    return seen


_e = events.c
_COLUMNS: Final = (
    _e.client_id,
    _e.event_id,
    _e.type,
    micros(_e.occurred_at).label("at"),
    _e.item_id,
    _e.quantity,
    _e.value_cents,
    _e.data["order_id"].as_string().label("order_id"),
    _e.data["machine"].as_boolean().label("machine"),
)
# Word for word, since SQLAlchemy knows no list of rows on both. On SQLite a list of ids is a third of the work that a
# list of visits is: the row `a` that the caller holds says which visit. CROSS JOIN keeps the order of the tables, and
# `k`, all of it in an index, reads no row but those wanted. `%` keeps the sign of a moment before 1970, hence twice.
_VISIT_QUERIES: Final = {
    "sqlite": text(
        """SELECT e.client_id, e.event_id, e.type, e.occurred_at, e.item_id, e.quantity, e.value_cents, NULL,
            json_extract(e.data, '$.machine')
        FROM json_each(:held) g CROSS JOIN events a CROSS JOIN events k CROSS JOIN events e
        WHERE a.event_id = g.value AND k.client_id = a.client_id AND k.event_id <> a.event_id
            AND k.occurred_at >= a.occurred_at - (a.occurred_at % :visit + :visit) % :visit
            AND k.occurred_at < a.occurred_at - (a.occurred_at % :visit + :visit) % :visit + :visit
            AND e.event_id = k.event_id AND e.type NOT IN ('order_placed', 'order_returned')"""
    ),
    "postgresql": text(
        """SELECT e.client_id, e.event_id, e.type, (EXTRACT(EPOCH FROM e.occurred_at) * 1000000)::bigint, e.item_id,
            e.quantity, e.value_cents, NULL, (e.data->>'machine')::boolean
        FROM unnest(CAST(:ids AS text[]), CAST(:begins AS bigint[]), CAST(:held AS text[])) g(id, begins, held)
        JOIN events e ON e.client_id = g.id AND e.occurred_at >= to_timestamp(g.begins / 1000000)
            AND e.occurred_at < to_timestamp((g.begins + :visit) / 1000000) AND e.event_id <> g.held
            AND e.type NOT IN ('order_placed', 'order_returned')"""
    ),
}
