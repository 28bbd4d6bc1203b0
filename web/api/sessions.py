"""`POST /v1/session/rank`: ranks items for a visitor by the slot `session` and records what was shown."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, cast

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool

from domain.histories import Interaction
from errors import BadInput
from ingest.faults import parse_model
from mail.clicks import is_machine_click
from models.session_requests import SessionRankRequest
from models.slots import SessionAnswer
from services.decisions.decider import PendingDecision
from services.recommendations.page_order import PageOrderService, PageRequest
from store.database import read_transaction, write_transaction
from store.learning import decisions
from web.api.requests import parse_json, read_body, require_api_key, respond_json
from web.context import WebContext, get_context

LARGEST: Final = 200_000  # bytes
CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far the caller's clock may be ahead."""

router: Final = APIRouter(prefix="/v1/session", dependencies=[Depends(require_api_key)])


@router.post("/rank")
async def rank(request: Request) -> Response:
    """Rank the items, best first, and return the decision's id.

    For a program that names itself in `user_agent` the items keep their order, and nothing is recorded. 404: nobody has
    this id. 422 with the field: an item that the catalogue lacks, or an interaction in the future.
    """
    order = parse_model(SessionRankRequest, parse_json(await read_body(request, LARGEST)), "body")
    return respond_json(await run_in_threadpool(_rank, get_context(request), request.app.state.ordering, order))


def _rank(context: WebContext, ordering: PageOrderService, order: SessionRankRequest) -> dict[str, Any]:
    now = context.business_now()
    page = PageRequest(order.client_id, order.items, order.n, _build_interactions(order, now))
    person = order.user_agent is None or not is_machine_click("GET", order.user_agent, None)
    with read_transaction(context.engine) as connection:
        ranking = (
            ordering.choose_order(connection, page, now) if person else ordering.keep_given_order(connection, page, now)
        )
    decision = None
    if person:
        with write_transaction(context.engine) as connection:
            decision = decisions.save_decision(connection, ranking.record, now, body=ranking.body)
    source = {
        "algorithm": ranking.record.algorithm,
        "version": ranking.record.version,
        "variant": ranking.record.variant,
    }
    return {"client_id": order.client_id, "decision": decision, **source, "items": list(_get_item_ids(ranking))}


def _get_item_ids(ranking: PendingDecision) -> tuple[str, ...]:
    return cast(SessionAnswer, ranking.decision.answer).items


def _build_interactions(order: SessionRankRequest, now: datetime) -> tuple[Interaction, ...]:
    for index, visit in enumerate(order.touches):
        if visit.at > now + CLOCK_SKEW:
            raise BadInput("lies ahead of business time", f"touches.{index}.at")
    return tuple(Interaction(touch.item_id, touch.kind, touch.at.timestamp()) for touch in order.touches)
