"""Claim a draft for a while, so that two people do not do the same work."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine

from domain import permissions
from domain.permissions import Action
from errors import Taken
from models.actors import Actor, Subject, SubjectKind
from models.drafts import DraftEntry, DraftId
from services.review.lists import build_entry
from services.review.rows import load_draft, parse_draft_id, require_open
from store.activity import write_activity
from store.database import write_transaction
from store.mail import drafts


def claim_draft(
    engine: Engine, actor: Actor, draft_id: DraftId, by: str, lease: timedelta, now: datetime, real_now: datetime
) -> DraftEntry:
    """Claim a draft for `lease` of real time; claiming it again is a longer lease.

    Raises:
        NotAllowed: the actor may not.
        NotFound: no such draft.
        Taken: somebody has decided, or works on it; says who, and when or until when.
    """
    permissions.require(actor, Action.CLAIM_MAIL)
    person = by or actor.who
    with write_transaction(engine) as connection:
        row = require_open(connection, draft_id, person, real_now).row
        again = row.claimed_by == person and row.claimed_until is not None and row.claimed_until > real_now
        if not drafts.claim_draft(connection, row.client_id, row.n, person, real_now + lease, real_now):
            raise Taken("somebody else has just begun to work on this draft", "draft_id")
        if not again:
            subject = Subject(kind=SubjectKind.MAIL, id=f"{row.client_id}/{row.n}", client_id=row.client_id)
            write_activity(connection, actor, Action.CLAIM_MAIL, subject, now, real_now)
        return build_entry(load_draft(connection, draft_id).row)


def release_draft(engine: Engine, actor: Actor, draft_id: DraftId, by: str) -> bool:
    """Give up a claim, and return whether the person held it. Raises NotAllowed, and NotFound."""
    permissions.require(actor, Action.CLAIM_MAIL)
    client_id, n = parse_draft_id(draft_id)
    with write_transaction(engine) as connection:
        return drafts.release_draft(connection, client_id, n, by or actor.who)
