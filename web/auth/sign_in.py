"""`/sign-in` and `/sign-out`. A form that came when the sign-in had ended is kept, and shown again to be sent."""

from __future__ import annotations

import json
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from itsdangerous import BadData, URLSafeTimedSerializer

from domain.permissions import Disclosure
from errors import Forbidden, TooManyTries
from services.team.sign_in import PasswordCheck, SignInService
from services.team.sign_ins import begin_sign_in, leave
from web.auth.callers import (
    build_limits,
    find_person,
    get_client_address,
    get_cookie_name,
    identify,
    list_cookie_options,
)
from web.auth.forms import check_form, keep_visitor, know_visitor, read_form, renew_token, to_local_path
from web.auth.rules import needs, open_to_all
from web.context import WebContext, get_context
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)
CODE_WITHIN_S: Final = 300
"""Seconds in which the code must follow the password."""
PUBLIC: Final = open_to_all("whoever is not signed in yet")


@router.get("/sign-in", dependencies=[PUBLIC])
async def show_sign_in(request: Request, next: str = "/") -> Response:
    """Ask for name and password; whoever is signed in goes on."""
    if await identify(request) is not None:
        return RedirectResponse(to_local_path(next), status_code=303)
    return render_sign_in(request, next=to_local_path(next))


@router.post("/sign-in", dependencies=[PUBLIC])
async def sign_in(request: Request) -> Response:
    """Check what was typed, and begin a sign-in."""
    know_visitor(request)
    await check_form(request)
    form = await read_form(request)
    try:
        checked = await run_in_threadpool(_check, request, form)
    except TooManyTries as slow:
        answer = _show_again(request, form, str(slow), 429)
        answer.headers["Retry-After"] = f"{slow.retry_after + 1:.0f}"
        return answer
    except Forbidden as wrong:
        return _show_again(request, form, str(wrong), 401)
    if checked.needs_code:
        return _show_again(request, form, "", 200, pending=_build_signer(request).dumps(list(checked)))
    return await run_in_threadpool(begin, request, checked.account_id, checked.version, form)


def _check(request: Request, form: dict[str, str]) -> PasswordCheck:
    """Check name and password or, in the second step, the code."""
    context, address = get_context(request), get_client_address(request)
    service = SignInService(context.engine, context.settings.keys.signing)
    if not form.get("pending"):
        name, password = form.get("name", "")[:128], form.get("password", "")[:1_000]
        return service.check_password(name, password, address, context.real_now())
    try:
        checked = PasswordCheck(*_build_signer(request).loads(form["pending"], max_age=CODE_WITHIN_S))
    except BadData:
        form["pending"] = ""
        raise Forbidden("That took too long: begin again.") from None
    service.check_code(checked, form.get("code", "")[:64], address, context.real_now())
    return checked._replace(needs_code=False)


def begin(request: Request, account_id: str, version: int | None, form: dict[str, str]) -> Response:
    """Begin a sign-in under a new token, and lead on: to `next`, or to the form that waits to be sent."""
    context = get_context(request)
    settings, name = context.settings, get_cookie_name(context.settings)
    agent, before = request.headers.get("user-agent", ""), request.cookies.get(name, "")
    limits, key, now = build_limits(settings), settings.keys.signing, context.real_now()
    token = begin_sign_in(
        context.engine, key, limits, account_id, version, agent, get_client_address(request), before, now
    )
    answer = _lead_on(request, context, token, form)
    options: Any = list_cookie_options(settings)
    answer.set_cookie(name, token, max_age=int(limits.absolute.total_seconds()), **options)
    return answer


def _lead_on(request: Request, context: WebContext, token: str, form: dict[str, str]) -> Response:
    carried = _parse_carried(form.get("carried", ""))
    if carried is None:
        return RedirectResponse(to_local_path(form.get("next", "/")), status_code=303)
    request.state.caller = find_person(context, token)
    action, fields = carried
    return render_again(
        request, action, fields, "You are signed in again. Nothing was sent yet: here is what you wrote."
    )


@router.post("/sign-out", dependencies=[needs(Disclosure.OWN)])
async def sign_out(request: Request) -> Response:
    """End this sign-in."""
    caller = await identify(request)
    await check_form(request)
    context = get_context(request)
    if caller is not None and caller.token_hash:
        await run_in_threadpool(leave, context.engine, caller.account_id, caller.token_hash)
    answer: Response = RedirectResponse("/sign-in", status_code=303)
    if caller is not None and caller.is_by_proxy:
        answer = render_page(request, "proxy_sign_out.html")
    options: Any = list_cookie_options(context.settings)
    answer.delete_cookie(get_cookie_name(context.settings), **options)
    return answer


def render_sign_in(request: Request, status: int = 200, *, next: str = "/", wrong: str = "", **more: str) -> Response:
    """Render the page. `carried`: a form that waits, as JSON; `pending`: a right password that waits for its code."""
    know_visitor(request)
    shown: dict[str, Any] = {"name": "", "pending": "", "carried": "", **more}
    return keep_visitor(request, render_page(request, "sign_in.html", status, next=next, wrong=wrong, **shown))


def _show_again(request: Request, form: dict[str, str], wrong: str, status: int, pending: str = "") -> Response:
    return render_sign_in(
        request,
        status,
        next=to_local_path(form.get("next", "/")),
        wrong=wrong,
        name=form.get("name", "")[:128],
        carried=form.get("carried", ""),
        pending=pending or form.get("pending", ""),
    )


def render_again(
    request: Request, action: str, fields: list[tuple[str, str]], message: str, status: int = 200, token: str = ""
) -> Response:
    """Render a form that was not carried out, with what was written in it, to be sent again."""
    return render_page(
        request,
        "again.html",
        status,
        action=to_local_path(action),
        fields=[(name, value) for name, value in fields if name != "old_token"],
        token=renew_token(request, token or dict(fields).get("old_token", "")),
        message=message,
    )


def _parse_carried(text: str) -> tuple[str, list[tuple[str, str]]] | None:
    """Parse what a sign-in carried; it came back from our own page, under its token."""
    try:
        action, fields = json.loads(text)
        return str(action), [(str(name), str(value)) for name, value in fields]
    except (ValueError, TypeError):
        return None


def _build_signer(request: Request) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(get_context(request).settings.keys.signing, salt="console/password")
