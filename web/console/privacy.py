"""What an operator does about a client's data on their page: keep all of it as a file, or have it erased."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from errors import BadInput
from models.base import ID_PATTERN, ClientId
from web.api.privacy import asked, exported
from web.console.acting import check_token, form_of, must_sign_in, person_of
from web.context import Context, context_of

router: Final = APIRouter(include_in_schema=False)

Ctx = Annotated[Context, Depends(context_of)]
ClientPath = Annotated[ClientId, Path(pattern=ID_PATTERN)]
ERASE: Final = "erase"
"""What the form's token is for, beside the id."""


@router.get("/clients/{client_id}/export")
async def keep(request: Request, context: Ctx, client_id: ClientPath) -> Response:
    """All that is held of the client, as a file. Asks for a sign-in as acting does: it is more than any page shows."""
    if person_of(request) is None:
        return must_sign_in(f"/clients/{client_id}")
    return await exported(context, client_id)


@router.post("/clients/{client_id}/erase")
async def erase(request: Request, context: Ctx, client_id: ClientPath) -> Response:
    """Ask for the erasure; whoever does types the client's id, since nothing brings them back."""
    if person_of(request) is None:
        return must_sign_in(f"/clients/{client_id}")
    form = await form_of(request)
    check_token(context, form.get("token", ""), client_id, ERASE)
    if form.get("confirm", "").strip() != client_id:
        raise BadInput("type the client's id to have them erased; nothing was changed", "confirm")
    await run_in_threadpool(asked, context, client_id)
    return RedirectResponse(f"/clients/{client_id}", status_code=303)
