"""`POST /v1/session/rank`: ranks items for a visitor by the slot `session` and records what was shown."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request

from domain.permissions import Disclosure
from models.api_answers import PageOrderAnswer
from models.session_requests import SessionRankRequest
from services.recommendations.visit_order import order_page
from web.api.requests import JsonBody
from web.api.routing import create_router, declare_errors
from web.auth.rules import needs
from web.context import Here

router: Final = create_router("session")

Order = Annotated[SessionRankRequest, Depends(JsonBody(SessionRankRequest))]


@router.post("/session/rank", responses=declare_errors(404, 413), dependencies=[needs(Disclosure.RECOMMENDATIONS)])
def rank_session(request: Request, context: Here, order: Order) -> PageOrderAnswer:
    """Rank the items, best first, and return the decision's id.

    For a program that names itself in `user_agent` the items keep their order, and nothing is recorded. 404: nobody has
    this id. 422 with the field: an item that the catalogue lacks, or an interaction in the future.
    """
    return order_page(context.engine, request.app.state.ordering, order, context.business_now())
