"""Tries dead letters again, by the same rules as the first time."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import orjson
from sqlalchemy import Connection, Engine

from domain import permissions
from domain.dead_letters import explain
from domain.permissions import Action
from errors import BadInput, NotFound
from ingest.kinds import ImportContext
from ingest.stream_rows import StreamMessage, read_rows
from ingest.streams import save_rows
from models.actors import Actor, Subject, SubjectKind
from models.dead_letters import LetterRetry, LetterSource
from store.activity import write_activity
from store.database import read_transaction, write_transaction
from store.events import dead_letters, outbox
from store.events.dead_letters import NewLetter, StoredLetter
from store.mail.policy import ShopPolicy

MOST: Final = 10_000
"""Letters that are tried again at once."""


def retry_letters(
    engine: Engine, actor: Actor, source: LetterSource | None, policy: ShopPolicy, now: datetime, real_now: datetime
) -> list[LetterRetry]:
    """Try all letters again, the earliest first, or those of one source. Raises NotAllowed."""
    permissions.require(actor, Action.RETRY_LETTER)
    with read_transaction(engine) as connection:
        rows = dead_letters.list_letters(connection, source, MOST)
    kept = [row.letter_id for row in reversed(rows) if row.body is not None]
    return [retry_letter(engine, actor, letter_id, policy, now, real_now) for letter_id in kept]


def retry_letter(
    engine: Engine, actor: Actor, letter_id: str, policy: ShopPolicy, now: datetime, real_now: datetime
) -> LetterRetry:
    """Try a letter again: it is in now and the letter is gone, or stays with why not. What was taken in before is not
    taken in twice.

    Raises:
        NotFound: no letter has this id.
        BadInput: what it said is no longer kept.
        NotAllowed.
    """
    permissions.require(actor, Action.RETRY_LETTER)
    with write_transaction(engine) as connection:
        row = dead_letters.load_letter(connection, letter_id)
        if row is None:
            raise NotFound("no dead letter has this id", "letter_id")
        if row.body is None:
            raise BadInput("what it said is not kept any more: have it sent again, and drop this letter", "letter_id")
        wrong = _try(connection, row, row.body, ImportContext(actor, policy, now, real_now))
        if wrong is None:
            dead_letters.delete_letter(connection, letter_id)
        else:
            dead_letters.note_try(connection, letter_id, wrong.code, wrong.field, real_now)
        data = {"source": row.source, "taken": wrong is None}
        subject = Subject(kind=SubjectKind.DATA, id=letter_id)
        write_activity(connection, actor, Action.RETRY_LETTER, subject, now, real_now, data)
    if wrong is None:
        return LetterRetry(letter_id=letter_id, taken=True)
    return LetterRetry(letter_id=letter_id, taken=False, code=wrong.code, why=explain(wrong.code, wrong.field))


def _try(connection: Connection, row: StoredLetter, body: str, context: ImportContext) -> NewLetter | None:
    """Take a letter in; return the first letter that it would be again, else None. Of one that holds good rows and bad
    ones the good ones are in, and are duplicates the next time."""
    source = row.source
    if source is LetterSource.OUTBOX:
        nudge = orjson.loads(body)
        outbox.push_nudges(connection, nudge["kind"], [nudge["target"]], context.real_now)
        return None
    message = StreamMessage((row.place, 0), 0, body.encode())
    rows, letters = read_rows(source, message)
    letters += save_rows(connection, source, rows, context).letters
    return next(iter(letters), None)
