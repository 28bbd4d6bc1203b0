"""Tools that read. Each shows what its caller's role may see, as pages and the API do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Annotated, Any, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp_types import ToolAnnotations
from pydantic import Field

from domain.masking import mask_model, may_see_personal
from domain.permissions import Action, Disclosure
from errors import NotFound
from models.agent_answers import (
    CampaignShort,
    CampaignsShort,
    ClientFound,
    ClientsFound,
    DraftShort,
    SimulationTold,
    WhyNot,
)
from models.base import CampaignSlug, ClientId
from models.campaign import CampaignProgress
from models.campaign_preview import CampaignPreview, PreviewOrder
from models.drafts import DraftList
from models.figures import KpiReport
from models.lift import CampaignLift
from models.offers import OfferList
from models.segment_answers import SegmentQuestion, SegmentSize
from models.simulation import SimulationJob, SimulationOrder
from services.campaigns.lift import measure_lift
from services.campaigns.lists import load_progress
from services.campaigns.preview import show_preview
from services.campaigns.simulation_jobs import begin_job, find_job
from services.campaigns.simulation_lists import list_simulations
from services.clients.why_not import explain_no_mail
from services.context import ServiceContext
from services.offers.views import list_offers as list_all_offers
from services.recommendations.opening import open_recommender
from services.recommendations.recommender import Recommender
from services.review.lists import list_drafts as list_waiting_drafts
from services.review.lists import show_draft
from services.segments.questions import count_segment as count_clients
from store.campaigns.campaigns import list_campaigns as list_rows
from store.clients.lists import ClientSummary, find_clients
from store.database import read_transaction
from store.mail.policy import build_mail_rules
from web.mcp.server import RECOMMENDER, AgentCall, enter_call

BEGINS: Final = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
"""Takes the machine's time and changes nothing of the shop, so nobody is asked first."""
READS: Final = ToolAnnotations(read_only_hint=True, open_world_hint=False)
Ctx = Context[Any, Any]


def search_clients(
    ctx: Ctx,
    text: Annotated[str, Field(max_length=100, description="The beginning of a name, address or id.")] = "",
    phase: Annotated[str, Field(max_length=20, description="Such as at_risk; empty: any.")] = "",
    after: Annotated[str, Field(max_length=64, description="Where the page before ended.")] = "",
    limit: Annotated[int, Field(ge=1, le=100)] = 20,
) -> ClientsFound:
    """Search clients. Roles that may not see names and addresses find by id alone."""
    with enter_call(ctx, Disclosure.SHOP) as call, read_transaction(call.context.engine) as connection:
        alone = not may_see_personal(call.actor)
        page = find_clients(connection, text, phase, after, limit, by_id_alone=alone)
        found = ClientsFound(clients=tuple(map(_shorten, page.rows)), after=page.after)
        return mask_model(call.actor, found)


def _shorten(row: ClientSummary) -> ClientFound:
    return ClientFound(
        client_id=row.client_id,
        first_name=row.first_name,
        email=row.email,
        phase=row.phase,
        score=row.score,
        consent=row.consent,
        orders=row.orders or 0,
        next_touch_at=row.next_touch_at,
        why_not=row.why_not or "",
    )


def why_not(ctx: Ctx, client_id: ClientId) -> WhyNot:
    """Say in one sentence why a client is not mailed now."""
    with enter_call(ctx, Disclosure.SHOP) as call, read_transaction(call.context.engine) as connection:
        settings = call.context.settings
        rules, now = build_mail_rules(settings), call.context.business_now()
        sentence = explain_no_mail(connection, client_id, rules, settings.keys.signing, now)
        return WhyNot(client_id=client_id, sentence=sentence)


def count_segment(
    ctx: Ctx,
    filter: Annotated[str, Field(max_length=10_000, description="A filter, or the slug of a saved segment.")],
) -> SegmentSize:
    """Count the clients whom a filter means, such as: phase = at_risk and not opened in 30 days."""
    with enter_call(ctx, Disclosure.SHOP) as call:
        question = SegmentQuestion(filter=filter)
        return count_clients(call.context.engine, question, call.context.business_now())


def list_campaigns(ctx: Ctx) -> CampaignsShort:
    """List all campaigns with their states, the newest first."""
    with enter_call(ctx, Disclosure.SHOP) as call, read_transaction(call.context.engine) as connection:
        rows = list_rows(connection)
        return CampaignsShort(
            campaigns=tuple(
                CampaignShort(slug=row.slug, name=row.spec.name, state=row.state, message=row.spec.message)
                for row in rows
            )
        )


def list_offers(ctx: Ctx) -> OfferList:
    """List the shop's offers with their terms and what is left of them, the newest first. A mail of a campaign, or one
    of its variants, names one by its `slug`; whoever may makes and approves them in the pages."""
    with enter_call(ctx, Disclosure.SHOP) as call:
        context = call.context
        return list_all_offers(context.engine, context.settings, context.business_now())


