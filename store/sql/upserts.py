"""Inserts that may meet a row, alike on both databases. Many rows go through store/sql/bulk.py."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_into(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Build an insert that has `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def insert_ignoring(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> int:
    """Insert rows, leaving out those that exist already; return how many were new."""
    if not rows:
        return 0
    if len(rows) == 1:
        return connection.execute(_build_ignoring(connection.dialect.name, table), rows[0]).rowcount
    return connection.execute(insert_into(connection, table).values(rows).on_conflict_do_nothing()).rowcount


@cache
def _build_ignoring(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Build the insert of one row once, since building it takes longer than running it."""
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()
