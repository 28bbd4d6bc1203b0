"""`/invitation/<token>`: whoever is invited sets a password, once, and is signed in."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from errors import BadInput, OldLink
from services.team.invitations import Invitee, accept_invitation, read_link
from web.auth.forms import check_form, keep_visitor, know_visitor, read_form
from web.auth.rules import open_to_all
from web.auth.sign_in import begin
from web.context import get_context
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)
PUBLIC: Final = open_to_all("the signed link is the proof")


@router.get("/invitation/{token}", dependencies=[PUBLIC])
def show_invitation(request: Request, token: str) -> Response:
    """Ask for a password and, of the first owner, for a name."""
    context = get_context(request)
    try:
        invitee = read_link(context.engine, context.settings.keys.signing, token)
    except OldLink as old:
        return render_page(request, "error.html", 401, status=401, title="This link opens nothing", message=str(old))
    return _render(request, token, invitee)


@router.post("/invitation/{token}", dependencies=[PUBLIC])
async def accept(request: Request, token: str) -> Response:
    """Set the password and begin a sign-in."""
    know_visitor(request)
    await check_form(request)
    form = await read_form(request)
    return await run_in_threadpool(_accept, request, token, form)


def _accept(request: Request, token: str, form: dict[str, str]) -> Response:
    context = get_context(request)
    key, name, password = context.settings.keys.signing, form.get("name", ""), form.get("password", "")
    try:
        if password != form.get("repeated_password", ""):
            raise BadInput("was not typed twice alike", "password")
        account_id = accept_invitation(
            context.engine, key, token, name, password, context.business_now(), context.real_now()
        )
    except OldLink as old:
        return render_page(request, "error.html", 401, status=401, title="This link opens nothing", message=str(old))
    except BadInput as wrong:
        return _render(request, token, read_link(context.engine, key, token), f"The {wrong}.", name)
    return begin(request, account_id, None, {"next": "/"})


def _render(request: Request, token: str, invitee: Invitee, wrong: str = "", name: str = "") -> Response:
    know_visitor(request)
    page = render_page(
        request, "invitation.html", 422 if wrong else 200, address=token, invitee=invitee, wrong=wrong, name=name
    )
    return keep_visitor(request, page)
