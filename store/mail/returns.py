"""Returns on record: each once, so that one read again changes nothing; those that nobody could read, with their text
for a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select, update

from models.base import ClientId
from models.returns import KeptReturn, ReturnReading, ReturnWay
from store.sql.bulk import insert_ignoring
from store.tables import returns

KEPT_FOR: Final = timedelta(days=30)
"""Business time for which the text of a return stays for a person; it may hold addresses."""
MOST_KEPT: Final = 1_000
"""Texts that wait for a person at once; beyond that returns are only counted, so that a flood fills no disk."""
LONGEST: Final = 100_000
"""Characters of a return that are kept."""


def save_return(
    connection: Connection, reading: ReturnReading, way: ReturnWay, now: datetime, mail: tuple[ClientId, int] | None
) -> bool:
    """Save that a return was read, and return whether it is new."""
    client_id, n = mail or (None, None)
    row = {"id": reading.report_id, "at": now, "way": way, "kind": reading.kind, "code": reading.code}
    return insert_ignoring(connection, returns, [row | {"client_id": client_id, "n": n}]) == 1


def keep_text(connection: Connection, report_id: str, raw: str, now: datetime) -> bool:
    """Keep the text of a return for a person, and drop those kept too long; return whether there was room."""
    r = returns.c
    old = update(returns).where(r.raw.is_not(None), r.at < now - KEPT_FOR)
    connection.execute(old.values(raw=None))
    if count_kept(connection) >= MOST_KEPT:
        return False
    # PostgreSQL stores no NUL, which a hostile mail may hold.
    connection.execute(update(returns).where(r.id == report_id).values(raw=raw[:LONGEST].replace("\0", "")))
    return True


def count_kept(connection: Connection) -> int:
    """Count the returns that wait for a person."""
    return int(connection.scalar(select(func.count()).where(returns.c.raw.is_not(None))) or 0)


def list_returns(connection: Connection, *, kept: bool, limit: int) -> Sequence[KeptReturn]:
    """List returns, the latest first, without their texts; with `kept` those that wait for a person."""
    r = returns.c
    query = select(r.id, r.at, r.way, r.kind, r.code, r.client_id, r.n).order_by(r.at.desc(), r.id).limit(limit)
    if kept:
        query = query.where(r.raw.is_not(None))
    return [_build(row) for row in connection.execute(query)]


def find_return(connection: Connection, start: str) -> KeptReturn | None:
    """Find the return whose id begins so, with its text."""
    query = select(returns).where(returns.c.id.startswith(start, autoescape=True)).order_by(returns.c.id).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else _build(row)


def drop_text(connection: Connection, report_id: str) -> None:
    """Drop the text of a return that a person has read."""
    connection.execute(update(returns).where(returns.c.id == report_id).values(raw=None))


def _build(row: object) -> KeptReturn:
    values = {name: getattr(row, name, None) for name in KeptReturn.model_fields}
    return KeptReturn.model_validate(values)
