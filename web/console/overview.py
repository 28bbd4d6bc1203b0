"""`/`: what needs the reader, the key figures, what changed since yesterday; then clients, mails and campaigns."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Connection

from domain.permissions import Disclosure, may
from models.lift import CampaignLift
from services.today.attention import list_needs
from services.today.changes import list_day_changes
from store.campaigns import lift as campaign_lift
from store.campaigns.lists import list_campaign_counts
from store.clients.lists import count_clients_by_phase
from store.database import read_transaction
from store.events import outbox
from store.mail.lists import count_mails_by_state, list_recent_mails
from web.auth.callers import By
from web.auth.rules import needs
from web.console.action_labels import DONE_ACTIONS
from web.console.campaigns import LIVE
from web.console.charts import build_slices
from web.console.kpis import KpiTile, build_tiles
from web.console.labels import PHASES, STATES
from web.console.lift_chart import build_lift_picture
from web.context import WebContext, get_context
from web.templating import render_page

router = APIRouter(include_in_schema=False)

DAYS: Final = 7
"""Over how many days the figures are shown."""


@router.get("/", dependencies=[needs(Disclosure.SHOP)])
def show_overview(request: Request, context: Annotated[WebContext, Depends(get_context)], actor: By) -> Response:
    """Show what needs the reader first, then the figures, then how the shop stands."""
    now = context.business_now()
    tasks = list_needs(context.engine, context.settings, now)
    phases = context.counts.read(count_clients_by_phase)
    mails = context.counts.read(count_mails_by_state)
    with read_transaction(context.engine) as connection:
        recent = list_recent_mails(connection)
        campaigns = list_campaign_counts(connection)
        held = outbox.count_held_clients(connection)
        lift = _measure_lift(connection, request, context)
    return render_page(
        request,
        "overview.html",
        needs=[need._asdict() | {"mine": may(actor, need.action)} for need in tasks],
        tiles=[] if LIVE in request.headers else _build_tiles(context),
        changes=list_day_changes(context.engine, now),
        action_labels=DONE_ACTIONS,
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


def _build_tiles(context: WebContext) -> list[KpiTile]:
    """Build the tiles of the figures but the phases, of which the page has a bar."""
    return [tile for tile in build_tiles(context.load_figures(DAYS)) if not tile.kpi.key.startswith("clients_")]


def _measure_lift(connection: Connection, request: Request, context: WebContext) -> CampaignLift | None:
    """Measure the lift of mail to clients who drift; None when there is no holdout."""
    share = context.settings.holdout_share
    if not share or LIVE in request.headers:
        return None
    return campaign_lift.compute_re_engagement_lift(connection, share, context.business_now())
