"""`/v1/campaigns/{slug}/preview` and its neighbours: what a campaign would do, before it does it."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request

from domain.permissions import Action, Disclosure
from models.campaign_preview import CampaignPreview, PreviewOrder
from models.simulation import SimulationJob, SimulationList, SimulationOrder
from models.staff_sends import StaffSendOrder, StaffSendResult
from services.campaigns import simulation_jobs
from services.campaigns.preview import show_preview
from services.campaigns.simulation_lists import list_simulations
from services.campaigns.staff_sends import send_to_staff
from services.context import ServiceContext
from web.api.requests import JsonBody
from web.api.routing import CampaignPath, create_router, declare_errors
from web.auth.callers import By
from web.auth.rules import needs
from web.context import Here

router: Final = create_router("campaigns")

StaffSends = Annotated[StaffSendOrder, Depends(JsonBody(StaffSendOrder))]
Simulation = Annotated[SimulationOrder, Depends(JsonBody(SimulationOrder, required=False))]
Preview = Annotated[PreviewOrder, Depends(JsonBody(PreviewOrder, required=False))]


@router.post("/campaigns/{slug}/preview", responses=declare_errors(404, 413), dependencies=[needs(Disclosure.PREVIEW)])
def preview_campaign(request: Request, context: Here, actor: By, slug: CampaignPath, order: Preview) -> CampaignPreview:
    """Count whom a campaign would mail if it started now, and what stops the others; write its mails for real clients.
    Nothing is sent or saved."""
    services = ServiceContext(settings=context.settings, engine=context.engine)
    now = context.business_now()
    return show_preview(services, request.app.state.recommender, actor, slug, order, now)


@router.post(
    "/campaigns/{slug}/test-send", responses=declare_errors(404, 413), dependencies=[needs(Action.TEST_CAMPAIGN)]
)
def send_test(request: Request, context: Here, actor: By, slug: CampaignPath, order: StaffSends) -> StaffSendResult:
    """Send one mail of each text to addresses of the team, marked; others are refused."""
    services = ServiceContext(settings=context.settings, engine=context.engine)
    now = context.business_now()
    return send_to_staff(services, request.app.state.recommender, actor, slug, order, now)


@router.get("/campaigns/{slug}/simulations", responses=declare_errors(404), dependencies=[needs(Disclosure.SHOP)])
def show_simulations(context: Here, slug: CampaignPath) -> SimulationList:
    """List the simulations of a campaign, the latest first, and the latest beside what came to be by the same
    day."""
    return list_simulations(context.engine, slug, context.business_now())


@router.post(
    "/campaigns/{slug}/simulations",
    status_code=202,
    responses=declare_errors(404, 409, 413),
    dependencies=[needs(Action.SIMULATE_CAMPAIGN)],
)
def begin_simulation(context: Here, actor: By, slug: CampaignPath, order: Simulation) -> SimulationJob:
    """Simulate a campaign in a process of its own, one at a time in a shop: 202 at once, and 409 while another runs."""
    return simulation_jobs.begin_job(
        ServiceContext(settings=context.settings, engine=context.engine), actor, slug, order
    )


@router.get(
    "/campaigns/{slug}/simulations/latest", responses=declare_errors(404), dependencies=[needs(Disclosure.SHOP)]
)
def show_simulation_job(context: Here, slug: CampaignPath) -> SimulationJob:
    """Tell how far the simulation is that a program asked for last; done, its report is in the list of simulations."""
    return simulation_jobs.find_job(context.settings.home, slug)


@router.delete(
    "/campaigns/{slug}/simulations/latest",
    responses=declare_errors(404),
    dependencies=[needs(Action.SIMULATE_CAMPAIGN)],
)
def cancel_simulation(context: Here, actor: By, slug: CampaignPath) -> SimulationJob:
    """Have a simulation that runs stop when its present day is over; nothing of it is kept."""
    return simulation_jobs.cancel_job(context.settings.home, actor, slug)
