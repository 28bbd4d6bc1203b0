"""Show what lies on the desk: all drafts that wait, and one of them whole."""

from __future__ import annotations

from sqlalchemy import Engine

from agents.languages import find_draft_faults
from domain.draft_sentences import compute_version, list_sentences, locate_faults
from domain.review_policy import PATIENCE
from models.drafts import DraftEntry, DraftId, DraftList, DraftView, HoldReason
from models.mail import Review
from models.model_call import CallRecord
from models.states import TouchKind
from services.review.rows import OpenDraft, format_draft_id, load_draft
from store.database import read_transaction
from store.mail import drafts, model_calls
from store.mail.drafts import DraftRow


def list_drafts(
    engine: Engine,
    *,
    waiting: bool = True,
    campaign: str = "",
    kind: TouchKind | None = None,
    why: HoldReason | None = None,
    limit: int = 100,
) -> DraftList:
    """List the drafts that await a person, the longest first; with `waiting` false those of which was decided, the
    latest first."""
    with read_transaction(engine) as connection:
        rows = drafts.list_drafts(connection, waiting=waiting, campaign=campaign, kind=kind, why=why, limit=limit)
        alike = drafts.count_alike(connection) if waiting else {}
        entries = tuple(build_entry(row, alike.get((row.campaign, row.kind, row.likeness), 1)) for row in rows)
        return DraftList(drafts=entries, waiting=sum(drafts.count_waiting(connection).values()))


def show_draft(engine: Engine, draft_id: DraftId) -> DraftView:
    """Show a draft whole: its sentences, what is wrong with them, and what it was written from. Raises NotFound."""
    with read_transaction(engine) as connection:
        found = load_draft(connection, draft_id)
        edits = drafts.list_edits(connection, found.row.client_id, found.row.n)
        alike = len(drafts.list_alike(connection, found.row))
    return _build_view(found, alike).model_copy(update={"edits": tuple(edits)})


def list_calls(engine: Engine, draft_id: DraftId) -> list[CallRecord]:
    """List the calls of models that were made for a draft, with what was said in them while that is kept. Raises
    NotFound."""
    with read_transaction(engine) as connection:
        row = load_draft(connection, draft_id).row
        return model_calls.list_mail_calls(connection, row.client_id, row.n)


def build_entry(row: DraftRow, alike: int = 1) -> DraftEntry:
    """Build the entry of a draft in a list."""
    return DraftEntry(
        draft_id=format_draft_id(row),
        client_id=row.client_id,
        first_name=row.first_name or "",
        n=row.n,
        kind=row.kind,
        campaign=row.campaign,
        why=row.why,
        stage=row.stage,
        subject=row.subject,
        since=row.since,
        until=row.since + PATIENCE,
        alike=alike,
        claimed_by=row.claimed_by,
        claimed_until=row.claimed_until,
    )


def _build_view(found: OpenDraft, alike: int) -> DraftView:
    row, mail, brief = found.row, found.mail, found.brief
    return DraftView(
        **dict(build_entry(row, alike)),
        state=mail.state,
        code=mail.code,
        version=compute_version(found.draft),
        composed_by=mail.composed_by or "house",
        sentences=list_sentences(found.draft),
        faults=locate_faults(found.draft, find_draft_faults(found.draft, brief)),
        remarks=Review.model_validate(mail.review).issues if mail.review else (),
        facts=tuple(fact.text for fact in brief.facts),
        items=tuple(item.title for item in brief.items),
        message=brief.message,
        offer=f"{brief.offer.slug}, code {brief.offer.code}" if brief.offer is not None else "",
        verdict=row.verdict,
        reason=row.reason,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )
