"""`/campaigns/<slug>/simulation`: have a campaign simulated before it starts, watch it, and read what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, NamedTuple

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from domain.permissions import Action, Disclosure
from errors import BadInput, NotFound
from ingest.faults import parse_model
from models.base import ID_PATTERN, CampaignSlug
from models.simulation import SimulationJob, SimulationList, SimulationOrder, StoredSimulation
from services.campaigns import simulation_jobs
from services.campaigns.simulation_lists import list_simulations
from services.context import ServiceContext
from store.campaigns import campaigns
from store.database import read_transaction
from web.auth.rules import needs
from web.console.acting import PostedForm, build_form_token, receive_form
from web.console.fields import pick_filled, read_number
from web.console.simulation_charts import DayChart, build_day_charts, build_sent_chart, build_spans
from web.context import Here, WebContext
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)

PAGE: Final = "/campaigns/{slug}/simulation"
SlugPath = Annotated[CampaignSlug, Path(pattern=ID_PATTERN)]
FIRST: Final[Mapping[str, str]] = {"days": "60", "clients": "200", "seed": "1", "version": ""}


@router.get(PAGE, dependencies=[needs(Disclosure.SHOP)])
def show_simulation(
    request: Request,
    context: Here,
    slug: SlugPath,
    kept: Annotated[str, Query(alias="id", max_length=64)] = "",
    version: Annotated[str, Query(max_length=6)] = "",
) -> Response:
    """Show a simulation, the latest where none is named, how far one is that runs, and the form that begins one."""
    return _render(request, context, slug, {**FIRST, "version": version}, chosen=kept)


@router.post(PAGE, dependencies=[needs(Action.SIMULATE_CAMPAIGN)])
async def act_on_simulation(request: Request, context: Here, slug: SlugPath) -> Response:
    """Begin a simulation, or stop the one that runs; a refusal comes back to the page."""
    form = await receive_form(request, "simulation", slug)
    return await run_in_threadpool(_act, request, context, slug, form)


def _act(request: Request, context: WebContext, slug: CampaignSlug, form: PostedForm) -> Response:
    try:
        if form.fields.get("act") == "stop":
            simulation_jobs.cancel_job(context.settings.home, form.actor, slug)
        else:
            numbers = {name: read_number(form.fields, name) for name in FIRST}
            order = parse_model(SimulationOrder, pick_filled(numbers))
            services = ServiceContext(settings=context.settings, engine=context.engine)
            simulation_jobs.begin_job(services, form.actor, slug, order)
    except BadInput as refused:
        return _render(request, context, slug, form.fields, refused)
    return RedirectResponse(f"/campaigns/{slug}/simulation", status_code=303)


def _render(
    request: Request,
    context: WebContext,
    slug: CampaignSlug,
    fields: Mapping[str, str],
    refused: BadInput | None = None,
    chosen: str = "",
) -> Response:
    with read_transaction(context.engine) as connection:
        campaign = campaigns.load_campaign(connection, slug)
    found = list_simulations(context.engine, slug, context.business_now())
    shown = _choose(found, chosen)
    return render_page(
        request,
        "campaign_simulation.html",
        422 if refused else 200,
        campaign=campaign,
        job=_find_job(context, slug),
        found=found,
        shown=shown,
        charts=build_day_charts(shown.report) if shown else [],
        spans=build_spans(shown.report) if shown else [],
        fields=fields,
        wrong=(refused.field or "") if refused else "",
        reason=refused.reason if refused else "",
        token=build_form_token(request, "simulation", slug),
    )


def _choose(found: SimulationList, chosen: str) -> StoredSimulation | None:
    """Choose the simulation to show. Raises NotFound for an id that none has."""
    if not chosen:
        return found.simulations[0] if found.simulations else None
    for one in found.simulations:
        if one.id == chosen:
            return one
    raise NotFound("there is no such simulation, or twenty came after it", "id")


def _find_job(context: WebContext, slug: CampaignSlug) -> SimulationJob | None:
    """Find what was asked for last on a page or by a program, unless its report stands in the list."""
    try:
        job = simulation_jobs.find_job(context.settings.home, slug)
    except NotFound:
        return None
    return None if job.state == "done" else job


class SimulationGlance(NamedTuple):
    """What other pages show of the latest simulation: the mails a day, and what came to be beside it."""

    kept: StoredSimulation
    chart: DayChart
    found: SimulationList


def find_glance(context: WebContext, slug: CampaignSlug, version: int | None = None) -> SimulationGlance | None:
    """Find the latest simulation of a campaign, or of one of its versions; None without one."""
    found = list_simulations(context.engine, slug, context.business_now())
    kept = next((one for one in found.simulations if version in (None, one.report.version)), None)
    return SimulationGlance(kept, build_sent_chart(kept.report), found) if kept else None
