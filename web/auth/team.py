"""`/team`: who has an account, with which role; an owner invites, changes roles, disables, and makes new links."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from domain.permissions import STAFF, Action, Disclosure
from errors import BadInput
from ingest.faults import parse_model
from models.actors import Actor
from models.base import ID_PATTERN
from models.team import AccountInvitation, InvitationLink, RoleChange
from services.team.invitations import LinkBase
from services.team.people import disable_person, invite_person, list_people, reset_person, set_role
from web.auth.callers import By
from web.auth.forms import read_form
from web.auth.rules import needs
from web.console.fields import explain_refusal
from web.context import Here, WebContext
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)
PAGE: Final = "/team"
AccountPath = Annotated[str, Path(pattern=ID_PATTERN)]
ROLES: Final = sorted(STAFF)


@router.get(PAGE, dependencies=[needs(Disclosure.TEAM)])
def show_team(request: Request, context: Here) -> Response:
    """List everybody, with what an owner may do."""
    return _render(request, context)


@router.post(PAGE, dependencies=[needs(Action.INVITE_PERSON)])
async def invite(request: Request, context: Here, actor: By) -> Response:
    """Add an account and show its link, this one time."""
    form = await read_form(request)
    return await run_in_threadpool(_invite, request, context, actor, form)


def _invite(request: Request, context: WebContext, actor: Actor, form: dict[str, str]) -> Response:
    try:
        order = parse_model(AccountInvitation, {"name": form.get("name", ""), "role": form.get("role", "")})
        now, real_now = context.business_now(), context.real_now()
        made = invite_person(context.engine, actor, build_link_base(context), order, now, real_now)
    except BadInput as wrong:
        return _render(request, context, form=form, wrong=explain_refusal(wrong))
    return _render(request, context, made=made)


@router.post("/team/{account_id}/role", dependencies=[needs(Action.SET_ROLE)])
async def change_role(request: Request, context: Here, actor: By, account_id: AccountPath) -> Response:
    """Give somebody another role."""
    form = await read_form(request)
    try:
        role = parse_model(RoleChange, {"role": form.get("role", "")}).role
        now, real_now = context.business_now(), context.real_now()
        await run_in_threadpool(set_role, context.engine, actor, account_id, role, now, real_now)
    except BadInput as wrong:
        return await run_in_threadpool(_render, request, context, wrong=explain_refusal(wrong))
    return RedirectResponse(PAGE, status_code=303)


@router.post("/team/{account_id}/disable", dependencies=[needs(Action.DISABLE_PERSON)])
async def disable(request: Request, context: Here, actor: By, account_id: AccountPath) -> Response:
    """Disable an account and end its sign-ins."""
    try:
        now, real_now = context.business_now(), context.real_now()
        await run_in_threadpool(disable_person, context.engine, actor, account_id, now, real_now)
    except BadInput as wrong:
        return await run_in_threadpool(_render, request, context, wrong=explain_refusal(wrong))
    return RedirectResponse(PAGE, status_code=303)


@router.post("/team/{account_id}/reset", dependencies=[needs(Action.RESET_PERSON)])
async def reset(request: Request, context: Here, actor: By, account_id: AccountPath) -> Response:
    """Take away password and second factor, and show a new link, this one time."""
    now, real_now = context.business_now(), context.real_now()
    base = build_link_base(context)
    made = await run_in_threadpool(reset_person, context.engine, actor, base, account_id, now, real_now)
    return await run_in_threadpool(_render, request, context, made=made)


def build_link_base(context: WebContext) -> LinkBase:
    """Build what links of this site are made with."""
    return LinkBase(context.settings.base_url, context.settings.keys.signing)


def _render(
    request: Request,
    context: WebContext,
    *,
    form: dict[str, str] | None = None,
    made: InvitationLink | None = None,
    wrong: str = "",
) -> Response:
    people = list_people(context.engine).accounts
    return render_page(
        request,
        "team.html",
        422 if wrong else 200,
        people=people,
        roles=ROLES,
        form=form or {},
        made=made,
        wrong=wrong,
        real_now=context.real_now(),
    )
