"""Dead letters, and apart from them what they said, which is deleted with the client or after some days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Select, delete, func, select, update

from models.base import ClientId
from models.dead_letters import LetterCode, LetterSource
from store.sql.bulk import insert_ignoring
from store.tables import dead_letters, dead_payloads

TOGETHER: Final = 500
"""Letters of one statement."""
_COLUMNS: Final = ("letter_id", "source", "place", "code", "field", "tries", "at")
_KEPT: Final = ("letter_id", "client_id", "body")


class NewLetter(NamedTuple):
    """A letter to bury. `body`: what it said; None: not to be kept."""

    letter_id: str
    source: LetterSource
    place: str
    code: LetterCode
    field: str
    client_id: ClientId | None
    body: str | None


class StoredLetter(NamedTuple):
    """A letter as stored; `body` is None where what it said is not kept."""

    letter_id: str
    source: LetterSource
    place: str
    code: LetterCode
    field: str
    tries: int
    at: datetime
    body: str | None


def save_letters(connection: Connection, letters: Iterable[NewLetter], real_now: datetime) -> None:
    """Save letters; one that is there already stays as it is."""
    waiting = list(letters)
    for start in range(0, len(waiting), TOGETHER):
        batch = waiting[start : start + TOGETHER]
        rows = [one._asdict() | {"tries": 1, "at": real_now} for one in batch]
        insert_ignoring(connection, dead_letters, [{name: row[name] for name in _COLUMNS} for row in rows])
        kept = [row for row in rows if row["body"] is not None]
        insert_ignoring(connection, dead_payloads, [{name: row[name] for name in _KEPT} for row in kept])


def list_letters(connection: Connection, source: LetterSource | None, limit: int) -> list[StoredLetter]:
    """List letters with what they said, the latest first."""
    query = _select_letters().order_by(dead_letters.c.at.desc(), dead_letters.c.letter_id).limit(limit)
    rows = connection.execute(query if source is None else query.where(dead_letters.c.source == source))
    return [_build_stored(row) for row in rows]


def find_letter(connection: Connection, letter_id: str) -> StoredLetter | None:
    """Find a letter with what it said."""
    row = connection.execute(_select_letters().where(dead_letters.c.letter_id == letter_id)).one_or_none()
    return None if row is None else _build_stored(row)


def list_ids(connection: Connection, begun: str) -> list[str]:
    """List the ids that begin so, two at most."""
    ids = dead_letters.c.letter_id
    return list(connection.scalars(select(ids).where(ids.startswith(begun, autoescape=True)).limit(2)))


def load_letter(connection: Connection, letter_id: str) -> StoredLetter | None:
    """Load a letter with what it said, and hold it until the transaction ends."""
    query = _select_letters().where(dead_letters.c.letter_id == letter_id).with_for_update(of=dead_letters)
    row = connection.execute(query).one_or_none()
    return None if row is None else _build_stored(row)


def _build_stored(row: Any) -> StoredLetter:
    names = (row.letter_id, LetterSource(row.source), row.place, LetterCode(row.code), row.field)
    return StoredLetter(*names, row.tries, row.at, row.body)


def _select_letters() -> Select[Any]:
    joined = dead_letters.outerjoin(dead_payloads, dead_payloads.c.letter_id == dead_letters.c.letter_id)
    return select(dead_letters, dead_payloads.c.body).select_from(joined)


def note_try(connection: Connection, letter_id: str, code: LetterCode, field: str, real_now: datetime) -> None:
    """Note another try that failed."""
    values = {"code": code, "field": field, "at": real_now, "tries": dead_letters.c.tries + 1}
    connection.execute(update(dead_letters).where(dead_letters.c.letter_id == letter_id).values(**values))


def delete_letter(connection: Connection, letter_id: str) -> None:
    """Delete a letter and what it said."""
    connection.execute(delete(dead_payloads).where(dead_payloads.c.letter_id == letter_id))
    connection.execute(delete(dead_letters).where(dead_letters.c.letter_id == letter_id))


def count_letters(connection: Connection) -> dict[str, int]:
    """Count letters by source."""
    c = dead_letters.c
    return {row[0]: row[1] for row in connection.execute(select(c.source, func.count()).group_by(c.source))}


def delete_old_payloads(connection: Connection, before: datetime) -> int:
    """Delete what letters said that were last tried before a moment; return how many."""
    old = select(dead_letters.c.letter_id).where(dead_letters.c.at < before)
    return connection.execute(delete(dead_payloads).where(dead_payloads.c.letter_id.in_(old))).rowcount


def delete_naming(connection: Connection, client_id: ClientId) -> int:
    """Delete what letters said that name a client, though it could not be read whom they are about."""
    named = dead_payloads.c.body.contains(f'"{client_id}"', autoescape=True)
    return connection.execute(delete(dead_payloads).where(dead_payloads.c.client_id.is_(None), named)).rowcount
