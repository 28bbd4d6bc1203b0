"""`GET /v1/calls` and `POST /v1/calls/<id>`: whom stylists are to call, and what came of it, for the shop's systems."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from errors import BadInput
from ingest.faults import checked
from models.calls import CallDecision, CallState
from store.clients import calls
from store.database import read_transaction, write_transaction
from web.api.requests import answer, authorised, body_of, json_of
from web.context import Context, context_of

LARGEST: Final = 10_000  # bytes

router: Final = APIRouter(prefix="/v1/calls", dependencies=[Depends(authorised)])


@router.get("")
async def get_calls(
    request: Request,
    state: Annotated[str, Query(max_length=16)] = "open",
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> Response:
    """Calls in a state (`open`, `done`, `dropped`; empty: all), the longest open first, else the latest first."""
    if state and state not in set(CallState):
        raise BadInput(f"must be {', '.join(CallState)}, or empty for all", "state")
    return answer(await run_in_threadpool(_listed, context_of(request), state, limit))


@router.post("/{call_id}")
async def post_call(request: Request, call_id: str) -> Response:
    """`{"verdict": "reached", "by": "Eve"}`, or `no_answer`, or `drop`. The same said twice is said once."""
    decision = checked(CallDecision, json_of(await body_of(request, LARGEST)), "body")
    return answer(await run_in_threadpool(_decide, context_of(request), call_id, decision))


def _listed(context: Context, state: str, limit: int) -> dict[str, Any]:
    with read_transaction(context.engine) as connection:
        found = calls.listing(connection, state, limit)
    return {"calls": [calls.call_of(row).model_dump(mode="json") for row in found]}


def _decide(context: Context, call_id: str, decision: CallDecision) -> dict[str, Any]:
    with write_transaction(context.engine) as connection:
        call = calls.decide(connection, call_id, decision, context.business_now(), context.real_now())
    return call.model_dump(mode="json")
