"""The log of clients whose profile or behaviour changed, which every process that holds clients in memory follows."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final, NamedTuple

from sqlalchemy import Connection, Insert, delete, func, select

from models.base import ClientId
from store.sql.bulk import give, select_given
from store.tables import client_changes

KEEP: Final = 100_000
"""Rows kept. A follower that fell further behind drops all that it holds."""
SLACK: Final = 2_000
"""On PostgreSQL a number may be committed after a higher one: so many are read again. On SQLite writers take turns."""


class ClientChange(NamedTuple):
    """One row: its number and the client."""

    number: int
    client_id: ClientId


def note_changes(connection: Connection, client_ids: Iterable[ClientId]) -> None:
    """Note that these clients changed. Call it in the transaction of the change."""
    ids = sorted(set(client_ids))
    if ids:
        connection.execute(_build_notes(connection.dialect.name), give(connection, ids))


@cache  # building it takes longer than running it
def _build_notes(dialect: str) -> Insert:
    return client_changes.insert().from_select(["client_id"], select_given(dialect))


def find_latest(connection: Connection) -> int:
    """Find the number of the latest change; 0 before the first."""
    return connection.scalar(select(func.max(client_changes.c.id))) or 0


def find_oldest(connection: Connection) -> int:
    """Find the number of the oldest change that is kept; 0 when none is."""
    return connection.scalar(select(func.min(client_changes.c.id))) or 0


def load_changes(connection: Connection, after: int, *, again: bool = False) -> list[ClientChange]:
    """Load the changes after the number `after`, oldest first. `again`: on PostgreSQL, with the SLACK before it."""
    since = after - SLACK if again and connection.dialect.name == "postgresql" else after
    query = select(client_changes).where(client_changes.c.id > since).order_by(client_changes.c.id)
    return [ClientChange(*row) for row in connection.execute(query)]


def delete_old(connection: Connection) -> int:
    """Delete all but the latest KEEP changes; return how many were deleted."""
    oldest = find_latest(connection) - KEEP
    return connection.execute(delete(client_changes).where(client_changes.c.id <= oldest)).rowcount
