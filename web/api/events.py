"""`POST /v1/events`: accepts one event or up to a thousand, in any order; repeated events are stored once."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from prometheus_client import Counter
from pydantic import ValidationError

from errors import BadInput
from ingest.faults import find_fault
from ingest.kinds import parse_event
from models.events import Event
from store.database import write_transaction
from store.events.events import accept_events
from store.mail.policy import ShopPolicy
from web.api.requests import parse_json, read_body, require_api_key, respond_json
from web.context import WebContext, get_context

MOST: Final = 1_000

router: Final = APIRouter(prefix="/v1", dependencies=[Depends(require_api_key)])
outcomes: Final = Counter("selvedge_events_total", "Events at the door, by what became of them", ["outcome"])


@router.post("/events", status_code=202)
async def post_events(request: Request) -> Response:
    """Accept events: 202 with the ids accepted, those already stored, and each refused one with its reason.

    422: the body is not JSON or holds more than a thousand events; then nothing was stored.
    """
    body = await read_body(request)
    return respond_json(await run_in_threadpool(_accept_events, get_context(request), body), 202)


def _accept_events(context: WebContext, body: bytes) -> dict[str, Any]:
    good: list[tuple[int, Event]] = []
    refused: list[dict[str, Any]] = []
    for index, event_data in enumerate(_list_events(parse_json(body))):
        try:
            good.append((index, parse_event(event_data)))
        except ValidationError as wrong:
            refused.append(_build_refusal(index, event_data, *find_fault(wrong)))
    with write_transaction(context.engine) as connection:
        batch = [event for _, event in good]
        result = accept_events(
            connection, batch, ShopPolicy.from_settings(context.settings), context.business_now(), context.real_now()
        )
    refused += [
        _build_refusal(good[refusal.index][0], refusal.event_id, refusal.field, refusal.reason)
        for refusal in result.refused
    ]
    refused.sort(key=lambda refusal: int(refusal["index"]))
    for outcome, count in (("accepted", result.accepted), ("duplicate", result.duplicates), ("refused", refused)):
        outcomes.labels(outcome).inc(len(count))
    return {"accepted": result.accepted, "duplicates": result.duplicates, "refused": refused}


def _list_events(body: Any) -> list[Any]:
    """Return the events of a body: one event, a list of them, or {"events": [...]}."""
    if isinstance(body, dict):
        if "events" not in body:
            return [body]
        if set(body) != {"events"}:
            raise BadInput("holds other fields beside 'events'", "body")
        body = body["events"]
    if not isinstance(body, list):
        raise BadInput('must be an event, a list of events, or {"events": [...]}', "body")
    if len(body) > MOST:
        raise BadInput(f"holds {len(body):,} events; at most {MOST:,} are accepted at once", "events")
    return body


def _build_refusal(index: int, event_data: Any, field: str, reason: str) -> dict[str, Any]:
    identity = event_data.get("event_id") if isinstance(event_data, dict) else event_data
    event_id = identity if isinstance(identity, str) and len(identity) <= 64 else None
    return {"index": index, "event_id": event_id, "field": field, "reason": reason}
