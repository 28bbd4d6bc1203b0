"""Show and drop what could not be taken in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from domain import permissions
from domain.dead_letters import explain
from domain.permissions import Action
from errors import BadInput, NotFound
from models.actors import Actor, Subject, SubjectKind
from models.dead_letters import DeadLetter, DeadLetterList, DeadLetterText, LetterSource
from store.activity import write_activity
from store.database import read_transaction, write_transaction
from store.events import dead_letters
from store.events.dead_letters import StoredLetter


def list_letters(engine: Engine, source: LetterSource | None = None, limit: int = 100) -> DeadLetterList:
    """List dead letters, the latest first, without what they say."""
    with read_transaction(engine) as connection:
        letters = tuple(_build_letter(row) for row in dead_letters.list_letters(connection, source, limit))
        return DeadLetterList(letters=letters, counts=dead_letters.count_letters(connection))


def show_letter(engine: Engine, letter_id: str) -> DeadLetterText:
    """Show a dead letter and what it says. Raises NotFound."""
    with read_transaction(engine) as connection:
        row = dead_letters.find_letter(connection, letter_id)
    if row is None:
        raise NotFound("no dead letter has this id", "letter_id")
    return DeadLetterText(**dict(_build_letter(row)), body=row.body)


def find_id(engine: Engine, begun: str) -> str:
    """Find the id that begins so. Raises NotFound for none, BadInput for several."""
    with read_transaction(engine) as connection:
        ids = dead_letters.list_ids(connection, begun)
    if not ids:
        raise NotFound("no dead letter has this id", "letter_id")
    if len(ids) > 1:
        raise BadInput("several dead letters begin so; give more of the id", "letter_id")
    return ids[0]


def drop_letter(engine: Engine, actor: Actor, letter_id: str, now: datetime, real_now: datetime) -> DeadLetter:
    """Drop a dead letter and what it says, and return it as it was. Raises NotFound, NotAllowed."""
    permissions.require(actor, Action.DROP_LETTER)
    with write_transaction(engine) as connection:
        row = dead_letters.load_letter(connection, letter_id)
        if row is None:
            raise NotFound("no dead letter has this id", "letter_id")
        dead_letters.delete_letter(connection, letter_id)
        subject = Subject(kind=SubjectKind.DATA, id=letter_id)
        write_activity(connection, actor, Action.DROP_LETTER, subject, now, real_now, {"source": row.source})
    return _build_letter(row)


def _build_letter(row: StoredLetter) -> DeadLetter:
    why = explain(row.code, row.field)
    return DeadLetter(**row._asdict(), why=why, kept=row.body is not None)
