"""`POST /v1/clients/<id>/fixes` and `/v1/fixes/<id>`: requests a Fix, shows its state, decides on it and cancels it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool

from errors import NotFound
from ingest.faults import parse_model
from models.fix_views import FixRequestBody
from models.fixes import FixDecision, FixId
from services.fixes.settlement import call_off
from store.database import read_transaction, write_transaction
from store.fixes import fixes
from store.fixes.requests import request_fix
from store.fixes.views import load_fix_view
from web.api.requests import parse_json, read_body, require_api_key, respond_json
from web.context import WebContext, get_context
from workflows import fix_handles

LARGEST: Final = 100_000  # bytes

router: Final = APIRouter(prefix="/v1", dependencies=[Depends(require_api_key)])


@router.post("/clients/{client_id}/fixes")
async def post_fix(request: Request, client_id: str) -> Response:
    """Request a Fix: 201 with its id and state.

    The request is saved before Temporal is called: after a 503 send it again with the same `request_key`, and it is
    still one Fix.
    """
    context = get_context(request)
    order = parse_model(FixRequestBody, parse_json(await read_body(request, LARGEST) or b"{}"), "body")
    fix_id = await run_in_threadpool(_save_request, context, client_id, order)
    status = await fix_handles.request_fix(await context.temporal(), client_id, fix_id)
    return respond_json(status.model_dump(mode="json"), 201)


@router.get("/fixes/{fix_id}")
async def get_fix(request: Request, fix_id: str) -> Response:
    """Return a Fix's state, its box, and all its steps."""
    return respond_json(await run_in_threadpool(_load_view, get_context(request), fix_id))


@router.post("/fixes/{fix_id}/decision")
async def post_decision(request: Request, fix_id: str) -> Response:
    """Approve, swap or reject a proposed box. 422 with the rule that a swap breaks; then nothing was changed."""
    context = get_context(request)
    decision = parse_model(FixDecision, parse_json(await read_body(request, LARGEST)), "body")
    await run_in_threadpool(_check_decidable, context, fix_id)
    status = await fix_handles.decide_fix(await context.temporal(), fix_id, decision)
    return respond_json(status.model_dump(mode="json"))


@router.delete("/fixes/{fix_id}")
async def delete_fix(request: Request, fix_id: str) -> Response:
    """Cancel a Fix: 202; its units are released in a moment. A box that is shipped stays shipped."""
    context = get_context(request)
    await run_in_threadpool(_load_view, context, fix_id)
    try:
        await fix_handles.cancel_fix(await context.temporal(), fix_id)
    except NotFound:  # its workflow is gone
        await run_in_threadpool(call_off, context.engine, fix_id, context.business_now())
    return respond_json({"fix_id": fix_id}, 202)


def _check_decidable(context: WebContext, fix_id: FixId) -> None:
    with read_transaction(context.engine) as connection:
        fixes.require_decidable(connection, fix_id)


def _save_request(context: WebContext, client_id: str, order: FixRequestBody) -> FixId:
    wait, key = timedelta(days=context.settings.fix_wave_wait_days), context.settings.keys.signing
    with write_transaction(context.engine) as connection:
        return request_fix(connection, client_id, order, context.business_now(), wait=wait, signing_key=key)


def _load_view(context: WebContext, fix_id: str) -> dict[str, Any]:
    with read_transaction(context.engine) as connection:
        return load_fix_view(connection, fix_id).model_dump(mode="json")
