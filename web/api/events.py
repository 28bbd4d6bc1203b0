"""`POST /v1/events`: what happened, one event or up to a thousand, in any order, as often as the sender likes."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from prometheus_client import Counter
from pydantic import ValidationError

from errors import BadInput
from ingest.faults import fault
from ingest.kinds import event_of
from models.events import Event
from store.database import write_transaction
from store.events.events import accept
from store.mail.policy import Terms
from web.api.requests import answer, authorised, body_of, json_of
from web.context import Context, context_of

MOST: Final = 1_000

router: Final = APIRouter(prefix="/v1", dependencies=[Depends(authorised)])
outcomes: Final = Counter("selvedge_events_total", "Events at the door, by what became of them", ["outcome"])


@router.post("/events", status_code=202)
async def post_events(request: Request) -> Response:
    """Take events in. Answers 202 with the ids accepted and those already there, and each refused one with its reason.

    422: the body is not JSON or holds more than a thousand events; then nothing was taken.
    """
    body = await body_of(request)
    return answer(await run_in_threadpool(_take, context_of(request), body), 202)


def _take(context: Context, body: bytes) -> dict[str, Any]:
    good: list[tuple[int, Event]] = []
    refused: list[dict[str, Any]] = []
    for index, given in enumerate(_listed(json_of(body))):
        try:
            good.append((index, event_of(given)))
        except ValidationError as wrong:
            refused.append(_refusal(index, given, *fault(wrong)))
    with write_transaction(context.engine) as connection:
        batch = [event for _, event in good]
        done = accept(connection, batch, Terms.of(context.settings), context.business_now(), context.real_now())
    refused += [_refusal(good[each.index][0], each.event_id, each.field, each.reason) for each in done.refused]
    refused.sort(key=lambda each: int(each["index"]))
    for outcome, count in (("accepted", done.accepted), ("duplicate", done.duplicates), ("refused", refused)):
        outcomes.labels(outcome).inc(len(count))
    return {"accepted": done.accepted, "duplicates": done.duplicates, "refused": refused}


def _listed(given: Any) -> list[Any]:
    """One event, a list of them, or {"events": [...]}."""
    if isinstance(given, dict):
        if "events" not in given:
            return [given]
        if set(given) != {"events"}:
            raise BadInput("holds other fields beside 'events'", "body")
        given = given["events"]
    if not isinstance(given, list):
        raise BadInput('must be an event, a list of events, or {"events": [...]}', "body")
    if len(given) > MOST:
        raise BadInput(f"holds {len(given):,} events; at most {MOST:,} are taken at once", "events")
    return given


def _refusal(index: int, given: Any, field: str, reason: str) -> dict[str, Any]:
    stated = given.get("event_id") if isinstance(given, dict) else given
    event_id = stated if isinstance(stated, str) and len(stated) <= 64 else None
    return {"index": index, "event_id": event_id, "field": field, "reason": reason}
