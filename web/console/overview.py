"""`/`: how the clients stand, what becomes of their mail, and what happened last."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Connection

from models.lift import CampaignLift
from store import pages
from store.campaigns import lift as campaign_lift
from store.database import read_transaction
from web.console.campaigns import LIVE
from web.console.charts import slices
from web.console.lift_chart import lift_picture
from web.console.words import PHASES, STATES
from web.context import Context, context_of
from web.templating import page

router = APIRouter(include_in_schema=False)


@router.get("/")
def overview(request: Request, context: Annotated[Context, Depends(context_of)]) -> Response:
    """Counts by phase, mails by state, the latest mails, the campaigns."""
    with read_transaction(context.engine) as connection:
        phases = pages.clients_by_phase(connection)
        mails = pages.mails_by_state(connection)
        recent = pages.recent_mails(connection)
        campaigns = pages.campaign_list(connection)
        lift = _lift(connection, request, context)
    return page(
        request,
        "overview.html",
        phases=slices(phases, list(PHASES)),
        clients=sum(phases.values()),
        mails=slices(mails, list(STATES)),
        mails_sent=mails.get("sent", 0),
        recent=recent,
        campaigns=campaigns,
        lift=lift,
        picture=lift_picture(lift.series) if lift else None,
    )


def _lift(connection: Connection, request: Request, context: Context) -> CampaignLift | None:
    """What mail to clients who drift brings; None where nobody is held out of it."""
    share = context.settings.holdout_share
    if not share or LIVE in request.headers:
        return None
    return campaign_lift.of_re_engagement(connection, share, context.business_now())
