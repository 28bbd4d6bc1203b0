"""`POST /v1/sessions`: anonymous visits, until somebody signs in."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Path

from domain.permissions import Action
from models.visits import VisitAnswer, VisitJoin, VisitJoinAnswer, VisitStart
from services.visits.visits import join_visit, start_visit
from web.api.requests import JsonBody
from web.api.routing import create_router, declare_errors
from web.auth.callers import By
from web.auth.rules import needs
from web.context import Here

router: Final = create_router("visits")

Start = Annotated[VisitStart, Depends(JsonBody(VisitStart, required=False))]
Join = Annotated[VisitJoin, Depends(JsonBody(VisitJoin))]
SessionPath = Annotated[str, Path(description="The id that POST /v1/sessions gave.")]


@router.post("/sessions", responses=declare_errors(413), dependencies=[needs(Action.ACCEPT_EVENTS)])
def start_session(context: Here, start: Start) -> VisitAnswer:
    """Start an anonymous visit: an id for the visitor's cookie, by which events are sent and items asked for.

    With `personalisation` false nothing of the visit is kept, and its answers are nobody's own.
    """
    settings = context.settings
    session_id = start_visit(settings.keys.signing, personalisation=start.personalisation)
    return VisitAnswer(session_id=session_id, hours=settings.visit_hours)


@router.post(
    "/sessions/{session_id}/join", responses=declare_errors(404, 413), dependencies=[needs(Action.ACCEPT_EVENTS)]
)
def join_session(context: Here, actor: By, session_id: SessionPath, join: Join) -> VisitJoinAnswer:
    """Make what was done in a visit the client's own, when they sign in; where they refuse personalisation it is
    deleted instead. 404: nobody has this id."""
    return join_visit(
        context.engine,
        actor,
        session_id,
        join.client_id,
        context.policy,
        context.settings.visit_hours,
        context.business_now(),
        context.real_now(),
    )
