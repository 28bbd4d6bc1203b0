"""`/v1/drafts`: the drafts that await a person, claimed, checked, edited and decided by the shop's systems."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from fastapi import Depends, Query

from domain.permissions import Action, Disclosure
from models.drafts import (
    DraftCheck,
    DraftCheckResult,
    DraftClaim,
    DraftDecided,
    DraftDecision,
    DraftEdit,
    DraftEntry,
    DraftList,
    DraftTranscript,
    DraftView,
    HoldReason,
)
from models.states import TouchKind
from services.review import claims, decisions, edits, lists
from store.mail.policy import build_mail_rules
from web.api.requests import JsonBody
from web.api.routing import DraftPath, create_router, declare_errors
from web.auth.callers import By
from web.auth.rules import needs
from web.context import Here

router: Final = create_router("drafts")

Claim = Annotated[DraftClaim, Depends(JsonBody(DraftClaim, required=False))]
Check = Annotated[DraftCheck, Depends(JsonBody(DraftCheck, required=False))]
Edit = Annotated[DraftEdit, Depends(JsonBody(DraftEdit))]
Decision = Annotated[DraftDecision, Depends(JsonBody(DraftDecision))]


@router.get("/drafts", dependencies=[needs(Disclosure.PERSONAL)])
def list_drafts(
    context: Here,
    campaign: Annotated[str, Query(max_length=64, description="Only of this campaign.")] = "",
    kind: Annotated[TouchKind | None, Query(description="Only of this kind.")] = None,
    why: Annotated[HoldReason | None, Query(description="Only those that wait for this reason.")] = None,
    decided: Annotated[bool, Query(description="Those that do not wait any more, the latest first.")] = False,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> DraftList:
    """List the drafts that await a person, the longest first."""
    return lists.list_drafts(context.engine, waiting=not decided, campaign=campaign, kind=kind, why=why, limit=limit)


@router.get("/drafts/{draft_id}", responses=declare_errors(404), dependencies=[needs(Disclosure.PERSONAL)])
def get_draft(context: Here, draft_id: DraftPath) -> DraftView:
    """Return a draft: its sentences by number, what is wrong with them, what it was written from, who decided."""
    return lists.show_draft(context.engine, draft_id)


@router.get("/drafts/{draft_id}/transcript", responses=declare_errors(404), dependencies=[needs(Disclosure.PERSONAL)])
def get_transcript(context: Here, draft_id: DraftPath) -> DraftTranscript:
    """Return each call of a model for the draft: prompt version, model, what was asked and answered, faults, cost."""
    return DraftTranscript(calls=tuple(lists.list_calls(context.engine, draft_id)))


@router.post(
    "/drafts/{draft_id}/claim", responses=declare_errors(404, 409, 413), dependencies=[needs(Action.CLAIM_MAIL)]
)
def claim_draft(context: Here, actor: By, draft_id: DraftPath, claim: Claim) -> DraftEntry:
    """Claim a draft for `SELVEDGE_REVIEW_LEASE_MINUTES`; again: for longer. 409 while somebody else has it."""
    lease = timedelta(minutes=context.settings.review_lease_minutes)
    now, real_now = context.business_now(), context.real_now()
    return claims.claim_draft(context.engine, actor, draft_id, claim.by, lease, now, real_now)


@router.delete("/drafts/{draft_id}/claim", responses=declare_errors(404), dependencies=[needs(Action.CLAIM_MAIL)])
def release_draft(
    context: Here,
    actor: By,
    draft_id: DraftPath,
    by: Annotated[str, Query(max_length=64, description="Who held it.")] = "",
) -> DraftView:
    """Give up a claim, held or not, and return the draft."""
    claims.release_draft(context.engine, actor, draft_id, by)
    return lists.show_draft(context.engine, draft_id)


@router.post("/drafts/{draft_id}/check", responses=declare_errors(404, 413), dependencies=[needs(Disclosure.PERSONAL)])
def check_draft(context: Here, draft_id: DraftPath, check: Check) -> DraftCheckResult:
    """Say what would be wrong with the draft if these sentences had other words. Nothing is saved."""
    return edits.check_draft(context.engine, draft_id, check)


@router.post("/drafts/{draft_id}/edit", responses=declare_errors(404, 409, 413), dependencies=[needs(Action.EDIT_MAIL)])
def edit_draft(context: Here, actor: By, draft_id: DraftPath, edit: Edit) -> DraftView:
    """Save other words for sentences; the draft goes on awaiting a decision. 422 names the word that the facts do not
    support; then nothing was saved."""
    return edits.edit_draft(context.engine, actor, draft_id, edit, context.business_now(), context.real_now())


@router.post(
    "/drafts/{draft_id}/decision", responses=declare_errors(404, 409, 413), dependencies=[needs(Action.DECIDE_MAIL)]
)
def decide_draft(context: Here, actor: By, draft_id: DraftPath, decision: Decision) -> DraftDecided:
    """Approve or reject a draft, or with `alike` all of its campaign, kind and text. 409 tells who decided before."""
    rules, now, real_now = build_mail_rules(context.settings), context.business_now(), context.real_now()
    return decisions.decide_draft(context.engine, actor, rules, draft_id, decision, now, real_now)