def campaign_progress(ctx: Ctx, slug: CampaignSlug) -> CampaignProgress:
    """Count where the clients and mails of a campaign stand."""
    with enter_call(ctx, Disclosure.SHOP) as call:
        return load_progress(call.context.engine, slug)


def campaign_lift(ctx: Ctx, slug: CampaignSlug) -> CampaignLift:
    """Compare the clients of a campaign with those held out of it."""
    with enter_call(ctx, Disclosure.SHOP) as call:
        return measure_lift(call.context.engine, slug, 0.0, call.context.business_now())


def preview_campaign(
    ctx: Ctx,
    slug: CampaignSlug,
    version: Annotated[int | None, Field(ge=1, description="Of its definition; none: the newest.")] = None,
    mails: Annotated[int, Field(ge=0, le=10, description="How many mails to write for real clients.")] = 2,
) -> CampaignPreview:
    """Count whom a campaign would mail if it started now and what stops the others, and write some of its mails by the
    template writer, as text. Nothing is sent or saved."""
    with enter_call(ctx, Disclosure.PREVIEW) as call, _lend_recommender(ctx, call) as recommender:
        context = call.context
        order = PreviewOrder(version=version, mails=mails, writer="house")
        services = ServiceContext(settings=context.settings, engine=context.engine)
        shown = show_preview(services, recommender, call.actor, slug, order, context.business_now())
        return shown.model_copy(update={"mails": tuple(one.model_copy(update={"html": ""}) for one in shown.mails)})


def simulate_campaign(
    ctx: Ctx,
    slug: CampaignSlug,
    days: Annotated[int, Field(ge=1, le=400)] = 90,
    clients: Annotated[int, Field(ge=1, le=5_000, description="How many real clients are drawn.")] = 1_000,
    version: Annotated[int | None, Field(ge=1, description="Of its definition; none: the newest.")] = None,
) -> SimulationJob:
    """Begin to simulate a campaign on a copy of real clients, one at a time in a shop. It takes minutes, sends nothing
    and changes nobody; `campaign_simulation` says how far it is, and what came out."""
    with enter_call(ctx, Action.SIMULATE_CAMPAIGN) as call:
        order = SimulationOrder(version=version, days=days, clients=clients)
        services = ServiceContext(settings=call.context.settings, engine=call.context.engine)
        return begin_job(services, call.actor, slug, order)


def campaign_simulation(ctx: Ctx, slug: CampaignSlug) -> SimulationTold:
    """Tell how far the simulation of a campaign is that was asked for last, and what the latest that is done found,
    beside what came to be by the same day."""
    with enter_call(ctx, Disclosure.SHOP) as call:
        context = call.context
        kept = list_simulations(context.engine, slug, context.business_now())
        job: SimulationJob | None = None
        with suppress(NotFound):
            job = find_job(context.settings.home, slug)
        latest = kept.simulations[0].report if kept.simulations else None
        days = {"day": kept.day, "compared_day": kept.compared_day}
        return SimulationTold(slug=slug, job=job, latest=latest, compared=kept.compared, **days)


@contextmanager
def _lend_recommender(ctx: Ctx, call: AgentCall) -> Iterator[Recommender]:
    """Lend the recommender of the web process, or open one where the tools are served on standard input and output."""
    request = ctx.request_context.request
    if request is not None:
        yield request.scope[RECOMMENDER]
        return
    with open_recommender(call.context.settings, call.context.engine) as recommender:
        yield recommender


def key_figures(ctx: Ctx, days: Annotated[int, Field(ge=1, le=365)] = 28) -> KpiReport:
    """Read the key figures of the shop over some days, each with its definition and the value before."""
    with enter_call(ctx, Disclosure.SHOP) as call:
        return call.context.load_figures(days)


def list_drafts(ctx: Ctx, limit: Annotated[int, Field(ge=1, le=100)] = 20) -> DraftList:
    """List the mails that await a person, the longest first."""
    with enter_call(ctx, Disclosure.PERSONAL) as call:
        return list_waiting_drafts(call.context.engine, waiting=True, limit=limit)


def read_draft(ctx: Ctx, draft_id: Annotated[str, Field(max_length=80)]) -> DraftShort:
    """Read a mail that awaits a person: its words, and what is wrong with them."""
    with enter_call(ctx, Disclosure.PERSONAL) as call:
        draft = show_draft(call.context.engine, draft_id)
        return DraftShort(
            draft_id=draft.draft_id,
            version=draft.version,
            subject=draft.subject,
            sentences=tuple(sentence.text for sentence in draft.sentences),
            faults=tuple(fault.what for fault in draft.faults),
        )


@cache
def list_reading_tools() -> tuple[Tool, ...]:
    """List the tools that read. They are made once a process: their schemas take most of a site's start."""
    tools = (
        *(search_clients, why_not, count_segment, list_campaigns, campaign_progress, campaign_lift),
        *(preview_campaign, campaign_simulation, list_offers),
        *(key_figures, list_drafts, read_draft),
    )
    begins = Tool.from_function(simulate_campaign, annotations=BEGINS)
    return *(Tool.from_function(tool, annotations=READS) for tool in tools), begins
