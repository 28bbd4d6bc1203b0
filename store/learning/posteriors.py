"""What the house has come to believe of a slot, and how far it has learnt.

A lesson is kept on condition that nobody kept another meanwhile, and the same row says which decision was the last of
it: so each decision teaches once, whoever learns, and whoever dies.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from models.base import Contract, Utc, utc
from store.sql.upserts import insert_into
from store.tables import beliefs

EARLIEST = utc(1900)


class Kept(Contract):
    """`state`: None before the first lesson. Decisions up to (`at`, `decision`) have taught; `lessons` of them."""

    version: int = 0
    at: Utc = EARLIEST
    decision: str = ""
    lessons: int = 0
    state: dict[str, Any] | None = None


def get(connection: Connection, slot: str) -> Kept:
    """What is kept of a slot."""
    row = connection.execute(select(beliefs).where(beliefs.c.slot == slot)).one_or_none()
    return Kept() if row is None else Kept(**row._asdict())


def version(connection: Connection, slot: str) -> int:
    """Of what is kept; 0: nothing."""
    return connection.scalar(select(beliefs.c.version).where(beliefs.c.slot == slot)) or 0


def replace(
    connection: Connection, slot: str, old: Kept, state: dict[str, Any], at: datetime, decision: str, lessons: int
) -> bool:
    """Keep what was learnt from `old` on; false where somebody else has learnt since, and then nothing is changed."""
    new = {"version": old.version + 1, "at": at, "decision": decision, "lessons": lessons, "state": state}
    if old.version == 0:
        first = insert_into(connection, beliefs).values(slot=slot, **new).on_conflict_do_nothing()
        return connection.scalar(first.returning(beliefs.c.slot)) is not None
    same = (beliefs.c.slot == slot) & (beliefs.c.version == old.version)
    return connection.execute(update(beliefs).where(same).values(**new)).rowcount == 1
