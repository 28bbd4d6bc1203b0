"""The keys of changes of stock that were taken in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, select

from store.sql.bulk import among, insert_ignoring
from store.tables import stock_changes


def find_known(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Find which of these keys were taken in."""
    return set(connection.scalars(select(stock_changes.c.key).where(among(connection, stock_changes.c.key, keys))))


def save_keys(connection: Connection, keys: Iterable[str], real_now: datetime) -> None:
    """Save that these were taken in."""
    insert_ignoring(connection, stock_changes, [{"key": key, "real_at": real_now} for key in keys])


def delete_old(connection: Connection, before: datetime) -> None:
    """Forget the keys of before this moment of real time."""
    connection.execute(delete(stock_changes).where(stock_changes.c.real_at < before))
