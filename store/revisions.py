"""A revision number for each thing that readers cache, raised in the transaction of every change to it."""

from __future__ import annotations

from sqlalchemy import Connection, select

from store.sql.bulk import insert_into
from store.tables import revisions


def load_number(connection: Connection, name: str) -> int:
    """Load the revision of `name`; 0 before the first change."""
    return connection.scalar(select(revisions.c.number).where(revisions.c.name == name)) or 0


def raise_number(connection: Connection, name: str) -> None:
    """Record that `name` changed. Whoever changes the catalogue or the stock calls this."""
    statement = insert_into(connection, revisions).values(name=name, number=1)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_={"number": revisions.c.number + 1})
    )
