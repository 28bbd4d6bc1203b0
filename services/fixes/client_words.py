"""What a stylist writes to a client, to go with the box."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from domain import permissions
from domain.permissions import Action
from errors import BadInput
from models.actors import Actor, Subject, SubjectKind
from models.fixes import FixId, FixState
from store.activity import write_activity
from store.database import write_transaction
from store.fixes import fixes

MOST: Final = 500
"""Characters: what fits a card in the box."""


def write_to_client(engine: Engine, actor: Actor, fix_id: FixId, words: str, now: datetime, real_now: datetime) -> bool:
    """Save what a stylist writes to the client, empty to take it back, and return whether that changed anything. What
    was written stays out of the record of changes.

    Raises: NotAllowed; NotFound; BadInput for a Fix that is not proposed, and for words that are too many.
    """
    permissions.require(actor, Action.WRITE_FIX_NOTE)
    words = words.replace("\x00", "").replace("\r\n", "\n").strip()
    if len(words) > MOST:
        raise BadInput(f"at most {MOST} characters, these are {len(words)}", "stylist_note")
    with write_transaction(engine) as connection:
        row = fixes.load_fix(connection, fix_id, lock=True)
        if row.state != FixState.PROPOSED:
            raise BadInput(f"this Fix is {row.state}; words go with a proposed one")
        if words == (row.stylist_note or ""):
            return False
        fixes.save_stylist_note(connection, fix_id, words or None)
        subject = Subject(kind=SubjectKind.FIX, id=fix_id, client_id=row.client_id)
        write_activity(connection, actor, Action.WRITE_FIX_NOTE, subject, now, real_now, {"characters": len(words)})
    return True
