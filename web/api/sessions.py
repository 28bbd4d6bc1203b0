"""`POST /v1/session/rank`: in which order to show a visitor items, by the slot `session`, recorded as shown."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, cast

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool

from domain.histories import Interaction
from errors import BadInput
from ingest.faults import checked
from mail.clicks import by_machine
from models.session_views import SessionAsked
from models.slots import SessionAnswer
from services.decisions.decider import Asked
from services.recommendations.page_order import Ordering, Page
from store.database import read_transaction, write_transaction
from store.learning import decisions
from web.api.requests import answer, authorised, body_of, json_of
from web.context import Context, context_of

LARGEST: Final = 200_000  # bytes
SKEW: Final = timedelta(minutes=5)
"""So far ahead may the clock of whoever asks be."""

router: Final = APIRouter(prefix="/v1/session", dependencies=[Depends(authorised)])


@router.post("/rank")
async def rank(request: Request) -> Response:
    """The items in their order, first the best, and the decision's id. For a program that names itself in `user_agent`
    they stay as they are, and nothing is recorded.

    404: nobody has this id. 422 with the field: an item that the catalogue does not hold, a touch that lies ahead.
    """
    asked = checked(SessionAsked, json_of(await body_of(request, LARGEST)), "body")
    return answer(await run_in_threadpool(_made, context_of(request), request.app.state.ordering, asked))


def _made(context: Context, ordering: Ordering, asked: SessionAsked) -> dict[str, Any]:
    now = context.business_now()
    page = Page(asked.client_id, asked.items, asked.n, _touches(asked, now))
    person = asked.user_agent is None or not by_machine("GET", asked.user_agent, None)
    with read_transaction(context.engine) as connection:
        made = ordering.asked(connection, page, now) if person else ordering.as_it_stands(connection, page, now)
    decision = None
    if person:
        with write_transaction(context.engine) as connection:
            decision = decisions.keep(connection, made.record, now, body=made.body)
    told = {"algorithm": made.record.algorithm, "version": made.record.version, "variant": made.record.variant}
    return {"client_id": asked.client_id, "decision": decision, **told, "items": list(_ids(made))}


def _ids(made: Asked) -> tuple[str, ...]:
    return cast(SessionAnswer, made.decision.answer).items


def _touches(asked: SessionAsked, now: datetime) -> tuple[Interaction, ...]:
    for place, each in enumerate(asked.touches):
        if each.at > now + SKEW:
            raise BadInput("lies ahead of business time", f"touches.{place}.at")
    return tuple(Interaction(touch.item_id, touch.kind, touch.at.timestamp()) for touch in asked.touches)
