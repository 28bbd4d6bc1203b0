"""`/new-campaign` and `/campaigns/<slug>/build`: build a campaign of several steps without writing a file.

The page edits a definition; what is wrong with it is what `selvedge campaign validate` says, each fault at its field.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Final, get_args

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from domain.permissions import Action
from errors import BadInput
from ingest.definitions import list_faults
from models.actors import Actor
from models.base import ID_PATTERN, CampaignSlug
from models.campaign import Audience, CampaignSpec
from models.campaign_definition import CampaignDefinition
from models.journey_steps import ACTIONS, EventType
from models.mail import Autonomy
from models.phase_entry import PHASE_KINDS, SEQUENCE_ACTIONS
from models.states import Arm, Phase, TouchKind
from services.campaigns.cloning import load_likeness
from services.campaigns.creation import preview_campaign
from services.campaigns.definitions import save_draft
from services.campaigns.version_reviews import dump_definition, load_review
from services.segments.saved import list_segments
from web.auth.rules import needs
from web.console.acting import build_form_token, receive_form
from web.console.definition_forms import (
    FIRST,
    Values,
    change_steps,
    dump_values,
    fill_fields,
    place_faults,
    read_values,
)
from web.context import Here, WebContext
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)

NEW: Final = "/new-campaign"
RULE: Final = needs(Action.CREATE_CAMPAIGN)
SlugPath = Annotated[CampaignSlug, Path(pattern=ID_PATTERN)]


@router.get(NEW, dependencies=[RULE])
def show_new(request: Request, context: Here, like: Annotated[str, Query(pattern=f"{ID_PATTERN}|^$")] = "") -> Response:
    """Begin a campaign, as a clone of another where one is named."""
    values = FIRST if not like else dump_values(load_likeness(context.engine, like)) | {"slug": ""}
    return _render(request, context, None, values, {})


@router.post(NEW, dependencies=[RULE])
async def build_new(request: Request, context: Here) -> Response:
    """Change the steps of a campaign that is not saved yet, look at it again, or save it as a draft."""
    form = await receive_form(request, "build")
    return await run_in_threadpool(_build, request, context, None, form.actor, form.fields)


@router.get("/campaigns/{slug}/build", dependencies=[RULE])
def show_build(request: Request, context: Here, slug: SlugPath) -> Response:
    """Change a campaign, beginning with its newest version."""
    definition = load_review(context.engine, slug).row.definition
    return _render(request, context, slug, dump_values(definition), {})


@router.post("/campaigns/{slug}/build", dependencies=[RULE])
async def build(request: Request, context: Here, slug: SlugPath) -> Response:
    """Change the steps, look at it again, or save the next version as a draft."""
    form = await receive_form(request, "build", slug)
    return await run_in_threadpool(_build, request, context, slug, form.actor, form.fields)


def _build(
    request: Request, context: WebContext, slug: CampaignSlug | None, actor: Actor, fields: Mapping[str, str]
) -> Response:
    act = fields.get("act", "look")
    values = change_steps(read_values(fields), act)
    if slug is not None:
        values["slug"] = slug
    faults = place_faults(list_faults(values))
    if act == "save" and not faults:
        try:
            saved = _save(context, actor, values, is_new=slug is None)
        except BadInput as refused:
            faults = place_faults([str(refused)])
        else:
            return RedirectResponse(f"/campaigns/{saved}/versions?done=saved", status_code=303)
    shown = faults if act in ("save", "look") else {}  # whoever adds a step has not filled it in yet
    return _render(request, context, slug, values, shown, 422 if act == "save" else 200)


def _save(context: WebContext, actor: Actor, values: Values, *, is_new: bool) -> CampaignSlug:
    definition = CampaignDefinition.model_validate(values)
    if is_new:
        _require_free(context, definition.slug)
    now, real_now = context.business_now(), context.real_now()
    return save_draft(context.engine, actor, definition, context.settings, now, real_now).slug


def _require_free(context: WebContext, slug: CampaignSlug) -> None:
    try:
        load_review(context.engine, slug)
    except BadInput:
        return
    raise BadInput("a campaign has this short name; open its page to change it, or choose another", "slug")


def _render(
    request: Request,
    context: WebContext,
    slug: CampaignSlug | None,
    values: Values,
    faults: Mapping[str, str],
    status: int = 200,
) -> Response:
    reach, unread = _count(context, values)
    shown = ("build", slug) if slug else ("build",)
    return render_page(
        request,
        "campaign_build.html",
        status,
        slug=slug,
        fields=fill_fields(values),
        steps=[(index, step, _find_action(step)) for index, step in enumerate(values.get("steps", ()))],
        faults=faults,
        others={path: said for path, said in faults.items() if not path},
        reach=reach,
        unread=unread,
        yaml=_dump(values),
        events=get_args(EventType),
        phases=[phase for phase in Phase if phase is not Phase.ERASED],
        segments=list_segments(context.engine).segments,
        sequence_phases=list(PHASE_KINDS),
        kinds=_list_kinds(values),
        autonomies=list(Autonomy),
        actions=ACTIONS,
        sequence_actions=SEQUENCE_ACTIONS,
        token=build_form_token(request, *shown),
    )


def _list_kinds(values: Values) -> list[TouchKind]:
    """List the kinds that its mails may be of: a sequence sends those of its phase."""
    entry = values.get("entry", {})
    phase = entry.get("phase") if entry.get("on") == "phase" else None
    return list(PHASE_KINDS[Phase(phase)] if phase in {str(one) for one in PHASE_KINDS} else TouchKind)


def _find_action(step: Mapping[str, Any]) -> str:
    return next((action for action in ACTIONS if action in step), "stop")


def _count(context: WebContext, values: Values) -> tuple[Counter[Arm] | None, str]:
    """Count whom it would reach now; the second value says why nobody can."""
    try:
        audience = Audience.model_validate(values.get("audience", {}))
        if values.get("entry", {}).get("on") == "phase":
            audience = Audience.model_validate({"phases": [values["entry"].get("phase")]})
        share = values.get("holdout", 0.0 if values.get("entry", {}).get("on") == "phase" else 0.1)
        spec = CampaignSpec(slug="preview", name="preview", audience=audience, control_share=share)
        return preview_campaign(context.engine, spec, context.business_now()), ""
    except ValidationError:
        return None, ""
    except BadInput as wrong:
        return None, wrong.reason


def _dump(values: Values) -> str:
    """Dump the definition as a file; empty while it has faults."""
    try:
        return dump_definition(CampaignDefinition.model_validate(values))
    except ValidationError:
        return ""
