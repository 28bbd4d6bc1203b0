"""`GET /v1/calls` and `POST /v1/calls/<id>`: the calls that stylists are to make, and their results, for the shop's
systems."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from errors import BadInput
from ingest.faults import parse_model
from models.calls import CallDecision, CallState
from services.calls.decisions import decide_call
from store.clients import calls
from store.database import read_transaction
from web import actors
from web.api.requests import parse_json, read_body, require_api_key, respond_json
from web.context import WebContext, get_context

LARGEST: Final = 10_000  # bytes

router: Final = APIRouter(prefix="/v1/calls", dependencies=[Depends(require_api_key)])


@router.get("")
async def get_calls(
    request: Request,
    state: Annotated[str, Query(max_length=16)] = "open",
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> Response:
    """List calls in a state (`open`, `done`, `dropped`; empty: all): the longest open first, else the latest first."""
    if state and state not in set(CallState):
        raise BadInput(f"must be {', '.join(CallState)}, or empty for all", "state")
    return respond_json(await run_in_threadpool(_load_calls, get_context(request), state, limit))


@router.post("/{call_id}")
async def post_call(request: Request, call_id: str) -> Response:
    """Decide a call: `{"verdict": "reached", "by": "Eve"}`, or `no_answer`, or `drop`. Repeating it changes nothing."""
    decision = parse_model(CallDecision, parse_json(await read_body(request, LARGEST)), "body")
    return respond_json(await run_in_threadpool(_decide, get_context(request), call_id, decision))


def _load_calls(context: WebContext, state: str, limit: int) -> dict[str, Any]:
    with read_transaction(context.engine) as connection:
        rows = calls.list_calls(connection, state, limit)
    return {"calls": [calls.parse_call(row).model_dump(mode="json") for row in rows]}


def _decide(context: WebContext, call_id: str, decision: CallDecision) -> dict[str, Any]:
    now, real_now = context.business_now(), context.real_now()
    call = decide_call(context.engine, actors.API, call_id, decision, now, real_now)
    return call.model_dump(mode="json")
