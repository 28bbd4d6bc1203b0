"""`/campaigns/<slug>/acts/<act>` and `/campaigns/<slug>/people`: pause, resume, adjust, end; who is in it and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from domain.permissions import Action, Disclosure
from errors import BadInput, NotFound
from ingest.faults import parse_model
from models.base import ID_PATTERN, CampaignSlug
from models.campaign import CampaignChange, CampaignCommand
from models.campaign_definition import CampaignAdjustment
from models.journey_steps import JourneyStep
from models.states import EnrolmentState
from services.campaigns.people import list_people
from services.campaigns.rewording import reword_step
from services.campaigns.steering import steer_campaign
from store.campaigns.campaigns import CampaignRow, find_campaign
from store.campaigns.versions import load_version
from store.clients.lists import list_summaries
from store.database import read_transaction
from web.auth.rules import needs
from web.console.acting import PostedForm, build_form_token, receive_form
from web.console.fields import pick_filled, read_number, read_text
from web.context import Here, WebContext
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)

SlugPath = Annotated[CampaignSlug, Path(pattern=ID_PATTERN)]
ACTS: Final[Mapping[str, tuple[str, Action]]] = {
    "pause": ("Pause", Action.PAUSE_CAMPAIGN),
    "resume": ("Resume", Action.RESUME_CAMPAIGN),
    "adjust": ("Adjust", Action.ADJUST_CAMPAIGN),
    "end": ("End", Action.END_CAMPAIGN),
}
RULE: Final = needs(*(action for _, action in ACTS.values()))
"""Whoever may do one of them; the service asks about each."""


@router.get("/campaigns/{slug}/people", dependencies=[needs(Disclosure.SHOP)])
def show_people(
    request: Request,
    context: Here,
    slug: SlugPath,
    state: Annotated[str, Query(max_length=20)] = "",
    after: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """List the clients of a campaign: where each stands, why, and until when."""
    row = _load(context, slug)
    known = EnrolmentState(state) if state in set(EnrolmentState) else None
    found = list_people(context.engine, slug, context.business_now(), known, "", after, 100)
    with read_transaction(context.engine) as connection:
        summaries = list_summaries(connection, [one.client_id for one in found.people])
    names = {one.client_id: one.first_name for one in summaries}
    return render_page(request, "campaign_people.html", campaign=row, found=found, state=known or "", names=names)


@router.get("/campaigns/{slug}/acts/{act}", dependencies=[RULE])
def show_act(request: Request, context: Here, slug: SlugPath, act: str) -> Response:
    """Show the form of one act."""
    return _render(request, context, _load(context, slug), _require_known(act), {})


@router.post("/campaigns/{slug}/acts/{act}", dependencies=[RULE])
async def do_act(request: Request, context: Here, slug: SlugPath, act: str) -> Response:
    """Carry out one act and lead back to the campaign; a refusal comes back to the form."""
    form = await receive_form(request, f"campaign-{_require_known(act)}", slug)
    row = await run_in_threadpool(_load, context, slug)
    try:
        said = await run_in_threadpool(_steer, context, row, act, form)
    except BadInput as refused:
        return await run_in_threadpool(_render, request, context, row, act, form.fields, refused)
    return RedirectResponse(f"/campaigns/{slug}?{urlencode({'done': act, 'said': said})}", status_code=303)


def _require_known(act: str) -> str:
    if act not in ACTS:
        raise NotFound("There is nothing at this address.")
    return act


def _load(context: WebContext, slug: CampaignSlug) -> CampaignRow:
    with read_transaction(context.engine) as connection:
        row = find_campaign(connection, slug)
    if row is None:
        raise NotFound(f"no campaign {slug}", "slug")
    return row


def _steer(context: WebContext, row: CampaignRow, act: str, form: PostedForm) -> str:
    if act == "adjust" and form.fields.get("step"):
        return _reword(context, row, form)
    command = parse_model(CampaignCommand, {"kind": act, **_read(act, row, form.fields)})
    now, real_now = context.business_now(), context.real_now()
    return " ".join(steer_campaign(context.engine, form.actor, row.slug, command, now, real_now).said)[:400]


def _reword(context: WebContext, row: CampaignRow, form: PostedForm) -> str:
    """Say one mail of a campaign of several steps differently."""
    values = {name: form.fields.get(name, "").strip() for name in ("step", "message", "voice")}
    order = parse_model(CampaignAdjustment, values)
    now, real_now = context.business_now(), context.real_now()
    return " ".join(reword_step(context.engine, form.actor, row.slug, order, now, real_now).said)[:400]


def _read(act: str, row: CampaignRow, fields: Mapping[str, str]) -> dict[str, Any]:
    match act:
        case "pause":
            if not read_text(fields, "reason"):
                raise BadInput("say in a few words why", "reason")
            return {"reason": read_text(fields, "reason")}
        case "resume":
            return {"overdue": fields.get("overdue", "replan")}
        case "end":
            if read_text(fields, "confirm") != row.slug:
                raise BadInput(f"type {row.slug} to end it; nothing was changed", "confirm")
            return {}
    numbers = {name: read_number(fields, name) for name in ("throughput_per_minute", "priority")}
    words = {name: fields.get(name, "").strip() for name in ("message", "voice", "review")}
    change = {name: value for name, value in pick_filled(numbers | words).items() if value != getattr(row.spec, name)}
    return {"change": parse_model(CampaignChange, change).model_dump(mode="json", exclude_none=True)}


def _list_mails(context: WebContext, row: CampaignRow) -> list[JourneyStep]:
    """List the steps of the running version that are mails; none of a campaign of one mail."""
    if row.running_version is None:
        return []
    with read_transaction(context.engine) as connection:
        version = load_version(connection, row.slug, row.running_version)
    return [step for step in version.definition.steps if step.mail is not None]


def _render(
    request: Request,
    context: WebContext,
    row: CampaignRow,
    act: str,
    fields: Mapping[str, str],
    refused: BadInput | None = None,
) -> Response:
    title, action = ACTS[act]
    names = ("message", "voice", "review", "throughput_per_minute", "priority")
    stored = {name: str(getattr(row.spec, name)) for name in names}
    return render_page(
        request,
        "campaign_act.html",
        422 if refused else 200,
        campaign=row,
        act=act,
        title=title,
        action=action,
        mails=_list_mails(context, row) if act == "adjust" else [],
        fields=stored | dict(fields),
        wrong=(refused.field or "") if refused else "",
        reason=refused.reason if refused else "",
        token=build_form_token(request, f"campaign-{act}", row.slug),
    )
