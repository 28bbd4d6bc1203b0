"""`/calls`: the calls that stylists are to make in place of a mail, and their results."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from domain.permissions import Action, Disclosure, may
from errors import BadInput
from ingest.faults import parse_model
from models.actors import Actor
from models.base import ID_PATTERN, Id
from models.calls import CallDecision, CallState
from services.calls.decisions import decide_call
from store.clients import calls
from store.database import read_transaction
from web.auth.callers import By
from web.auth.forms import build_token, check_token, read_form
from web.auth.rules import needs
from web.console.charts import build_slices
from web.console.fields import explain_refusal
from web.console.labels import CALLS
from web.context import WebContext, get_context
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)

Ctx = Annotated[WebContext, Depends(get_context)]
PAGE: Final = "/calls"


@router.get(PAGE, dependencies=[needs(Disclosure.SHOP)])
def show_calls(
    request: Request, context: Ctx, actor: By, state: Annotated[str | None, Query(max_length=16)] = None
) -> Response:
    """List calls by state; without a state, those to make."""
    chosen = CallState.OPEN if state is None else state if state in CALLS else ""
    return _render(request, context, actor, chosen)


@router.post("/calls/{call_id}/decision", dependencies=[needs(Action.DECIDE_CALL)])
async def decide(
    request: Request, context: Ctx, actor: By, call_id: Annotated[Id, Path(pattern=ID_PATTERN)]
) -> Response:
    """Save the result of a call and return to the list, which explains a refusal."""
    form = await read_form(request)
    try:
        check_token(request, form.get("token", ""), call_id)
        decision = parse_model(CallDecision, {"verdict": form.get("verdict"), "by": actor.who})
        await run_in_threadpool(_decide, context, actor, call_id, decision)
    except BadInput as refused:
        return await run_in_threadpool(_render, request, context, actor, CallState.OPEN, explain_refusal(refused))
    return RedirectResponse(PAGE, status_code=303)


def _decide(context: WebContext, actor: Actor, call_id: str, decision: CallDecision) -> None:
    now, real_now = context.business_now(), context.real_now()
    decide_call(context.engine, actor, call_id, decision, now, real_now)


def _render(request: Request, context: WebContext, actor: Actor, state: str, wrong: str = "") -> Response:
    with read_transaction(context.engine) as connection:
        counts, rows = calls.count_by_state(connection), calls.list_calls(connection, state)
    tokens = {}
    if may(actor, Action.DECIDE_CALL):
        tokens = {row.call_id: build_token(request, row.call_id) for row in rows if row.state == CallState.OPEN}
    return render_page(
        request,
        "calls.html",
        422 if wrong else 200,
        states=build_slices(counts, list(CALLS)),
        calls=[(row, calls.parse_call(row)) for row in rows],
        state=state,
        tokens=tokens,
        wrong=wrong,
    )
