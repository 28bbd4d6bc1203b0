"""`/v1/flags`: tests of what pages show: saved, started, stopped, read; and the arms of one client."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from fastapi import Depends, Query

from domain.permissions import Action, Disclosure
from models.flag_results import FlagResult
from models.flags import AssignmentList, FlagList, FlagOrder, FlagStateOrder, FlagView
from services.flags import lifecycle, result, views
from web.api.requests import JsonBody
from web.api.routing import ClientPath, FlagPath, create_router, declare_errors
from web.auth.callers import By
from web.auth.rules import needs
from web.context import Here

router: Final = create_router("flags")
Order = Annotated[FlagOrder, Depends(JsonBody(FlagOrder))]
StateOrder = Annotated[FlagStateOrder, Depends(JsonBody(FlagStateOrder))]
WithinDays = Annotated[float, Query(gt=0, le=90, description="Days of a client's window.")]
Planned = Annotated[int | None, Query(ge=4, description="Clients of two arms for which the test was planned.")]


@router.get("/flags", dependencies=[needs(Disclosure.SHOP)])
def list_flags(context: Here) -> FlagList:
    """List the flags: running ones first, then the newest."""
    return views.list_flags(context.engine)


@router.get("/flags/{slug}", responses=declare_errors(404), dependencies=[needs(Disclosure.SHOP)])
def show_flag(context: Here, slug: FlagPath) -> FlagView:
    """Show a flag: its arms, its state, since when its figures count."""
    return views.show_flag(context.engine, slug)


@router.put("/flags/{slug}", responses=declare_errors(413), dependencies=[needs(Action.SAVE_FLAG)])
def save_flag(context: Here, actor: By, slug: FlagPath, order: Order) -> FlagView:
    """Save a flag as a draft, change a draft, or the shares of a flag that runs: that moves only who must, and its
    figures count anew. Repeating it changes nothing."""
    return lifecycle.save_flag(context.engine, actor, slug, order, context.business_now(), context.real_now())


@router.put(
    "/flags/{slug}/state",
    responses=declare_errors(404, 413),
    dependencies=[needs(Action.START_FLAG, Action.STOP_FLAG)],
)
def set_flag_state(context: Here, actor: By, slug: FlagPath, order: StateOrder) -> FlagView:
    """Start a flag (`running`): pages follow within a second; or stop it (`stopped`) for good. Repeating it changes
    nothing."""
    now, real_now = context.business_now(), context.real_now()
    if order.state == "running":
        return lifecycle.start_flag(context.engine, actor, context.settings, slug, now, real_now)
    return lifecycle.stop_flag(context.engine, actor, slug, now, real_now)


@router.get("/flags/{slug}/result", responses=declare_errors(404), dependencies=[needs(Disclosure.SHOP)])
def read_flag(context: Here, slug: FlagPath, within_days: WithinDays = 7.0, narrowest_at: Planned = None) -> FlagResult:
    """Read what a flag showed: each arm's figures, each beside the control, and whether the arms can be compared."""
    within = timedelta(days=within_days)
    return result.read_flag(context.engine, slug, context.business_now(), within, narrowest_at)


@router.get("/clients/{client_id}/experiments", responses=declare_errors(404), dependencies=[needs(Disclosure.SHOP)])
def list_client_arms(context: Here, client_id: ClientPath) -> AssignmentList:
    """List in which arms a client is, and was when a test was stopped."""
    return views.list_client_arms(context.engine, client_id)
