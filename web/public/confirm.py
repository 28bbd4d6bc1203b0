"""`/confirm/<token>`: the link of a letter, which confirms what a client asked for. Opening it changes nothing."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from mail.links import LetterKind, LetterTarget, Links
from services.client_pages.confirmations import change_address, check_letter, erase_own_data, export_own_data
from web.actors import READER
from web.context import Here, WebContext
from web.public.answers import PRIVATE_HEADERS, render_client_page

router = APIRouter(include_in_schema=False)

QUESTIONS: Final = {
    LetterKind.ADDRESS: ("Your new address", ["From now on we write to the address that got this mail."], "Confirm"),
    LetterKind.DATA: ("Your data", ["One file, in JSON, with all that we store about you."], "Get the file"),
    LetterKind.ERASURE: (
        "Erase all that we know of you?",
        [
            "Your name, your address, your orders as we know them, your answers and all our mail to you are erased.",
            "Nobody can undo this. We only keep that we may not write to you, without your name.",
        ],
        "Erase my data for good",
    ),
}


@router.api_route("/confirm/{token}", methods=["GET", "HEAD"])
def ask_to_confirm(token: str, request: Request, context: Here) -> Response:
    """Ask whether the client means it."""
    target = Links.from_settings(context.settings).read_confirm(token)
    check_letter(context.engine, context.policy, target, context.business_now())
    title, lines, button = QUESTIONS[target.kind]
    return render_client_page(request, "confirm.html", token=token, title=title, lines=lines, button=button)


@router.post("/confirm/{token}")
def confirm(token: str, request: Request, context: Here) -> Response:
    """Do what the client confirms, and say what happened."""
    target = Links.from_settings(context.settings).read_confirm(token)
    if target.kind is LetterKind.DATA:
        return _export(context, target)
    act = change_address if target.kind is LetterKind.ADDRESS else erase_own_data
    act(context.engine, READER, context.policy, target, context.business_now(), context.real_now())
    title, lines = _DONE[target.kind]
    return render_client_page(request, "done.html", title=title, lines=lines, link=None)


_DONE: Final = {
    LetterKind.ADDRESS: (
        "Your address is changed",
        ["We write to it from now on. Links in our mail to the old one open nothing of yours any more."],
    ),
    LetterKind.ERASURE: (
        "Your data is being erased",
        ["You get no more mail from us, and within minutes nothing is left. This page opens no more."],
    ),
}


def _export(context: WebContext, target: LetterTarget) -> Response:
    now, real_now = context.business_now(), context.real_now()
    pieces = export_own_data(context.engine, READER, context.policy, target, now, real_now)
    first = next(pieces)  # what cannot be exported is refused before the answer begins

    def stream() -> object:
        yield first
        yield from pieces

    headers = {"Content-Disposition": 'attachment; filename="my-data.json"', **PRIVATE_HEADERS}
    return StreamingResponse(stream(), media_type="application/json", headers=headers)  # type: ignore[arg-type]
