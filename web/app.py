"""The web process: the API for machines, the pages for people, and the embedded mailbox."""

from __future__ import annotations

from functools import cache
from typing import Final

from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.routing import Route

from settings import Settings
from web import error_responses
from web.api import codec
from web.api.document import build_document
from web.api.routers import ROUTERS as API_ROUTERS
from web.auth import account, invitation, keys, provider, sign_in, team
from web.auth.callers import KnownKeys
from web.auth.rules import admit, open_to_all
from web.bodies import BodyLimits
from web.bulkheads import Bulkheads
from web.console import (
    activity,
    algorithms,
    calls,
    campaign_acts,
    campaign_builder,
    campaign_previews,
    campaign_versions,
    campaigns,
    client_acts,
    client_editing,
    client_lists,
    clients,
    dead_letters,
    decisions,
    design,
    fixes,
    flags,
    goods,
    imports,
    kpis,
    mail_states,
    mailbox,
    offers,
    overview,
    privacy,
    refreshes,
    review,
    simulations,
    suppressions,
    system,
    unknown_mails,
    webhooks,
    workflow_answers,
)
from web.console import (
    settings as settings_page,
)
from web.hosts import HostNames, list_hosts
from web.lifespan import build_context, build_lifespan
from web.mcp.door import PATH as AGENTS_PATH
from web.mcp.door import AgentDoor
from web.process_place import ProcessPlace
from web.public import confirm, health, mail_reads, pictures, preferences, quiz, shop, unsubscribe, view, visitor
from web.quick_paths import QuickPaths
from web.security import SecurityHeaders
from web.templating import WEB_FOLDER

CONSOLE: Final = (
    overview.router,
    review.router,
    kpis.router,
    design.router,
    client_lists.router,
    client_editing.router,
    client_acts.router,
    account.router,
    team.router,
    keys.router,
    webhooks.router,
    activity.router,
    clients.router,
    campaign_acts.router,
    campaign_builder.router,
    campaign_previews.router,
    campaign_versions.router,
    simulations.router,
    campaigns.router,
    flags.router,
    offers.router,
    fixes.router,
    calls.router,
    goods.router,
    settings_page.router,
    system.router,
    dead_letters.router,
    algorithms.router,
    refreshes.router,
    imports.router,
    privacy.router,
    mail_states.router,
    mailbox.router,
    suppressions.router,
    unknown_mails.router,
    decisions.router,
    workflow_answers.router,
)
"""The pages of staff: each route says with `needs(...)` who may ask, and takes posts of our own forms alone."""
OPEN: Final = (
    unsubscribe.router,
    quiz.router,
    preferences.router,
    confirm.router,
    view.router,
    mail_reads.router,
    pictures.router,
    shop.router,
    visitor.router,
    health.router,
)
"""Pages of clients, under a signed link; pictures and goods, which mails show; and what watches over the server."""


def create_app(settings: Settings, place: ProcessPlace | None = None) -> FastAPI:
    """Create the app of a process; alone without a `place`. Raises ConfigError when the database URL is wrong."""
    place = place or ProcessPlace()
    context, clock = build_context(settings)
    agents = AgentDoor(context, place.agents_at)
    lifespan = build_lifespan(context, clock, agents, place)
    app = FastAPI(title="Selvedge", version="1", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.context = context
    app.state.place = place
    app.state.known_keys = KnownKeys(context.engine)
    app.state.health = health.HealthChecks(health.build_checks(context))
    app.openapi = cache(build_document)  # type: ignore[method-assign]
    app.add_middleware(BodyLimits)
    app.add_middleware(QuickPaths, routers=API_ROUTERS)  # which reads no body
    app.add_middleware(Bulkheads)
    app.add_middleware(HostNames, names=list_hosts(settings))
    app.add_middleware(SecurityHeaders)
    for router in (*API_ROUTERS, codec.router, sign_in.router, provider.router, invitation.router):
        app.include_router(router)
    for router in CONSOLE:
        app.include_router(router, dependencies=[Depends(admit)])
    for router in OPEN:
        app.include_router(router, dependencies=[open_to_all("clients, mails and monitors, who have no account")])
    app.router.routes.append(Route(AGENTS_PATH, endpoint=agents, name="mcp", include_in_schema=False))
    app.mount("/static", StaticFiles(directory=WEB_FOLDER / "static"), name="static")
    error_responses.install(app)
    return app
