"""The order of a shop's page for one visitor: chosen, recorded, and answered with the id of the record."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, cast

from sqlalchemy import Engine

from domain.histories import Interaction
from errors import BadInput
from mail.clicks import is_program
from models.api_answers import PageOrderAnswer
from models.session_requests import SessionRankRequest
from models.slots import SessionAnswer
from services.decisions.decider import PendingDecision
from services.recommendations.page_order import PageOrderService, PageRequest
from store.database import read_transaction, write_transaction
from store.learning import decisions

CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far the caller's clock may be ahead."""


def order_page(
    engine: Engine, ordering: PageOrderService, request: SessionRankRequest, now: datetime
) -> PageOrderAnswer:
    """Order the items of a page, and record the decision unless the visitor is a program.

    Raises NotFound, and BadInput naming an item or an interaction that cannot be."""
    page = PageRequest(request.client_id, request.items, request.n, _build_interactions(request, now))
    if request.user_agent is not None and is_program(request.user_agent):
        with read_transaction(engine) as connection:
            return _build_answer(request, ordering.keep_given_order(connection, page, now), None)
    with read_transaction(engine) as connection:
        ranking = ordering.choose_order(connection, page, now)
    with write_transaction(engine) as connection:
        decision = decisions.save_decision(connection, ranking.record, now, body=ranking.body)
    return _build_answer(request, ranking, decision)


def _build_answer(request: SessionRankRequest, ranking: PendingDecision, decision: str | None) -> PageOrderAnswer:
    record = ranking.record
    return PageOrderAnswer(
        client_id=request.client_id,
        decision=decision,
        algorithm=record.algorithm,
        version=record.version,
        variant=record.variant,
        items=list(cast(SessionAnswer, ranking.decision.answer).items),
    )


def _build_interactions(request: SessionRankRequest, now: datetime) -> tuple[Interaction, ...]:
    for index, touch in enumerate(request.touches):
        if touch.at > now + CLOCK_SKEW:
            raise BadInput("lies ahead of business time", f"touches.{index}.at")
    return tuple(Interaction(touch.item_id, touch.kind, touch.at.timestamp()) for touch in request.touches)
