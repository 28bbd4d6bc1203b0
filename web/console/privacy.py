"""Export and erasure of a client's data on their page."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from errors import BadInput
from models.base import ID_PATTERN, ClientId
from web.actors import build_page_actor
from web.api.privacy import request_erasure, stream_export
from web.console.sign_in import check_token, get_person, read_form, redirect_to_sign_in
from web.context import WebContext, get_context

router: Final = APIRouter(include_in_schema=False)

Ctx = Annotated[WebContext, Depends(get_context)]
ClientPath = Annotated[ClientId, Path(pattern=ID_PATTERN)]
ERASE: Final = "erase"
"""The purpose of the form's token, besides the id."""


@router.get("/clients/{client_id}/export")
async def export_client(request: Request, context: Ctx, client_id: ClientPath) -> Response:
    """Export all data of the client as a file. It needs a sign-in, since it is more than any page shows."""
    person = get_person(request)
    if person is None:
        return redirect_to_sign_in(f"/clients/{client_id}")
    return await run_in_threadpool(stream_export, context, build_page_actor(person), client_id)


@router.post("/clients/{client_id}/erase")
async def erase_client(request: Request, context: Ctx, client_id: ClientPath) -> Response:
    """Request the erasure; the operator types the client's id, since it cannot be undone."""
    person = get_person(request)
    if person is None:
        return redirect_to_sign_in(f"/clients/{client_id}")
    form = await read_form(request)
    check_token(context, form.get("token", ""), client_id, ERASE)
    if form.get("confirm", "").strip() != client_id:
        raise BadInput("type the client's id to have them erased; nothing was changed", "confirm")
    await run_in_threadpool(request_erasure, context, build_page_actor(person), client_id)
    return RedirectResponse(f"/clients/{client_id}", status_code=303)
