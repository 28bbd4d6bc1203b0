"""`/me`: one's own password, second factor and sign-ins."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import segno
from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from itsdangerous import BadData, URLSafeTimedSerializer

from domain.permissions import Action, Disclosure
from errors import BadInput
from services.team.people import find_person
from services.team.second_factor import build_address, propose_secret, turn_off_second_factor, turn_on_second_factor
from services.team.sign_ins import end_sign_in, list_sign_ins, set_own_password
from web.auth.callers import Asker, Caller
from web.auth.forms import read_form
from web.auth.rules import needs, require_person
from web.auth.sign_in import begin
from web.context import Here, WebContext, get_context
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False, dependencies=[Depends(require_person)])
PAGE: Final = "/me"
_BROWSERS: Final = (
    *(("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome", "Chrome"), ("Safari/", "Safari")),
)
_SYSTEMS: Final = (
    *(("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows")),
    *(("Macintosh", "Mac"), ("CrOS", "ChromeOS"), ("Linux", "Linux")),
)
"""By a part of what a browser says of itself; the first that fits."""
SET_UP_WITHIN_S: Final = 900
"""Seconds in which a proposed secret must be proven."""


@router.get(PAGE, dependencies=[needs(Disclosure.OWN)])
def show_account(request: Request, context: Here, caller: Asker) -> Response:
    """Show one's own account."""
    return _render(request, context, caller)


@router.post("/me/password", dependencies=[needs(Action.SET_PASSWORD)])
async def change_password(request: Request, caller: Asker) -> Response:
    """Change the password; all sign-ins end, and this browser begins a new one."""
    form = await read_form(request)
    return await run_in_threadpool(_change_password, request, caller, form)


def _change_password(request: Request, caller: Caller, form: dict[str, str]) -> Response:
    context = get_context(request)
    old, new, now, real_now = form.get("old_password", ""), form.get("password", ""), *_read_clocks(context)
    try:
        if new != form.get("repeated_password", ""):
            raise BadInput("was not typed twice alike", "password")
        set_own_password(context.engine, caller.actor, caller.account_id, old, new, now, real_now)
    except BadInput as wrong:
        return _render(request, context, caller, wrong=_explain(wrong))
    return begin(request, caller.account_id, None, {"next": PAGE})


@router.post("/me/second-factor", dependencies=[needs(Action.SET_SECOND_FACTOR)])
async def set_second_factor(request: Request, context: Here, caller: Asker) -> Response:
    """Propose a secret; or turn the second factor on with a code of it, or off."""
    form = await read_form(request)
    return await run_in_threadpool(_set_second_factor, request, context, caller, form)


def _set_second_factor(request: Request, context: WebContext, caller: Caller, form: dict[str, str]) -> Response:
    step, (now, real_now) = form.get("step", ""), _read_clocks(context)
    if step == "off":
        turn_off_second_factor(context.engine, caller.actor, caller.account_id, caller.token_hash, now, real_now)
        return RedirectResponse(PAGE, status_code=303)
    if step != "on":
        return _render(request, context, caller, secret=propose_secret())
    secret = _read_secret(context, caller, form.get("proposal", ""))
    try:
        if not secret:
            raise BadInput("came too late: begin again", "code")
        codes = turn_on_second_factor(
            context.engine,
            caller.actor,
            context.settings.keys.signing,
            caller.account_id,
            secret,
            form.get("code", ""),
            caller.token_hash,
            now,
            real_now,
        )
    except BadInput as wrong:
        return _render(request, context, caller, secret=secret, wrong=_explain(wrong))
    return _render(request, context, caller, codes=codes)


@router.post("/me/sign-ins/{token_hash}/end", dependencies=[needs(Action.END_SIGN_IN)])
async def end(context: Here, caller: Asker, token_hash: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]) -> Response:
    """End one of one's own sign-ins."""
    now, real_now = _read_clocks(context)
    await run_in_threadpool(end_sign_in, context.engine, caller.actor, caller.account_id, token_hash, now, real_now)
    return RedirectResponse(PAGE, status_code=303)


def name_browser(agent: str) -> str:
    """Name a browser and its system in a few words; one that is not known by what it says of itself."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if not browser:
        return agent or "An unnamed browser"
    return f"{browser} on {system}" if system else browser


def _read_clocks(context: WebContext) -> tuple[datetime, datetime]:
    return context.business_now(), context.real_now()


def _explain(wrong: BadInput) -> str:
    name = {"old_password": "Your present password", "password": "The new password", "code": "The code"}
    return f"{name.get(wrong.field or '', wrong.field)} {wrong.reason}."


def _read_secret(context: WebContext, caller: Caller, proposal: str) -> str:
    """Read the secret that was proposed to this sign-in; empty where it was another, or too long ago."""
    try:
        binding, secret = _build_signer(context).loads(proposal, max_age=SET_UP_WITHIN_S)
    except BadData:
        return ""
    return str(secret) if binding == caller.binding else ""


def _build_signer(context: WebContext) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(context.settings.keys.signing, salt="console/second-factor")


def _render(
    request: Request,
    context: WebContext,
    caller: Caller,
    *,
    wrong: str = "",
    secret: str = "",
    codes: tuple[str, ...] = (),
) -> Response:
    address = build_address(context.settings.shop_name, caller.actor.who, secret) if secret else ""
    return render_page(
        request,
        "account.html",
        422 if wrong else 200,
        person=find_person(context.engine, caller.account_id),
        sign_ins=list_sign_ins(context.engine, caller.account_id),
        this=caller.token_hash,
        is_by_proxy=caller.is_by_proxy,
        browser=name_browser,
        wrong=wrong,
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        picture=segno.make(address).svg_data_uri(scale=4, light="white") if address else "",
        address=address,
        proposal=_build_signer(context).dumps([caller.binding, secret]) if secret else "",
        codes=codes,
        real_now=context.real_now(),
    )
