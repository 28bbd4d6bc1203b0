"""The two buttons beside an `unknown` mail on the client's page: it arrived, or it is to be sent again."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from domain.permissions import Action
from ingest.faults import parse_model
from models.base import ID_PATTERN, ClientId
from models.outreach import UnknownMailAnswer
from services.context import ServiceContext
from services.mailing.resolution import resolve_mail
from web.auth.callers import By
from web.auth.forms import check_token, read_form
from web.auth.rules import needs
from web.context import WebContext, get_context

router: Final = APIRouter(include_in_schema=False)

RESOLVE: Final = "resolve"
"""The purpose of the form's token, besides the client's id."""


@router.post("/clients/{client_id}/mails/{n}/resolve", dependencies=[needs(Action.RESOLVE_MAIL)])
async def resolve(
    request: Request,
    context: Annotated[WebContext, Depends(get_context)],
    actor: By,
    client_id: Annotated[ClientId, Path(pattern=ID_PATTERN)],
    n: Annotated[int, Path(ge=1, le=2**31 - 1)],
) -> Response:
    """Settle the mail as the person says, and return to it."""
    form = await read_form(request)
    check_token(request, form.get("token", ""), client_id, RESOLVE)
    answer = parse_model(UnknownMailAnswer, {"verdict": form.get("verdict"), "because": form.get("because") or "other"})
    services = ServiceContext(context.settings, context.engine, context.real_now)
    await run_in_threadpool(resolve_mail, services, actor, client_id, n, answer)
    return RedirectResponse(f"/clients/{client_id}#mail-{n}", status_code=303)
