"""`/dead-letters`: what could not be taken in of streams, with a button to try each again or drop it."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from domain.permissions import Action, Disclosure, may
from errors import BadInput
from ingest.replays import retry_letter
from models.actors import Actor
from services.ingestion.dead_letters import drop_letter, list_letters
from web.auth.callers import By
from web.auth.rules import needs
from web.console.acting import build_form_token, receive_form
from web.context import Here, WebContext
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)

PAGE: Final = "/dead-letters"
LETTERS: Final = "dead-letters"
"""The purpose of the forms' token."""
ACTS: Final = {"retry": Action.RETRY_LETTER, "drop": Action.DROP_LETTER}


@router.get(PAGE, dependencies=[needs(Disclosure.SHOP)])
def show_letters(request: Request, context: Here, actor: By) -> Response:
    """List the latest, each with why."""
    return _render(request, context, actor)


@router.post("/dead-letters/{letter_id}/{act}", dependencies=[needs(Action.RETRY_LETTER, Action.DROP_LETTER)])
async def act_on_letter(
    request: Request,
    context: Here,
    actor: By,
    letter_id: Annotated[str, Path(max_length=32)],
    act: Literal["retry", "drop"],
) -> Response:
    """Try a letter again or drop it, and return to the list, which says where it stays."""
    try:
        await receive_form(request, LETTERS)
        wrong = await run_in_threadpool(_act, context, actor, letter_id, act)
    except BadInput as refused:
        wrong = str(refused)
    if wrong:
        return await run_in_threadpool(_render, request, context, actor, wrong)
    return RedirectResponse(PAGE, status_code=303)


def _act(context: WebContext, actor: Actor, letter_id: str, act: str) -> str:
    """Act, and return why it stays; empty where it is gone."""
    now, real_now = context.business_now(), context.real_now()
    if act == "drop":
        drop_letter(context.engine, actor, letter_id, now, real_now)
        return ""
    tried = retry_letter(context.engine, actor, letter_id, context.policy, now, real_now)
    return "" if tried.taken else f"It stays: {tried.why}."


def _render(request: Request, context: WebContext, actor: Actor, wrong: str = "") -> Response:
    found = list_letters(context.engine)
    acts = [act for act, wish in ACTS.items() if may(actor, wish)]
    return render_page(
        request,
        "dead_letters.html",
        422 if wrong else 200,
        letters=found.letters,
        counts=found.counts,
        acts=acts,
        token=build_form_token(request, LETTERS),
        wrong=wrong,
    )
