"""`/clients` and `/clients/<id>`: the list of clients, and one client's phase, score, mails and events."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from domain.churn_risk import ChurnRisk, explain_risk
from domain.engagement import EngagementRules
from errors import NotFound
from models.actors import SubjectKind
from models.base import ID_PATTERN
from store.activity import list_activities
from store.clients.lists import count_clients_by_phase, find_clients
from store.clients.timeline import load_timeline
from store.clients.why_not import explain_no_mail
from store.database import read_transaction
from store.fixes import lists as fix_pages
from store.mail.policy import build_mail_rules
from store.privacy import erasure
from web.console.charts import ScoreCurve, build_score_picture, build_slices
from web.console.labels import PHASES
from web.console.mails import MailView, build_mail_view
from web.console.privacy import ERASE
from web.console.sign_in import build_token, get_person
from web.console.unknown_mails import RESOLVE
from web.context import WebContext, get_context
from web.templating import render_page

router = APIRouter(include_in_schema=False)

Ctx = Annotated[WebContext, Depends(get_context)]
FIXES = 10
"""How many Fixes of a client are listed."""
CHANGES = 12
"""How many changes by people are listed."""


@router.get("/clients")
def show_clients(
    request: Request,
    context: Ctx,
    q: Annotated[str, Query(max_length=100)] = "",
    phase: Annotated[str, Query(max_length=20)] = "",
    after: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """List fifty clients a page, found by the beginning of their id, name or address, and by phase."""
    with read_transaction(context.engine) as connection:
        matches = find_clients(connection, q.strip(), phase if phase in PHASES else "", after)
        phases = count_clients_by_phase(connection)
    counted = build_slices(phases, list(PHASES))
    return render_page(request, "clients.html", found=matches, phases=counted, q=q.strip(), phase=phase, after=after)


@router.get("/clients/{client_id}")
def show_client(request: Request, context: Ctx, client_id: Annotated[str, Path(pattern=ID_PATTERN)]) -> Response:
    """Show everything about one client."""
    now = context.business_now()
    with read_transaction(context.engine) as connection:
        erasure.require_not_erased(connection, context.settings.keys.signing, client_id)
        timeline, erasing = load_timeline(connection, client_id), erasure.find_request_time(connection, client_id)
        if timeline is None:
            raise NotFound(f"no client {client_id}", "client_id")
        fixes = fix_pages.list_summaries(connection, limit=FIXES, client_id=client_id)
        changes = list_activities(connection, SubjectKind.CLIENT, client_id, CHANGES)
        reason = explain_no_mail(
            connection, client_id, build_mail_rules(context.settings), context.settings.keys.signing, now
        )
    crosses_at = ScoreCurve(EngagementRules(), timeline.curve).find_crossing(now)
    risk = timeline.assessments[0].risk if timeline.assessments else None
    risk_text = explain_risk(ChurnRisk.model_validate(risk)) if risk else ""
    mails: list[MailView] = [build_mail_view(row, timeline.steps[row.n], timeline.items) for row in timeline.mails]
    return render_page(
        request,
        "client.html",
        timeline=timeline,
        client=timeline.client,
        mails=mails,
        fixes=fixes,
        changes=changes,
        reason=reason,
        crosses_at=timeline.client.crosses_at if risk_text else crosses_at,
        risk_text=risk_text,
        erasing=erasing,
        acts=get_person(request) is not None,
        token=build_token(context, client_id, ERASE),
        resolve_token=build_token(context, client_id, RESOLVE),
        picture=build_score_picture(
            EngagementRules(), timeline.curve, timeline.assessments, timeline.mails, now, crosses_at
        ),
    )
