"""`/calls`: whom a stylist is to call in place of a mail, and what came of it."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from errors import BadInput
from ingest.faults import checked
from models.base import ID_PATTERN, Id
from models.calls import CallDecision, CallState
from store.clients import calls
from store.database import read_transaction, write_transaction
from web.console.acting import check_token, form_of, must_sign_in, person_of, token_for
from web.console.charts import slices
from web.console.words import CALLS
from web.context import Context, context_of
from web.templating import page

router: Final = APIRouter(include_in_schema=False)

Ctx = Annotated[Context, Depends(context_of)]
PAGE: Final = "/calls"


@router.get(PAGE)
def call_list(request: Request, context: Ctx, state: Annotated[str | None, Query(max_length=16)] = None) -> Response:
    """Calls by state; at first those to make."""
    chosen = CallState.OPEN if state is None else state if state in CALLS else ""
    return _page(request, context, chosen)


@router.post("/calls/{call_id}/decision")
async def decide(request: Request, context: Ctx, call_id: Annotated[Id, Path(pattern=ID_PATTERN)]) -> Response:
    """What the stylist says of a call; back to the list, which says why where it was refused."""
    person = person_of(request)
    if person is None:
        return must_sign_in(PAGE)
    form = await form_of(request)
    try:
        check_token(context, form.get("token", ""), call_id)
        decision = checked(CallDecision, {"verdict": form.get("verdict"), "by": person})
        await run_in_threadpool(_decide, context, call_id, decision)
    except BadInput as refused:
        return await run_in_threadpool(_page, request, context, CallState.OPEN, str(refused))
    return RedirectResponse(PAGE, status_code=303)


def _decide(context: Context, call_id: str, decision: CallDecision) -> None:
    with write_transaction(context.engine) as connection:
        calls.decide(connection, call_id, decision, context.business_now(), context.real_now())


def _page(request: Request, context: Context, state: str, wrong: str = "") -> Response:
    with read_transaction(context.engine) as connection:
        counts, found = calls.by_state(connection), calls.listing(connection, state)
    person = person_of(request)
    tokens = {}
    if person is not None:
        tokens = {each.call_id: token_for(context, each.call_id) for each in found if each.state == CallState.OPEN}
    return page(
        request,
        "calls.html",
        422 if wrong else 200,
        states=slices(counts, list(CALLS)),
        calls=[(row, calls.call_of(row)) for row in found],
        state=state,
        tokens=tokens,
        person=person,
        wrong=wrong,
    )
