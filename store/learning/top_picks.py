"""Precomputed lists: the best items for each client, as of the Refresh that computed them."""

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


def split_shards(connection: Connection, size: int, most: int) -> list[ClientId]:
    """Find the first client of each shard of `size` clients in the order of ids; shards are larger where there would be
    more than `most`. The first shard begins with "", so that every new client is in one."""
    size = max(size, ceil((connection.scalar(select(func.count()).select_from(clients)) or 0) / most))
    number = func.row_number().over(order_by=clients.c.client_id)
    numbered = select(clients.c.client_id, (number - 1).label("place")).subquery()
    firsts = select(numbered.c.client_id).where(numbered.c.place % size == 0).order_by(numbered.c.place)
    return ["", *connection.scalars(firsts).all()[1:]]


def list_shard_clients(
    connection: Connection, first: ClientId, until: ClientId | None, after: ClientId | None, most: int
) -> list[ClientId]:
    """List the next clients of the shard from `first` to before `until` (None: the last), those after `after`."""
    which = clients.c.client_id
    query = select(which).where(which >= first if after is None else which > after)
    if until is not None:
        query = query.where(which < until)
    return list(connection.scalars(query.order_by(which).limit(most)))


def find_last_client(
    connection: Connection, refresh_id: RefreshId, first: ClientId, until: ClientId | None
) -> ClientId | None:
    """Find the last client of a shard whose list a Refresh has saved, if any."""
    which = top_picks.c.client_id
    query = select(func.max(which)).where(top_picks.c.refresh_id == refresh_id, which >= first)
    last: ClientId | None = connection.scalar(query if until is None else query.where(which < until))
    return last


def save_lists(connection: Connection, refresh_id: RefreshId, lists: Sequence[TopPicks]) -> None:
    """Save lists in place of earlier ones; saving again changes nothing."""
    for context in {picks.context for picks in lists}:
        batch = [picks for picks in lists if picks.context == context]
        condition = among(connection, top_picks.c.client_id, [picks.client_id for picks in batch])
        connection.execute(delete(top_picks).where(condition, top_picks.c.context == context))
    rows = [picks.model_dump() | {"refresh_id": refresh_id} for picks in lists]
    if rows:
        connection.execute(insert(top_picks), rows)


def load_lists(
    connection: Connection, client_ids: Iterable[ClientId], context: str = "email"
) -> dict[ClientId, TopPicks]:
    """Load the lists of those clients who have one."""
    query = select(top_picks).where(
        among(connection, top_picks.c.client_id, client_ids), top_picks.c.context == context
    )
    return {row.client_id: TopPicks.model_validate(row._asdict()) for row in connection.execute(query)}


def iterate_lists(connection: Connection, context: str = "email") -> Iterator[TopPicks]:
    """Iterate over all lists, in the order of the clients' ids."""
    query = select(top_picks).where(top_picks.c.context == context).order_by(top_picks.c.client_id)
    for row in connection.execute(query, execution_options={"yield_per": BATCH}):
        yield TopPicks.model_validate(row._asdict())


def count_lists(connection: Connection, refresh_id: RefreshId) -> int:
    """Count the lists of a Refresh that are still in force."""
    return connection.scalar(select(func.count()).where(top_picks.c.refresh_id == refresh_id)) or 0


def delete_old_lists(connection: Connection, before: datetime) -> None:
    """Delete lists from before a moment: of clients who are no longer there."""
    connection.execute(delete(top_picks).where(top_picks.c.at < before))
