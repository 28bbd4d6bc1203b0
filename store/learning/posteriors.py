"""The posterior of a slot, and how far it has learnt.

An update is saved only if nobody saved another meanwhile, and the same row names the last decision in it. So each
decision is learnt from exactly once, whichever worker learns and whichever dies.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from models.base import Contract, Utc, utc
from store.sql.bulk import insert_into
from store.tables import beliefs

EARLIEST = utc(1900)


class StoredPosterior(Contract):
    """A slot's posterior. `state`: None before the first example. Decisions up to (`at`, `decision`) are learnt,
    `lessons` of them."""

    version: int = 0
    at: Utc = EARLIEST
    decision: str = ""
    lessons: int = 0
    state: dict[str, Any] | None = None


def load_posterior(connection: Connection, slot: str) -> StoredPosterior:
    """Load the posterior of a slot."""
    row = connection.execute(select(beliefs).where(beliefs.c.slot == slot)).one_or_none()
    return StoredPosterior() if row is None else StoredPosterior(**row._asdict())


def load_version(connection: Connection, slot: str) -> int:
    """Load the version of a slot's posterior; 0: there is none."""
    return connection.scalar(select(beliefs.c.version).where(beliefs.c.slot == slot)) or 0


def replace_posterior(
    connection: Connection,
    slot: str,
    old: StoredPosterior,
    state: dict[str, Any],
    at: datetime,
    decision: str,
    lessons: int,
) -> bool:
    """Save what was learnt on top of `old`; return False, and change nothing, where somebody else has learnt since."""
    new = {"version": old.version + 1, "at": at, "decision": decision, "lessons": lessons, "state": state}
    if old.version == 0:
        first = insert_into(connection, beliefs).values(slot=slot, **new).on_conflict_do_nothing()
        return connection.scalar(first.returning(beliefs.c.slot)) is not None
    same = (beliefs.c.slot == slot) & (beliefs.c.version == old.version)
    return connection.execute(update(beliefs).where(same).values(**new)).rowcount == 1
