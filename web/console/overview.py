"""`/`: clients by phase, mails by state, and the latest mails."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Connection

from models.lift import CampaignLift
from store.campaigns import lift as campaign_lift
from store.campaigns.lists import list_campaign_counts
from store.clients.lists import count_clients_by_phase
from store.database import read_transaction
from store.events import outbox
from store.mail.lists import count_mails_by_state, list_recent_mails
from web.console.campaigns import LIVE
from web.console.charts import build_slices
from web.console.labels import PHASES, STATES
from web.console.lift_chart import build_lift_picture
from web.context import WebContext, get_context
from web.templating import render_page

router = APIRouter(include_in_schema=False)


@router.get("/")
def show_overview(request: Request, context: Annotated[WebContext, Depends(get_context)]) -> Response:
    """Show counts by phase, mails by state, the latest mails, the campaigns."""
    with read_transaction(context.engine) as connection:
        phases = count_clients_by_phase(connection)
        mails = count_mails_by_state(connection)
        recent = list_recent_mails(connection)
        campaigns = list_campaign_counts(connection)
        held = outbox.count_held_clients(connection)
        lift = _measure_lift(connection, request, context)
    return render_page(
        request,
        "overview.html",
        phases=build_slices(phases, list(PHASES)),
        clients=sum(phases.values()),
        mails=build_slices(mails, list(STATES)),
        mails_sent=mails.get("sent", 0),
        recent=recent,
        campaigns=campaigns,
        held=held,
        lift=lift,
        picture=build_lift_picture(lift.series) if lift else None,
    )


def _measure_lift(connection: Connection, request: Request, context: WebContext) -> CampaignLift | None:
    """Measure the lift of mail to clients who drift; None when there is no holdout."""
    share = context.settings.holdout_share
    if not share or LIVE in request.headers:
        return None
    return campaign_lift.compute_re_engagement_lift(connection, share, context.business_now())
