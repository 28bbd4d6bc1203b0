"""Edit a draft sentence by sentence. An edit is held to what any writer is: code, and no person, lets words through."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from sqlalchemy import Engine

from agents.languages import find_draft_faults
from domain import permissions
from domain.draft_sentences import change_sentences, compute_likeness, compute_version, list_sentences, locate_faults
from domain.grounding import seal_draft
from domain.permissions import Action
from errors import BadInput, Taken
from models.actors import Actor, Subject, SubjectKind
from models.drafts import DraftCheck, DraftCheckResult, DraftEdit, DraftFault, DraftId, DraftView
from models.mail import Brief, EmailDraft
from services.review.lists import show_draft
from services.review.rows import load_draft, require_open, require_version
from store.activity import write_activity
from store.database import read_transaction, write_transaction
from store.mail import drafts


def check_draft(engine: Engine, draft_id: DraftId, check: DraftCheck) -> DraftCheckResult:
    """Check a draft with other words for some sentences, and save nothing. Raises NotFound, and BadInput for a change
    that cannot be made."""
    with read_transaction(engine) as connection:
        found = load_draft(connection, draft_id)
    draft = change_sentences(found.draft, check.changes)
    return DraftCheckResult(
        sentences=list_sentences(draft), faults=locate_faults(draft, find_draft_faults(draft, found.brief))
    )


def edit_draft(
    engine: Engine, actor: Actor, draft_id: DraftId, edit: DraftEdit, now: datetime, real_now: datetime
) -> DraftView:
    """Save other words for sentences of a draft, and return it. It goes on awaiting a decision.

    Raises:
        NotAllowed: the actor may not.
        NotFound: no such draft.
        Taken: somebody has decided, or works on it.
        BadInput: names the field of the draft and the word that the facts do not support; or field `version`.
    """
    permissions.require(actor, Action.EDIT_MAIL)
    person = edit.by or actor.who
    with write_transaction(engine) as connection:
        found = require_open(connection, draft_id, person, real_now)
        require_version(found, edit.version)
        draft = change_sentences(found.draft, edit.changes)
        if draft != found.draft:
            require_grounded(draft, found.brief)
            row, likeness = found.row, compute_likeness(draft, found.brief)
            sealed = seal_draft(draft, found.brief)
            if not drafts.save_edit(connection, uuid4().hex, row.client_id, row.n, sealed, likeness, person, now):
                raise Taken("somebody has just decided on this draft", "draft_id")
            subject = Subject(kind=SubjectKind.MAIL, id=f"{row.client_id}/{row.n}", client_id=row.client_id)
            data = {"sentences": len(edit.changes), "version": compute_version(draft)}
            write_activity(connection, actor, Action.EDIT_MAIL, subject, now, real_now, data)
    return show_draft(engine, draft_id)


def require_grounded(draft: EmailDraft, brief: Brief) -> None:
    """Require a draft without faults. Raises BadInput naming the field, the sentence and the word."""
    if faults := locate_faults(draft, find_draft_faults(draft, brief)):
        raise BadInput(describe_fault(faults[0]), faults[0].where)


def describe_fault(fault: DraftFault) -> str:
    """Describe a fault in one line."""
    return f"sentence {fault.sentence}: {fault.what}" if fault.sentence else fault.what
