"""`/clients` and `/clients/<id>`: who they are, where each stands, and why."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from domain.engagement import EngagementRules
from domain.rhythm import Risk
from domain.rhythm import told as told_of
from errors import NotFound
from models.base import ID_PATTERN
from store import pages
from store.clients.timeline import story as story_of
from store.clients.why_not import why_not
from store.database import read_transaction
from store.fixes import pages as fix_pages
from store.mail.policy import mail_rules
from store.privacy import erasure
from web.console.acting import person_of, token_for
from web.console.charts import Curve, score_picture, slices
from web.console.mails import Told, told
from web.console.privacy import ERASE
from web.console.words import PHASES
from web.context import Context, context_of
from web.templating import page

router = APIRouter(include_in_schema=False)

Ctx = Annotated[Context, Depends(context_of)]
FIXES = 10
"""Of a client, so many are listed."""


@router.get("/clients")
def client_list(
    request: Request,
    context: Ctx,
    q: Annotated[str, Query(max_length=100)] = "",
    phase: Annotated[str, Query(max_length=20)] = "",
    after: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Fifty clients a page, found by the beginning of their id, name or address, and by phase."""
    with read_transaction(context.engine) as connection:
        found = pages.find_clients(connection, q.strip(), phase if phase in PHASES else "", after)
        phases = pages.clients_by_phase(connection)
    counted = slices(phases, list(PHASES))
    return page(request, "clients.html", found=found, phases=counted, q=q.strip(), phase=phase, after=after)


@router.get("/clients/{client_id}")
def client(request: Request, context: Ctx, client_id: Annotated[str, Path(pattern=ID_PATTERN)]) -> Response:
    """One client's whole story."""
    now = context.business_now()
    with read_transaction(context.engine) as connection:
        erasure.refuse_erased(connection, context.settings.keys.signing, client_id)
        story, erasing = story_of(connection, client_id), erasure.asked_at(connection, client_id)
        if story is None:
            raise NotFound(f"no client {client_id}", "client_id")
        fixes = fix_pages.listing(connection, limit=FIXES, client_id=client_id)
        reason = why_not(connection, client_id, mail_rules(context.settings), context.settings.keys.signing, now)
    crosses_at = Curve(EngagementRules(), story.curve).crosses_at(now)
    said = story.assessments[0].risk if story.assessments else None
    rhythm = told_of(Risk.model_validate(said)) if said else ""
    mails: list[Told] = [told(row, story.steps[row.n], story.items) for row in story.mails]
    return page(
        request,
        "client.html",
        story=story,
        client=story.client,
        mails=mails,
        fixes=fixes,
        reason=reason,
        crosses_at=story.client.crosses_at if rhythm else crosses_at,
        rhythm=rhythm,
        erasing=erasing,
        acts=person_of(request) is not None,
        token=token_for(context, client_id, ERASE),
        picture=score_picture(EngagementRules(), story.curve, story.assessments, story.mails, now, crosses_at),
    )
