"""`POST /v1/clients/<id>/fixes` and `/v1/fixes/<id>`: ask for a Fix, see where it stands, decide on it, call it off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool

from activities.fixes.settle import call_off
from errors import NotFound
from ingest.faults import checked
from models.fix_views import FixAsked
from models.fixes import FixDecision, FixId
from store.database import read_transaction, write_transaction
from store.fixes import fixes
from store.fixes.requests import ask
from store.fixes.views import view
from web.api.requests import answer, authorised, body_of, json_of
from web.context import Context, context_of
from workflows import fix_handles

LARGEST: Final = 100_000  # bytes

router: Final = APIRouter(prefix="/v1", dependencies=[Depends(authorised)])


@router.post("/clients/{client_id}/fixes")
async def post_fix(request: Request, client_id: str) -> Response:
    """Ask for a Fix: 201 with its id and state. The request is saved before Temporal is asked: after a 503 send it
    again with the same `request_key`, and it is still one Fix."""
    context = context_of(request)
    asked = checked(FixAsked, json_of(await body_of(request, LARGEST) or b"{}"), "body")
    fix_id = await run_in_threadpool(_save, context, client_id, asked)
    status = await fix_handles.request_fix(await context.temporal(), client_id, fix_id)
    return answer(status.model_dump(mode="json"), 201)


@router.get("/fixes/{fix_id}")
async def get_fix(request: Request, fix_id: str) -> Response:
    """Where a Fix stands, its box, and every step that it took."""
    return answer(await run_in_threadpool(_view, context_of(request), fix_id))


@router.post("/fixes/{fix_id}/decision")
async def post_decision(request: Request, fix_id: str) -> Response:
    """Approve, swap or reject a proposed box. 422 with the rule that a swap breaks; then nothing was changed."""
    context = context_of(request)
    decision = checked(FixDecision, json_of(await body_of(request, LARGEST)), "body")
    await run_in_threadpool(_check_decidable, context, fix_id)
    status = await fix_handles.decide_fix(await context.temporal(), fix_id, decision)
    return answer(status.model_dump(mode="json"))


@router.delete("/fixes/{fix_id}")
async def delete_fix(request: Request, fix_id: str) -> Response:
    """Call a Fix off: 202; its units are given back in a moment. A box that is shipped stays so."""
    context = context_of(request)
    await run_in_threadpool(_view, context, fix_id)
    try:
        await fix_handles.cancel_fix(await context.temporal(), fix_id)
    except NotFound:  # its workflow is gone
        await run_in_threadpool(call_off, context.engine, fix_id, context.business_now())
    return answer({"fix_id": fix_id}, 202)


def _check_decidable(context: Context, fix_id: FixId) -> None:
    with read_transaction(context.engine) as connection:
        fixes.check_decidable(connection, fix_id)


def _save(context: Context, client_id: str, asked: FixAsked) -> FixId:
    wait, key = timedelta(days=context.settings.fix_wave_wait_days), context.settings.keys.signing
    with write_transaction(context.engine) as connection:
        return ask(connection, client_id, asked, context.business_now(), wait=wait, signing_key=key)


def _view(context: Context, fix_id: str) -> dict[str, Any]:
    with read_transaction(context.engine) as connection:
        return view(connection, fix_id).model_dump(mode="json")
