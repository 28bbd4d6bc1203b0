"""Lists made beforehand: the best items for each client, as they were when a Refresh made them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from math import ceil

from sqlalchemy import Connection, delete, func, insert, select

from models.base import ClientId
from models.refreshes import RefreshId, TopPicks
from store.sql.bulk import among
from store.tables import clients, top_picks

BATCH = 1_000


def shards(connection: Connection, size: int, most: int) -> list[ClientId]:
    """The first client of each shard of `size` clients in the order of their ids, larger where they would be over
    `most`. The first shard begins with "", so that every client, whenever they come, is in one."""
    size = max(size, ceil((connection.scalar(select(func.count()).select_from(clients)) or 0) / most))
    number = func.row_number().over(order_by=clients.c.client_id)
    numbered = select(clients.c.client_id, (number - 1).label("place")).subquery()
    firsts = select(numbered.c.client_id).where(numbered.c.place % size == 0).order_by(numbered.c.place)
    return ["", *connection.scalars(firsts).all()[1:]]


def clients_of(
    connection: Connection, first: ClientId, until: ClientId | None, after: ClientId | None, most: int
) -> list[ClientId]:
    """The next clients of the shard from `first` to before `until` (None: the last), those past `after`."""
    which = clients.c.client_id
    query = select(which).where(which >= first if after is None else which > after)
    if until is not None:
        query = query.where(which < until)
    return list(connection.scalars(query.order_by(which).limit(most)))


def last_of(connection: Connection, refresh_id: RefreshId, first: ClientId, until: ClientId | None) -> ClientId | None:
    """The last client of a shard whose list a Refresh has made, if any."""
    which = top_picks.c.client_id
    query = select(func.max(which)).where(top_picks.c.refresh_id == refresh_id, which >= first)
    last: ClientId | None = connection.scalar(query if until is None else query.where(which < until))
    return last


def put(connection: Connection, refresh_id: RefreshId, lists: Sequence[TopPicks]) -> None:
    """Keep lists in the place of earlier ones; again is the same."""
    for context in {each.context for each in lists}:
        mine = [each for each in lists if each.context == context]
        found = among(connection, top_picks.c.client_id, [each.client_id for each in mine])
        connection.execute(delete(top_picks).where(found, top_picks.c.context == context))
    rows = [each.model_dump() | {"refresh_id": refresh_id} for each in lists]
    if rows:
        connection.execute(insert(top_picks), rows)


def of(connection: Connection, client_ids: Iterable[ClientId], context: str = "email") -> dict[ClientId, TopPicks]:
    """The lists of these clients, those that have one."""
    query = select(top_picks).where(
        among(connection, top_picks.c.client_id, client_ids), top_picks.c.context == context
    )
    return {row.client_id: TopPicks.model_validate(row._asdict()) for row in connection.execute(query)}


def everybody(connection: Connection, context: str = "email") -> Iterator[TopPicks]:
    """All lists, in the order of the clients' ids."""
    query = select(top_picks).where(top_picks.c.context == context).order_by(top_picks.c.client_id)
    for row in connection.execute(query, execution_options={"yield_per": BATCH}):
        yield TopPicks.model_validate(row._asdict())


def count(connection: Connection, refresh_id: RefreshId) -> int:
    """How many lists a Refresh made that are still in force."""
    return connection.scalar(select(func.count()).where(top_picks.c.refresh_id == refresh_id)) or 0


def forget(connection: Connection, before: datetime) -> None:
    """Lists from before a moment, of clients who are no longer there."""
    connection.execute(delete(top_picks).where(top_picks.c.at < before))
