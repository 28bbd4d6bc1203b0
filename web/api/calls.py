"""`GET /v1/calls` and `POST /v1/calls/<id>`: the calls that stylists are to make, and their results, for the shop's
systems."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Query

from domain.permissions import Action, Disclosure
from models.api_answers import CallList
from models.calls import Call, CallDecision
from services.calls import decisions, lists
from web.api.requests import JsonBody
from web.api.routing import CallPath, create_router, declare_errors
from web.auth.callers import By
from web.auth.rules import needs
from web.context import Here

router: Final = create_router("calls")

State = Annotated[str, Query(max_length=16, description="open, done or dropped; empty for all.")]


@router.get("/calls", dependencies=[needs(Disclosure.SHOP)])
def list_calls(context: Here, state: State = "open", limit: Annotated[int, Query(ge=1, le=1_000)] = 100) -> CallList:
    """List calls in a state (`open`, `done`, `dropped`; empty: all): the longest open first, else the latest first."""
    return CallList(calls=lists.list_calls(context.engine, state, limit))


@router.post("/calls/{call_id}", responses=declare_errors(404, 413), dependencies=[needs(Action.DECIDE_CALL)])
def decide_call(
    context: Here, actor: By, call_id: CallPath, decision: Annotated[CallDecision, Depends(JsonBody(CallDecision))]
) -> Call:
    """Decide a call: `{"verdict": "reached", "by": "Eve"}`, or `no_answer`, or `drop`. Repeating it changes nothing."""
    now, real_now = context.business_now(), context.real_now()
    return decisions.decide_call(context.engine, actor, call_id, decision, now, real_now)
