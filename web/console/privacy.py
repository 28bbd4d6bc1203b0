"""Export and erasure of a client's data on their page."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from domain.permissions import Action
from models.base import ID_PATTERN, ClientId
from web.api.privacy import request_erasure, stream_export
from web.auth.callers import By
from web.auth.forms import check_token, read_form
from web.auth.rules import needs
from web.console.clients import ERASE, render_client
from web.context import WebContext, get_context

router: Final = APIRouter(include_in_schema=False)

Ctx = Annotated[WebContext, Depends(get_context)]
ClientPath = Annotated[ClientId, Path(pattern=ID_PATTERN)]
_WRONG: Final = "Type the client's id to have them erased; nothing was changed"


@router.get("/clients/{client_id}/export", dependencies=[needs(Action.EXPORT_CLIENT)])
async def export_client(context: Ctx, actor: By, client_id: ClientPath) -> Response:
    """Export all data of the client as a file."""
    return await run_in_threadpool(stream_export, context, actor, client_id)


@router.post("/clients/{client_id}/erase", dependencies=[needs(Action.ERASE_CLIENT)])
async def erase_client(request: Request, context: Ctx, actor: By, client_id: ClientPath) -> Response:
    """Request the erasure, and lead to how far it is; the operator types the client's id, since it cannot be undone."""
    form = await read_form(request)
    check_token(request, form.get("token", ""), client_id, ERASE)
    typed = form.get("confirm", "").strip()
    if typed != client_id:
        return await run_in_threadpool(render_client, request, context, actor, client_id, _WRONG, typed)
    await run_in_threadpool(request_erasure, context, actor, client_id)
    return RedirectResponse(f"/clients/{client_id}/erasure", status_code=303)
