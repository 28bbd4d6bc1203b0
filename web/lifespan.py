"""What a web process opens at its start, runs beside its answers, and closes at its end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from mail.sink import Sink
from services.decisions.decider import Decider
from services.fixes.fit import FitPredictor
from services.fixes.swap_search import SwapSearch
from services.recommendations.page_order import PageOrderService
from services.recommendations.recommender import Recommender
from services.serving.change_follower import EVERY_SECONDS
from services.serving.item_server import ItemServer
from services.serving.serving_helper import ServingHelper, SharedTrend
from services.steady_clock import SteadyClock
from settings import Settings
from store.database import SMALL_POOL, connect
from store.sql.patience import COMMAND, OPT_OUT, PAGES, PROBE
from web.bulkheads import count_threads
from web.console.imports import forget_uploads
from web.context import BusinessClock, WebContext
from web.mcp.door import AgentDoor
from web.process_place import ProcessPlace
from web.temporal import TemporalConnection

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def build_context(settings: Settings) -> tuple[WebContext, BusinessClock]:
    """Build what handlers work with, and its clock; nothing is connected yet. Raises ConfigError for a wrong database
    URL."""
    engine = connect(settings.database, PAGES)
    own = (OPT_OUT, PROBE, COMMAND)
    opt_outs, probes, imports = (connect(settings.database, patience, SMALL_POOL) for patience in own)
    steady = SteadyClock()
    clock, temporal = BusinessClock(probes, real_now=steady), TemporalConnection(settings)
    pools = {"opt_outs": opt_outs, "probes": probes, "imports": imports}
    return WebContext(settings, engine, clock, temporal, steady, **pools), clock


def build_lifespan(context: WebContext, clock: BusinessClock, agents: AgentDoor, place: ProcessPlace) -> Lifespan:
    """Build the life of a site: the clock is followed, old files are forgotten and lists are kept while it answers."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = count_threads()
        with (
            _close_pools(context),
            _keep_mailbox(context.settings, place),
            clock.follow(),
            forget_uploads(context),
            Decider.serve(context.settings, context.engine) as decider,
            _serve_items(app, context, decider, place),
        ):
            place.note_standing()
            async with agents.run():
                yield

    return lifespan


@contextmanager
def _close_pools(context: WebContext) -> Iterator[None]:
    try:
        yield
    finally:
        for pool in {context.engine, context.opt_out_engine, context.probe_engine, context.import_engine}:
            pool.dispose()


@contextmanager
def _keep_mailbox(settings: Settings, place: ProcessPlace) -> Iterator[None]:
    """Keep the embedded mailbox open where no mail server is named, in one process."""
    if settings.smtp_url or not place.is_first:
        yield
        return
    sink = Sink.from_settings(settings)
    sink.start()
    try:
        yield
    finally:
        sink.stop()


@contextmanager
def _serve_items(app: FastAPI, context: WebContext, decider: Decider, place: ProcessPlace) -> Iterator[None]:
    """Serve what chooses and orders items, by one recommender."""
    engine, settings = context.engine, context.settings
    helper = ServingHelper(settings) if place.has_helper else None
    trends = SharedTrend(helper) if helper else None
    recommender = Recommender(engine, settings, decider, check_seconds=EVERY_SECONDS, trends=trends)
    app.state.recommender = recommender
    app.state.item_server = server = ItemServer(engine, recommender, settings, helper)
    server.start()
    if helper:
        helper.start()
    try:
        fits = FitPredictor(engine, settings.home).build_for_client
        app.state.swap_search = SwapSearch(engine, settings, recommender.list_items, fits)
        app.state.ordering = PageOrderService(engine, recommender, decider)
        yield
    finally:
        server.close()
        if helper:
            helper.close()
