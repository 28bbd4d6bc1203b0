"""Items that came back into stock or became cheaper: what was seen last of each, and the occasions still to be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, exists, func, insert, literal_column, select, update

from domain.journeys.item_occasions import ItemChange, SeenItem
from models.base import ClientId, ItemId
from models.journey_steps import ItemOccasionKind
from store.catalogue.catalogue import count_available
from store.sql.bulk import among, insert_ignoring
from store.sql.records import Record
from store.tables import clients, events, item_occasions, item_sightings, items


@dataclass(frozen=True, slots=True)
class OccasionRow(Record):
    """An occasion of an item. `cursor`: the last of its wishers who was told."""

    id: int
    kind: ItemOccasionKind
    item_id: ItemId
    at: datetime
    was_cents: int
    is_cents: int
    cursor: str


def load_present(connection: Connection) -> dict[ItemId, SeenItem]:
    """Load how each item that is sold stands now; None for one whose stock is not counted."""
    counted = {item_id: any(sizes.values()) for item_id, sizes in count_available(connection).items()}
    rows = connection.execute(select(items.c.item_id, items.c.price_cents).where(items.c.retired_at.is_(None)))
    return {row.item_id: SeenItem(counted.get(row.item_id), row.price_cents) for row in rows}


def load_seen(connection: Connection) -> dict[ItemId, SeenItem]:
    """Load how each item stood when it was looked at last. Whoever looks holds the rows until the transaction ends."""
    s = item_sightings.c
    rows = connection.execute(select(s.item_id, s.in_stock, s.price_cents).order_by(s.item_id).with_for_update())
    return {row.item_id: SeenItem(row.in_stock, row.price_cents) for row in rows}


def save_seen(connection: Connection, changed: Mapping[ItemId, SeenItem], gone: Iterable[ItemId]) -> None:
    """Save how items stand; those that are `gone` are not sold any more."""
    connection.execute(delete(item_sightings).where(among(connection, item_sightings.c.item_id, [*changed, *gone])))
    insert_ignoring(connection, item_sightings, [{"item_id": key, **seen._asdict()} for key, seen in changed.items()])


def forget_seen(connection: Connection) -> None:
    """Forget how items stood: nobody wants to know, and what happens meanwhile is no occasion later."""
    connection.execute(delete(item_sightings))
    connection.execute(delete(item_occasions))


def has_seen(connection: Connection) -> bool:
    """Return whether anything is known of items or occasions."""
    return any(
        connection.execute(select(table.c.item_id).limit(1)).first() for table in (item_sightings, item_occasions)
    )


def has_occasion(connection: Connection) -> bool:
    """Return whether an occasion is still to be told."""
    return connection.execute(select(item_occasions.c.id).limit(1)).first() is not None


def insert_occasions(connection: Connection, changes: Sequence[ItemChange], at: datetime) -> None:
    """Save occasions that are to be told."""
    if changes:
        connection.execute(insert(item_occasions), [{"at": at, "cursor": "", **one._asdict()} for one in changes])


def take_occasion(connection: Connection) -> OccasionRow | None:
    """Take the oldest occasion that nobody else is telling, until the transaction ends."""
    query = select(*OccasionRow.list_columns(item_occasions)).order_by(item_occasions.c.id).limit(1)
    row = connection.execute(query.with_for_update(skip_locked=True)).one_or_none()
    return None if row is None else OccasionRow.from_row(row)


def move_on(connection: Connection, row: OccasionRow, cursor: ClientId) -> None:
    """Record that the wishers up to `cursor` were told."""
    connection.execute(update(item_occasions).where(item_occasions.c.id == row.id).values(cursor=cursor))


def close_occasion(connection: Connection, row: OccasionRow) -> None:
    """Record that all were told."""
    connection.execute(delete(item_occasions).where(item_occasions.c.id == row.id))


class Wisher(NamedTuple):
    """A client who wished for an item, the latest time at `wished_at`. `is_open`: they may be mailed by their own word,
    and have not ordered it since."""

    client_id: ClientId
    wished_at: datetime
    is_open: bool


def list_wishers(connection: Connection, item_id: ItemId, after: ClientId, limit: int) -> list[Wisher]:
    """List the next clients after `after` who wished for an item."""
    e, order = events.c, events.alias()
    is_wish = e.type == literal_column("'wishlisted'")  # as the index says it
    latest = select(e.client_id, func.max(e.occurred_at).label("at")).where(e.item_id == item_id, is_wish)
    wishes = latest.where(e.client_id > after).group_by(e.client_id).order_by(e.client_id).limit(limit).subquery()
    has_ordered = exists().where(
        order.c.client_id == wishes.c.client_id,
        order.c.type == "order_placed",
        order.c.item_id == item_id,
        order.c.occurred_at > wishes.c.at,
    )
    query = select(wishes.c.client_id, wishes.c.at, clients.c.consent, has_ordered.label("ordered"))
    query = query.join(clients, clients.c.client_id == wishes.c.client_id).order_by(wishes.c.client_id)
    return [Wisher(row.client_id, row.at, row.consent and not row.ordered) for row in connection.execute(query)]
