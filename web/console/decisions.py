"""`/decisions/<id>`: one decision about a client: what the algorithm was asked, and what it answered."""

from __future__ import annotations

import json
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request, Response
from sqlalchemy import Connection

from domain.permissions import Disclosure
from errors import NotFound
from models.base import ID_PATTERN
from store.catalogue import catalogue
from store.database import read_transaction
from store.learning import decisions
from store.learning.decisions import DecisionRow
from web.auth.rules import needs
from web.console.names import name_clients
from web.console.question_words import list_item_ids, put_into_words
from web.context import WebContext, get_context
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)

Ctx = Annotated[WebContext, Depends(get_context)]
DecisionPath = Annotated[str, Path(pattern=ID_PATTERN)]


@router.get("/decisions/{decision_id}", dependencies=[needs(Disclosure.SHOP)])
def show_decision(request: Request, context: Ctx, decision_id: DecisionPath) -> Response:
    """Show one decision in words. No question and no answer holds a name, an address or a client's words."""
    with read_transaction(context.engine) as connection:
        decision = _require_decision(connection, decision_id)
        body = decisions.load_question(connection, decision.question)
        question = json.loads(body) if body else None
        ids = {*list_item_ids(question), *list_item_ids(decision.answer)}
        titles = {item_id: item.title for item_id, item in catalogue.load_items(connection, ids).items()}
    currency = context.settings.shop_currency
    return render_page(
        request,
        "decision.html",
        decision=decision,
        name=name_clients(context.engine, [decision.client_id]).get(decision.client_id, ""),
        question=put_into_words(question, titles, currency) if body else None,
        answer=put_into_words(decision.answer, titles, currency),
        keep_days=context.settings.decision_days,
    )


@router.get("/decisions/{decision_id}/question.json", dependencies=[needs(Disclosure.SHOP)])
def download_question(context: Ctx, decision_id: DecisionPath) -> Response:
    """Download the question as the algorithm got it, to ask it again elsewhere."""
    with read_transaction(context.engine) as connection:
        body = decisions.load_question(connection, _require_decision(connection, decision_id).question)
    if body is None:
        raise NotFound("this question is no longer kept", "decision_id")
    headers = {"Content-Disposition": f'attachment; filename="{decision_id}.json"'}
    return Response(body, media_type="application/json", headers=headers)


def _require_decision(connection: Connection, decision_id: str) -> DecisionRow:
    decision = decisions.find_decision(connection, decision_id)
    if decision is None:
        raise NotFound(f"no decision {decision_id}", "decision_id")
    return decision
