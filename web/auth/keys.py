"""`/keys`: the keys of programs; an owner makes and revokes them."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from domain.permissions import STAFF, Action, Disclosure
from errors import BadInput
from ingest.faults import parse_model
from models.actors import Actor
from models.base import ID_PATTERN
from models.team import ApiKeyOrder, ApiKeySecret
from services.team.api_keys import create_key, list_keys, revoke_key
from web.auth.callers import By, KnownKeys
from web.auth.forms import read_form
from web.auth.rules import needs
from web.console.fields import explain_refusal
from web.context import Here, WebContext
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)
PAGE: Final = "/keys"


@router.get(PAGE, dependencies=[needs(Disclosure.TEAM)])
def show_keys(request: Request, context: Here) -> Response:
    """List every key, with its role, limits and last use."""
    return _render(request, context)


@router.post(PAGE, dependencies=[needs(Action.CREATE_KEY)])
async def create(request: Request, context: Here, actor: By) -> Response:
    """Make a key and show it, this one time."""
    form = await read_form(request)
    return await run_in_threadpool(_create, request, context, actor, form)


def _create(request: Request, context: WebContext, actor: Actor, form: dict[str, str]) -> Response:
    only = form.get("only", "").replace(",", " ").split()
    values: dict[str, Any] = {"name": form.get("name", ""), "role": form.get("role", ""), "only": only or None}
    try:
        order = parse_model(ApiKeyOrder, values | {"days": form.get("days") or None})
        made = create_key(context.engine, actor, order, context.business_now(), context.real_now())
    except BadInput as wrong:
        return _render(request, context, form=form, wrong=explain_refusal(wrong))
    return _render(request, context, made=made)


@router.post("/keys/{key_id}/revoke", dependencies=[needs(Action.REVOKE_KEY)])
async def revoke(
    request: Request, context: Here, actor: By, key_id: Annotated[str, Path(pattern=ID_PATTERN)]
) -> Response:
    """Revoke a key."""
    try:
        now, real_now = context.business_now(), context.real_now()
        await run_in_threadpool(revoke_key, context.engine, actor, key_id, now, real_now)
    except BadInput as wrong:
        return await run_in_threadpool(_render, request, context, wrong=explain_refusal(wrong))
    known: KnownKeys = request.app.state.known_keys
    known.forget()
    return RedirectResponse(PAGE, status_code=303)


def _render(
    request: Request,
    context: WebContext,
    *,
    form: dict[str, str] | None = None,
    made: ApiKeySecret | None = None,
    wrong: str = "",
) -> Response:
    keys = list_keys(context.engine).keys
    return render_page(
        request,
        "keys.html",
        422 if wrong else 200,
        keys=keys,
        roles=sorted(STAFF),
        form=form or {},
        made=made,
        wrong=wrong,
        real_now=context.real_now(),
    )
