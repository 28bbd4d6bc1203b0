"""`/fixes/<id>/workflow` and `/clients/<id>/erasure`: what a running workflow answers about itself, beside what the
store says. The page of a Fix fetches this when it is open, so that it never waits for Temporal."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from domain.permissions import Disclosure
from errors import NotFound, Unavailable
from models.base import ID_PATTERN, ClientId, Id
from models.erasures import ErasureProgress
from models.fixes import FixStatus
from services.privacy.requests import load_erasure
from store.database import read_transaction
from store.fixes.lists import OwnedFix, load_fix_file
from web.auth.rules import needs
from web.context import WebContext, get_context
from web.templating import render_page
from workflows import erasure_handles, fix_handles

router: Final = APIRouter(include_in_schema=False)

Ctx = Annotated[WebContext, Depends(get_context)]
ClientPath = Annotated[ClientId, Path(pattern=ID_PATTERN)]
WAITS: Final[dict[str, str]] = {
    "requested": "Its items are being ranked.",
    "ranked": "It waits to be put together: with the next wave, or alone when that is late.",
    "assembled": "Its items are being reserved.",
    "proposed": "Its items are reserved; it waits for a stylist.",
    "approved": "It is being shipped.",
    "shipped": "It waits for what the client says of each item.",
}
"""What the workflow of a Fix waits for in each state; in all others nothing follows."""
ERASURES: Final[dict[str, str]] = {"waiting": "Waiting", "erasing": "Being erased", "erased": "Erased"}
"""The names of the states of an erasure."""
NO_WORKFLOW: Final = "Temporal has no workflow of it any more; what the database knows stands here."
NO_ANSWER: Final = "Its workflow does not answer just now; what the database knows stands here."


@router.get("/fixes/{fix_id}/workflow", dependencies=[needs(Disclosure.SHOP)])
async def show_fix_workflow(
    request: Request, context: Ctx, fix_id: Annotated[Id, Path(pattern=ID_PATTERN)]
) -> Response:
    """Show what the workflow of a Fix waits for, and which signals it refused."""
    fix = await run_in_threadpool(_load_fix, context, fix_id)
    status, silent = await _ask_fix(context, fix_id)
    return render_page(request, "fix_workflow.html", waits=WAITS, fix=fix, status=status, silent=silent)


@router.get("/clients/{client_id}/erasure", dependencies=[needs(Disclosure.SHOP)])
async def show_erasure(request: Request, context: Ctx, client_id: ClientPath) -> Response:
    """Show how far an erasure is, also when the client is no more. Not found where nobody requested one."""
    stored = await run_in_threadpool(load_erasure, context.engine, context.settings.keys.signing, client_id)
    progress, silent = await _ask_erasure(context, client_id)
    return render_page(request, "erasure.html", states=ERASURES, erasure=stored, progress=progress, silent=silent)


def _load_fix(context: WebContext, fix_id: Id) -> OwnedFix:
    with read_transaction(context.engine) as connection:
        file = load_fix_file(connection, fix_id)
    if file is None:
        raise NotFound(f"no Fix {fix_id}", "fix_id")
    return file.row


async def _ask_fix(context: WebContext, fix_id: Id) -> tuple[FixStatus | None, str]:
    """Ask a Fix's workflow; its status, or why there is none."""
    try:
        return await fix_handles.query_fix_status(await context.temporal(), fix_id), ""
    except NotFound:
        return None, NO_WORKFLOW
    except Unavailable:
        return None, NO_ANSWER


async def _ask_erasure(context: WebContext, client_id: ClientId) -> tuple[ErasureProgress | None, str]:
    """Ask an erasure's workflow; its progress, or why there is none."""
    try:
        return await erasure_handles.query_erasure_progress(await context.temporal(), client_id), ""
    except NotFound:
        return None, NO_WORKFLOW
    except Unavailable:
        return None, NO_ANSWER
