"""`/review` and `/review/<client:number>`: the desk, where people read, change and let out drafts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from domain.permissions import Action, Disclosure
from errors import BadInput, NotFound, Taken
from ingest.faults import parse_model
from models.drafts import (
    DraftCheck,
    DraftCheckResult,
    DraftDecision,
    DraftEdit,
    DraftId,
    DraftVerdict,
    DraftView,
    HoldReason,
)
from models.states import OutreachState, TouchKind
from services.review import claims, decisions, edits, lists
from services.review.queue import DeskFilter, DeskPlace, find_place
from store.mail.policy import build_mail_rules
from web.auth.rules import needs
from web.console.acting import PostedForm, build_form_token, receive_form
from web.console.draft_text import build_lines, list_changes, read_typed
from web.console.names import name_campaigns
from web.context import Here, WebContext
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)

PAGE: Final = "/review"
DECIDED: Final = 30
"""Decided drafts that the list shows below those that wait."""


def read_filter(
    campaign: Annotated[str, Query(max_length=64)] = "",
    kind: Annotated[str, Query(max_length=20)] = "",
    why: Annotated[str, Query(max_length=20)] = "",
) -> DeskFilter:
    """Read which drafts somebody goes through; what there is not means all."""
    known_kind, known_why = kind in set(TouchKind), why in set(HoldReason)
    return DeskFilter(campaign, TouchKind(kind) if known_kind else None, HoldReason(why) if known_why else None)


Wanted = Annotated[DeskFilter, Depends(read_filter)]


@router.get(PAGE, dependencies=[needs(Disclosure.PERSONAL)])
def show_queue(request: Request, context: Here, wanted: Wanted, done: str = "", of: str = "") -> Response:
    """List the drafts that wait, the longest first, and those last decided."""
    waiting = lists.list_drafts(context.engine, **wanted._asdict())
    slugs = [wanted.campaign, *(one.campaign for one in waiting.drafts)]
    return render_page(
        request,
        "review.html",
        waiting=waiting,
        campaign_names=name_campaigns(context.engine, slugs),
        decided=lists.list_drafts(context.engine, waiting=False, limit=DECIDED),
        wanted=wanted,
        query=_build_query(wanted),
        done=_describe_done(context, done, of),
    )


@router.get("/review/{draft_id}", dependencies=[needs(Disclosure.PERSONAL)])
def show_draft(
    request: Request, context: Here, draft_id: DraftId, wanted: Wanted, done: str = "", of: str = ""
) -> Response:
    """Show one draft beside what it was written from."""
    view = lists.show_draft(context.engine, draft_id)
    return _render(request, context, view, wanted, done=_describe_done(context, done, of))


@router.post("/review/{draft_id}/check", dependencies=[needs(Disclosure.PERSONAL)])
async def check(request: Request, context: Here, draft_id: DraftId, wanted: Wanted) -> Response:
    """Draw the text with what would be wrong with it, for the script that asks while somebody types."""
    form = await receive_form(request, "draft", draft_id)
    view = await run_in_threadpool(lists.show_draft, context.engine, draft_id)
    return await run_in_threadpool(_render, request, context, view, wanted, form.fields)


@router.post("/review/{draft_id}", dependencies=[needs(Action.CLAIM_MAIL, Action.EDIT_MAIL, Action.DECIDE_MAIL)])
async def act(request: Request, context: Here, draft_id: DraftId, wanted: Wanted) -> Response:
    """Save, approve, reject, claim or release; a refusal is shown on the page, with what was typed."""
    form = await receive_form(request, "draft", draft_id)
    place = await run_in_threadpool(find_place, context.engine, draft_id, wanted)
    try:
        decided = await run_in_threadpool(_act, context, draft_id, form)
    except NotFound:
        raise
    except (BadInput, Taken) as refused:
        view = await run_in_threadpool(lists.show_draft, context.engine, draft_id)
        return await run_in_threadpool(_render, request, context, view, wanted, form.fields, refused)
    to = f"/{place.following}" if decided and place.following else "" if decided else f"/{draft_id}"
    query = {"done": form.fields.get("act", ""), "of": draft_id}
    return RedirectResponse(f"{PAGE}{to}?{urlencode(_list_query(wanted) | query)}", status_code=303)


def _act(context: WebContext, draft_id: DraftId, form: PostedForm) -> bool:
    """Carry out what the form asks, and return whether the draft is decided by it."""
    match form.fields.get("act"):
        case "claim":
            lease = timedelta(minutes=context.settings.review_lease_minutes)
            claims.claim_draft(context.engine, form.actor, draft_id, "", lease, *_now(context))
        case "release":
            claims.release_draft(context.engine, form.actor, draft_id, "")
        case "save":
            _save_edits(context, draft_id, form)
        case "approve" | "reject" as verdict:
            _decide(context, draft_id, form, DraftVerdict(verdict))
            return True
        case _:
            raise BadInput("choose what to do", "act")
    return False


def _save_edits(context: WebContext, draft_id: DraftId, form: PostedForm) -> str:
    """Save the sentences that were changed, and return the version of the text that now stands."""
    sentences = lists.show_draft(context.engine, draft_id).sentences
    changes = list_changes(sentences, read_typed(form.fields))
    version = form.fields.get("version", "")
    if not changes:
        return version
    edit = parse_model(DraftEdit, {"version": version, "changes": [dict(change) for change in changes]})
    return edits.edit_draft(context.engine, form.actor, draft_id, edit, *_now(context)).version


def _decide(context: WebContext, draft_id: DraftId, form: PostedForm, verdict: DraftVerdict) -> None:
    values = {"verdict": verdict, "reason": form.fields.get("reason", "").strip(), "alike": "alike" in form.fields}
    parse_model(DraftDecision, values)  # before anything is saved
    version = _save_edits(context, draft_id, form) if verdict is DraftVerdict.APPROVE else form.fields.get("version")
    decision = parse_model(DraftDecision, values | {"version": version})
    rules = build_mail_rules(context.settings)
    decisions.decide_draft(context.engine, form.actor, rules, draft_id, decision, *_now(context))


def _render(
    request: Request,
    context: WebContext,
    view: DraftView,
    wanted: DeskFilter,
    fields: Mapping[str, str] | None = None,
    refused: BadInput | None = None,
    done: str = "",
) -> Response:
    typed = read_typed(fields or {})
    checked = _check(context, view, typed)
    return render_page(
        request,
        "draft.html",
        422 if refused else 200,
        campaign_names=name_campaigns(context.engine, [view.campaign]),
        draft=view,
        lines=build_lines(view.sentences, typed, checked.faults, view.items),
        faults=checked.faults,
        loose=[fault for fault in checked.faults if not fault.sentence],
        open=view.state is OutreachState.AWAITING_PERSON,
        place=_find_place(context, view, wanted),
        query=_build_query(wanted),
        fields=fields or {},
        refused=refused,
        done=done,
        real_now=context.real_now(),
        token=build_form_token(request, "draft", view.draft_id),
    )


def _check(context: WebContext, view: DraftView, typed: Mapping[int, str]) -> DraftCheckResult:
    changes = list_changes(view.sentences, typed)
    if not changes:
        return DraftCheckResult(sentences=view.sentences, faults=view.faults)
    try:
        return edits.check_draft(context.engine, view.draft_id, DraftCheck(changes=changes))
    except BadInput as impossible:
        fault = {"sentence": changes[0].sentence, "where": "", "code": "shape", "what": impossible.reason}
        return DraftCheckResult.model_validate({"sentences": view.sentences, "faults": [fault]})


def _find_place(context: WebContext, view: DraftView, wanted: DeskFilter) -> DeskPlace:
    return find_place(context.engine, view.draft_id, wanted)


def _now(context: WebContext) -> Any:
    return context.business_now(), context.real_now()


def _list_query(wanted: DeskFilter) -> dict[str, str]:
    return {name: str(value) for name, value in wanted._asdict().items() if value}


def _build_query(wanted: DeskFilter) -> str:
    query = urlencode(_list_query(wanted))
    return f"?{query}" if query else ""


def _describe_done(context: WebContext, done: str, of: DraftId) -> str:
    """Describe what was just done, for the next page."""
    if done not in ("approve", "reject", "save", "claim", "release"):
        return ""
    try:
        view = lists.show_draft(context.engine, of)
    except BadInput:
        return ""
    name = view.first_name or view.client_id
    if done in ("approve", "reject"):
        return f"{'Approved' if done == 'approve' else 'Rejected'}: “{view.subject}” to {name}."
    return {"save": "Saved.", "claim": "It is yours for now.", "release": "Given up; others may take it."}[done]
