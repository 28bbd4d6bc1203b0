"""`/clients` and `/clients/<id>`: the list of clients, and one client's phase, score, mails and events."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from domain.churn_risk import ChurnRisk, explain_risk
from domain.engagement import EngagementRules
from domain.masking import may_see_personal
from domain.permissions import Action, Disclosure, may
from models.actors import Actor
from models.base import ID_PATTERN, ClientId
from models.client_lists import ListColumn, parse_order
from services.clients.dossier import load_dossier
from services.clients.selection import MOST, ClientSelection, find_page
from services.segments.saved import list_segments
from store.clients.lists import count_clients_by_phase
from web.auth.callers import By
from web.auth.rules import needs
from web.console.acting import build_form_token
from web.console.action_labels import DONE_ACTIONS
from web.console.charts import ScoreCurve, build_score_picture, build_slices
from web.console.labels import PHASES
from web.console.mails import MailView, build_mail_view
from web.console.names import name_campaigns
from web.console.unknown_mails import RESOLVE
from web.context import WebContext, get_context
from web.templating import render_page

router = APIRouter(include_in_schema=False)

ROWS: Final = 50
ERASE: Final = "erase"
"""The purpose of the token of the form that erases, besides the id."""

Ctx = Annotated[WebContext, Depends(get_context)]


@router.get("/clients", dependencies=[needs(Disclosure.SHOP)])
def show_clients(
    request: Request,
    context: Ctx,
    actor: By,
    q: Annotated[str, Query(max_length=100)] = "",
    phase: Annotated[str, Query(max_length=20)] = "",
    after: Annotated[str, Query(max_length=64)] = "",
    segment: Annotated[str, Query(max_length=64)] = "",
    sort: Annotated[str, Query(max_length=16)] = "",
) -> Response:
    """List fifty clients a page, found by the beginning of their id, name or address, by phase and by saved segment,
    and in the order of a column where they are few enough."""
    chosen = ClientSelection((), True, q.strip(), phase if phase in PHASES else "", segment)
    by_id_alone = not may_see_personal(actor)
    now, order = context.business_now(), parse_order(sort)
    if order and by_id_alone and order.column == ListColumn.NAME:
        order = None  # the order would tell what names are
    matches = find_page(context.engine, chosen, now, after, ROWS, order, MOST, by_id_alone=by_id_alone)
    order = order if matches.is_sorted else None
    phases = context.counts.read(count_clients_by_phase)
    counted = build_slices(phases, list(PHASES))
    return render_page(
        request,
        "clients.html",
        found=matches,
        phases=counted,
        q=q.strip(),
        phase=phase,
        after=after,
        segment=segment,
        search={"q": q.strip(), "phase": phase, "segment": segment},
        order=order,
        fitting=matches.fitting,
        most=MOST,
        segments=list_segments(context.engine).segments,
        token=build_form_token(request, "list"),
    )


@router.get("/clients/{client_id}", dependencies=[needs(Disclosure.SHOP)])
def show_client(
    request: Request, context: Ctx, actor: By, client_id: Annotated[str, Path(pattern=ID_PATTERN)]
) -> Response:
    """Show everything about one client."""
    return render_client(request, context, actor, client_id)


def render_client(
    request: Request, context: WebContext, actor: Actor, client_id: ClientId, wrong: str = "", typed: str = ""
) -> Response:
    """Render the page of one client. `wrong`: why the form that erases was refused, with what was `typed` there."""
    now = context.business_now()
    dossier = load_dossier(context.engine, context.settings, client_id, now)
    timeline = dossier.timeline
    crosses_at = ScoreCurve(EngagementRules(), timeline.curve).find_crossing(now)
    risk = timeline.assessments[0].risk if timeline.assessments else None
    risk_text = explain_risk(ChurnRisk.model_validate(risk)) if risk else ""
    mails: list[MailView] = [
        build_mail_view(row, timeline.steps[row.n], timeline.reads.get(row.n, ()), timeline.items)
        for row in timeline.mails
    ]
    return render_page(
        request,
        "client.html",
        422 if wrong else 200,
        timeline=timeline,
        client=timeline.client,
        mails=mails,
        campaign_names=name_campaigns(context.engine, (row.campaign for row in timeline.mails)),
        fixes=dossier.fixes,
        changes=dossier.changes,
        action_labels=DONE_ACTIONS,
        reason=dossier.why_not,
        crosses_at=timeline.client.crosses_at if risk_text else crosses_at,
        risk_text=risk_text,
        erasing=dossier.erasing,
        wrong=wrong,
        typed=typed,
        acts=may(actor, Action.ERASE_CLIENT),
        token=build_form_token(request, client_id, ERASE),
        resolve_token=build_form_token(request, client_id, RESOLVE),
        picture=build_score_picture(
            EngagementRules(), timeline.curve, timeline.assessments, timeline.mails, now, crosses_at
        ),
    )
