"""Returns on record: each once, so that one read again changes nothing; those that nobody could read, with their text
for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Final, NamedTuple

from sqlalchemy import Connection, Select, bindparam, func, select, update

from models.base import ClientId
from models.returns import KeptReturn, ReturnKind, ReturnReading, ReturnWay
from store.sql.bulk import give, match_given, write_rows
from store.sql.types import to_micros
from store.tables import returns

KEPT_FOR: Final = timedelta(days=30)
"""Business time for which the text of a return stays for a person; it may hold addresses."""
MOST_KEPT: Final = 1_000
"""Texts that wait for a person at once; beyond that returns are only counted, so that a flood fills no disk."""
LONGEST: Final = 100_000
"""Characters of a return that are kept."""


class ReadReturn(NamedTuple):
    """A return that was read, and the client and number of the mail that it is about."""

    reading: ReturnReading
    client_id: ClientId | None = None
    n: int | None = None


def save_returns(connection: Connection, batch: Sequence[ReadReturn], way: ReturnWay, now: datetime) -> set[str]:
    """Save that these returns were read, and return the ids of those that are new."""
    rows = {
        one.reading.report_id: (
            one.reading.report_id,
            to_micros(now),
            way,
            one.reading.kind,
            one.reading.code,
            *one[1:],
        )
        for one in reversed(batch)  # of one that comes twice the first stays
    }
    stored = set[str](connection.scalars(_select_stored(connection.dialect.name), give(connection, rows)))
    fresh = [rows[key] for key in sorted(rows.keys() - stored)]  # one order for all writers
    written = write_rows(connection, returns, ("id", "at", "way", "kind", "code", "client_id", "n"), fresh, "keep")
    return {str(row[0]) for row in fresh} if written is None else set(written)


@cache  # building it takes longer than running it
def _select_stored(dialect: str) -> Select[tuple[str]]:
    return select(returns.c.id).where(match_given(dialect, returns.c.id))


def keep_texts(connection: Connection, texts: Mapping[str, str], now: datetime) -> set[str]:
    """Keep the texts of returns for a person, by id, and drop those kept too long; return the ids of those for which
    there was room."""
    if not texts:
        return set()
    r = returns.c
    old = update(returns).where(r.raw.is_not(None), r.at < now - KEPT_FOR)
    connection.execute(old.values(raw=None))
    roomy = list(texts)[: max(MOST_KEPT - count_kept(connection), 0)]
    if roomy:
        # PostgreSQL stores no NUL, which a hostile mail may hold.
        rows = [{"key": key, "raw": texts[key][:LONGEST].replace("\0", "")} for key in roomy]
        connection.execute(update(returns).where(r.id == bindparam("key")), rows)
    return set(roomy)


def count_kept(connection: Connection) -> int:
    """Count the returns that wait for a person."""
    return int(connection.scalar(select(func.count()).where(returns.c.raw.is_not(None))) or 0)


def count_refused(connection: Connection, since: datetime) -> int:
    """Count the mails that came back since then for what may be about us (5.7.x): policy, reputation, signature."""
    r = returns.c
    refused = (r.kind == ReturnKind.FAILED, r.code.startswith("5.7."), r.at >= since)
    return int(connection.scalar(select(func.count()).where(*refused)) or 0)


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
