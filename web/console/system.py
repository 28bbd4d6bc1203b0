"""`/system`: what runs, what waits, what it costs, where it is stored, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from domain.permissions import Disclosure
from errors import Unavailable
from models.system import QueueState
from services.system.state import load_system_state
from web.auth.rules import needs
from web.context import Here, WebContext
from web.public.health import HealthChecks
from web.templating import render_page
from workflows.queue_states import load_queue_states

router: Final = APIRouter(include_in_schema=False)

PARTS: Final[Mapping[str, str]] = {
    "database": "Database",
    "home": "The shop's folder",
    "temporal": "Temporal",
    "workflows": "Workflows",
    "model": "Language model",
    "backup": "Backups",
    "worker": "Worker",
    "mailbox": "Embedded mailbox",
    "mail_server": "Mail server",
}
PART_STATES: Final[Mapping[str, str]] = {"up": "Up", "down": "Down"}


@router.get("/system", dependencies=[needs(Disclosure.SHOP)])
async def show_system(request: Request, context: Here) -> Response:
    """Show the parts, the task queues, the outbox, models, storage and versions."""
    health: HealthChecks = request.app.state.health
    down = await health.find_down()
    queues, silent = await _ask_queues(context)
    return await run_in_threadpool(_render, request, context, health.parts, down, queues, silent)


async def _ask_queues(context: WebContext) -> tuple[list[QueueState], str]:
    """Ask Temporal for its queues; return them, or why it does not say."""
    try:
        return await load_queue_states(await context.temporal()), ""
    except Unavailable as away:
        return [], away.public or str(away)


def _render(
    request: Request,
    context: WebContext,
    parts: list[str],
    down: dict[str, str],
    queues: list[QueueState],
    silent: str,
) -> Response:
    now, real_now = context.business_now(), context.real_now()
    return render_page(
        request,
        "system.html",
        parts=parts,
        names=PARTS,
        states=PART_STATES,
        down=down,
        queues=queues,
        silent=silent,
        state=load_system_state(context.engine, context.settings, now, real_now),
        version=version("selvedge"),
        real_now=real_now,
    )
