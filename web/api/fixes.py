"""`POST /v1/clients/<id>/fixes` and `/v1/fixes/<id>`: requests a Fix, shows its state, decides on it and cancels it."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Query, Request
from fastapi.concurrency import run_in_threadpool

from domain.masking import mask_model
from domain.permissions import Action, Disclosure
from errors import NotFound
from models.actors import Actor
from models.api_answers import CancelledFix
from models.fix_views import FixOffers, FixRequestBody, FixView
from models.fixes import FixDecision, FixId, FixStatus
from services.fixes import requests, settlement
from services.fixes.swap_search import SwapSearch
from web.api.requests import JsonBody
from web.api.routing import ClientPath, FixPath, create_router, declare_errors
from web.auth.callers import By
from web.auth.rules import needs
from web.context import Here, WebContext
from workflows import fix_handles

router: Final = create_router("fixes")

Order = Annotated[FixRequestBody, Depends(JsonBody(FixRequestBody, required=False))]
Decision = Annotated[FixDecision, Depends(JsonBody(FixDecision))]


@router.post(
    "/clients/{client_id}/fixes",
    status_code=201,
    responses=declare_errors(404, 410, 413),
    dependencies=[needs(Action.REQUEST_FIX)],
)
async def request_fix(context: Here, actor: By, client_id: ClientPath, order: Order) -> FixStatus:
    """Request a Fix: 201 with its id and state.

    The request is saved before Temporal is called: after a 503 send it again with the same `request_key`, and it is
    still one Fix.
    """
    fix_id = await run_in_threadpool(_save_request, context, actor, client_id, order)
    return await fix_handles.request_fix(await context.temporal(), client_id, fix_id)


@router.get("/fixes/{fix_id}", responses=declare_errors(404), dependencies=[needs(Disclosure.SHOP)])
def get_fix(context: Here, actor: By, fix_id: FixPath) -> FixView:
    """Return a Fix's state, its box, and all its steps; the note is masked for roles that need none."""
    return mask_model(actor, requests.load_view(context.engine, fix_id))


@router.get("/fixes/{fix_id}/offers", responses=declare_errors(404), dependencies=[needs(Disclosure.SHOP)])
def list_fix_offers(
    request: Request,
    context: Here,
    fix_id: FixPath,
    search: Annotated[str, Query(max_length=200, description="Words that an item must have; empty: any.")] = "",
    out: Annotated[str, Query(max_length=64, description="The sku whose place is to be filled; empty: any.")] = "",
) -> FixOffers:
    """List what of the whole catalogue may go into a proposed box, what the place of `out` needs first."""
    swap_search: SwapSearch = request.app.state.swap_search
    return FixOffers(offers=tuple(swap_search.search(fix_id, search, out or None, context.business_now())))


@router.post("/fixes/{fix_id}/decision", responses=declare_errors(404, 413), dependencies=[needs(Action.DECIDE_FIX)])
async def decide_fix(context: Here, actor: By, fix_id: FixPath, decision: Decision) -> FixStatus:
    """Approve, swap or reject a proposed box. 422 with the rule that a swap breaks; then nothing was changed."""
    await run_in_threadpool(requests.require_may_decide, context.engine, actor, fix_id)
    return await fix_handles.decide_fix(await context.temporal(), fix_id, decision, actor)


@router.delete(
    "/fixes/{fix_id}", status_code=202, responses=declare_errors(404), dependencies=[needs(Action.CANCEL_FIX)]
)
async def cancel_fix(context: Here, actor: By, fix_id: FixPath) -> CancelledFix:
    """Cancel a Fix: 202; its units are released in a moment. A box that is shipped stays shipped."""
    await run_in_threadpool(requests.load_view, context.engine, fix_id)
    try:
        await fix_handles.cancel_fix(await context.temporal(), fix_id)
    except NotFound:  # its workflow is gone
        now, real_now = context.business_now(), context.real_now()
        await run_in_threadpool(settlement.cancel_fix, context.engine, actor, fix_id, now, real_now)
    return CancelledFix(fix_id=fix_id)


def _save_request(context: WebContext, actor: Actor, client_id: str, order: FixRequestBody) -> FixId:
    now, real_now = context.business_now(), context.real_now()
    return requests.request_fix(context.engine, actor, context.settings, client_id, order, now, real_now)
