"""`/flags/<slug>`: a test of what pages show, with what it showed; started, stopped, its shares changed. The list of
them stands on `/algorithms`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from domain.permissions import Action, Disclosure
from errors import BadInput
from ingest.faults import parse_model
from ingest.flag_files import parse_flag
from models.actors import Actor
from models.base import ID_PATTERN
from models.flag_results import ArmComparison, FlagResult
from models.flags import FlagEffect, FlagOrder, FlagState, FlagView
from services.experiments.sayings import FIGURES, SHARES
from services.flags import lifecycle, views
from services.flags.result import read_flag
from web.auth.rules import needs
from web.console.acting import build_form_token, receive_form
from web.console.fields import explain_refusal, read_text
from web.context import Here, WebContext
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)
LIST: Final = "/algorithms#flags"
SlugPath = Annotated[str, Path(pattern=ID_PATTERN)]
ORDER: Final = set(FlagOrder.model_fields)


@router.post("/flags", dependencies=[needs(Action.SAVE_FLAG)])
async def save(request: Request, context: Here) -> Response:
    """Save a flag as a draft from what was typed, and show it; a fault is shown beside what was typed."""
    form = await receive_form(request)
    slug, text = read_text(form.fields, "slug"), form.fields.get("flag", "")
    now, real_now = context.business_now(), context.real_now()
    try:
        order = parse_flag(text)
        await run_in_threadpool(lifecycle.save_flag, context.engine, form.actor, slug, order, now, real_now)
    except BadInput as wrong:
        return render_page(request, "flag_draft.html", 422, slug=slug, text=text, wrong=explain_refusal(wrong))
    return RedirectResponse(f"/flags/{slug}", status_code=303)


@router.get("/flags/{slug}", dependencies=[needs(Disclosure.SHOP)])
def show_flag(request: Request, context: Here, slug: SlugPath) -> Response:
    """Show one flag, and what it showed so far."""
    return _render(request, context, slug)


@router.post("/flags/{slug}", dependencies=[needs(Action.SAVE_FLAG, Action.START_FLAG, Action.STOP_FLAG)])
async def act(request: Request, context: Here, slug: SlugPath) -> Response:
    """Start or stop a flag, or change its shares; the service asks who may."""
    form = await receive_form(request, "flag", slug)
    try:
        await run_in_threadpool(_act, context, form.actor, slug, form.fields)
    except BadInput as wrong:
        return await run_in_threadpool(_render, request, context, slug, explain_refusal(wrong))
    return RedirectResponse(f"/flags/{slug}", status_code=303)


def _act(context: WebContext, actor: Actor, slug: str, fields: Mapping[str, str]) -> FlagView:
    now, real_now = context.business_now(), context.real_now()
    match fields.get("act"):
        case "start":
            return lifecycle.start_flag(context.engine, actor, context.settings, slug, now, real_now)
        case "stop":
            return lifecycle.stop_flag(context.engine, actor, slug, now, real_now)
        case "shares":
            order = _read_shares(views.show_flag(context.engine, slug), fields)
            return lifecycle.save_flag(context.engine, actor, slug, order, now, real_now)
    raise BadInput("give one of start, stop, shares", "act")


def _read_shares(flag: FlagView, fields: Mapping[str, str]) -> FlagOrder:
    """Read the shares in percent of a form; the rest of the flag stays."""
    values = flag.model_dump(mode="json", include=ORDER)
    values["share"] = _read_percent(fields, "share")
    for index, arm in enumerate(values["arms"]):
        arm["share"] = _read_percent(fields, f"arm{index}")
    return parse_model(FlagOrder, values)


def _read_percent(fields: Mapping[str, str], name: str) -> float:
    try:
        return round(float(read_text(fields, name)) / 100, 6)
    except ValueError:
        raise BadInput("give shares in percent, such as 12.5", "share") from None


def _render(request: Request, context: WebContext, slug: str, wrong: str = "") -> Response:
    flag = views.show_flag(context.engine, slug)
    result = None
    if flag.state is not FlagState.DRAFT and flag.started_at is not None:
        result = read_flag(context.engine, slug, context.business_now())
    return render_page(
        request,
        "flag.html",
        422 if wrong else 200,
        flag=flag,
        effects={arm.name: FlagEffect.model_validate(arm.effect) for arm in flag.arms},
        result=result,
        comparisons=_group(result) if result else {},
        figures=FIGURES,
        shares=SHARES,
        wrong=wrong,
        token=build_form_token(request, "flag", slug),
    )


def _group(result: FlagResult) -> dict[str, list[ArmComparison]]:
    """Group the comparisons by arm."""
    return {arm.arm: [one for one in result.comparisons if one.arm == arm.arm] for arm in result.arms}
