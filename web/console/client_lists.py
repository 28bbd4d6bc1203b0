"""`POST /clients` and `/clients.csv`: acts on marked clients of the list, and the list as a file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from domain.campaign_life import UNDER_WAY
from domain.permissions import Action
from errors import BadInput
from ingest.faults import parse_model
from models.base import ClientId
from models.campaign_people import EnrolResult
from models.lifecycle import Command
from services.campaigns.choosing import enrol_chosen, undo_enrolment
from services.clients.bulk import BulkResult, export_list, steer_clients, tag_clients, undo_pause, undo_tag
from services.clients.selection import ClientSelection, list_selected
from store.campaigns.campaigns import list_campaigns
from store.database import read_transaction
from web.auth.rules import needs
from web.console.acting import PostedForm, build_form_token, receive_form
from web.console.fields import read_text
from web.console.names import name_clients
from web.context import Here, WebContext, get_context
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)

PAGE: Final = "/clients"
ACTS: Final[Mapping[str, tuple[str, Action]]] = {
    "pause": ("Pause mail", Action.PAUSE_CLIENT),
    "resume": ("Resume mail", Action.RESUME_CLIENT),
    "tag": ("Tag", Action.TAG_CLIENT),
    "enrol": ("Enrol in a campaign", Action.ENROL_CLIENT),
}

SHOWN: Final = 20
"""How many of the marked clients are named before an act."""
EXAMPLES: Final = 10
"""How many are named of those who were left as they were, by reason."""
UNDONE_BY: Final[Mapping[str, Action]] = {
    "pause": Action.RESUME_CLIENT,
    "tag": Action.TAG_CLIENT,
    "enrol": Action.ENROL_CLIENT,
}
"""What somebody must be allowed to do to undo an act."""


@router.post(PAGE, dependencies=[needs(*(action for _, action in ACTS.values()), Action.EXPORT_LIST)])
async def act_on_list(request: Request, context: Here) -> Response:
    """Ask before an act on the marked clients, carry it out once it is confirmed, or send them as a file."""
    form = await receive_form(request, "list")
    chosen, act = _read_selection(form.fields), form.fields.get("act", "")
    if act == "undo":
        return await run_in_threadpool(_undo, request, context, form, chosen)
    if act == "csv":
        return await run_in_threadpool(_export, context, form, chosen)
    ids, at = list[ClientId](), context.real_now()
    try:
        if act not in ACTS:
            raise BadInput("choose what to do with them", "act")
        ids = await run_in_threadpool(list_selected, context.engine, chosen, context.business_now())
        result = await run_in_threadpool(_act, context, form, act, ids, at) if "sure" in form.fields else None
    except BadInput as refused:
        shown = act if act in ACTS else "pause"
        return await run_in_threadpool(_render, request, form.fields, chosen, shown, ids, None, refused)
    return await run_in_threadpool(_render, request, form.fields, chosen, act, ids, result, done_at=at)


def _undo(request: Request, context: WebContext, form: PostedForm, chosen: ClientSelection) -> Response:
    """Undo what was done at one moment, for those whom it changed."""
    of, real_now = form.fields.get("of", ""), context.real_now()
    try:
        at = _read_moment(form.fields.get("done_at", ""))
        if of == "pause":
            result = undo_pause(context.engine, form.actor, context.settings.keys.signing, at, real_now)
        elif of == "tag":
            now, tag = context.business_now(), read_text(form.fields, "tag")
            result = undo_tag(context.engine, form.actor, tag, at, now, real_now)
        elif of == "enrol":
            now, slug = context.business_now(), read_text(form.fields, "campaign")
            result = _tell(undo_enrolment(context.engine, form.actor, slug, at, now, real_now))
        else:
            raise BadInput("a pause, a tag or an enrolment can be undone", "act")
    except BadInput as refused:
        return _render(request, form.fields, chosen, "pause", (), None, refused)
    return _render(request, form.fields, chosen, of, (), result)


def _read_moment(text: str) -> datetime:
    """Read the real moment of an act. Raises BadInput."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise BadInput("this cannot be undone any more", "act") from None


def _act(context: WebContext, form: PostedForm, act: str, ids: list[str], real_now: datetime) -> BulkResult:
    if act == "tag":
        return tag_clients(
            context.engine, form.actor, ids, form.fields.get("tag", ""), context.business_now(), real_now
        )
    if act == "enrol":
        return _enrol(context, form, ids, real_now)
    reason = read_text(form.fields, "reason")
    if act == "pause" and not reason:
        raise BadInput("say in a few words why", "reason")
    values: dict[str, Any] = {"kind": act, "reason": reason, "at": real_now}
    if act == "resume":
        values |= {"overdue": form.fields.get("overdue", "replan"), "reason": ""}
    command = parse_model(Command, values)
    return steer_clients(context.engine, form.actor, context.settings.keys.signing, ids, command)


def _enrol(context: WebContext, form: PostedForm, ids: list[str], real_now: datetime) -> BulkResult:
    slug, key = read_text(form.fields, "campaign"), context.settings.keys.signing
    if not slug:
        raise BadInput("must be chosen", "campaign")
    return _tell(enrol_chosen(context.engine, form.actor, key, slug, ids, context.business_now(), real_now))


def _tell(result: EnrolResult) -> BulkResult:
    return BulkResult(result.enrolled, result.held_out, result.refused)


def _group(left: Mapping[ClientId, str]) -> list[tuple[str, list[ClientId]]]:
    """Group who was left by the reason, the most frequent first."""
    grouped: dict[str, list[ClientId]] = {}
    for client_id, why in left.items():
        grouped.setdefault(why, []).append(client_id)
    return sorted(grouped.items(), key=lambda pair: -len(pair[1]))


def _list_campaigns(context: WebContext) -> list[tuple[str, str]]:
    """List the campaigns that somebody may enter, with their names."""
    with read_transaction(context.engine) as connection:
        return [(row.slug, row.spec.name) for row in list_campaigns(connection) if row.state in UNDER_WAY]


def _export(context: WebContext, form: PostedForm, chosen: ClientSelection) -> Response:
    every = chosen if chosen.ids else ClientSelection((), True, chosen.text, chosen.phase, chosen.segment)
    lines = export_list(context.engine, form.actor, every, context.business_now(), context.real_now())
    headers = {"Content-Disposition": 'attachment; filename="clients.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


def _read_selection(fields: Mapping[str, str]) -> ClientSelection:
    picked = tuple(name.removeprefix("pick.") for name in fields if name.startswith("pick."))
    text, phase, segment = (fields.get(name, "").strip() for name in ("q", "phase", "segment"))
    return ClientSelection(picked, "everyone" in fields, text, phase, segment)


def _render(
    request: Request,
    fields: Mapping[str, str],
    chosen: ClientSelection,
    act: str,
    ids: list[str] | tuple[str, ...],
    result: BulkResult | None = None,
    refused: BadInput | None = None,
    done_at: datetime | None = None,
) -> Response:
    title, action = ACTS[act]
    reasons, engine = _group(result.left) if result else [], get_context(request).engine
    shown = [*ids[:SHOWN], *(one for _, left in reasons for one in left[:EXAMPLES])]
    search = {"q": chosen.text, "phase": chosen.phase, "segment": chosen.segment}
    back = urlencode({name: value for name, value in search.items() if value})
    return render_page(
        request,
        "client_bulk.html",
        422 if refused else 200,
        chosen=chosen,
        act=act,
        title=title,
        action=action,
        ids=ids,
        result=result,
        done_at=done_at,
        reasons=reasons,
        names=name_clients(engine, shown),
        shown=SHOWN,
        examples=EXAMPLES,
        campaigns=_list_campaigns(get_context(request)) if act == "enrol" else [],
        fields=fields,
        wrong=(refused.field or "") if refused else "",
        reason=refused.reason if refused else "",
        back=f"{PAGE}?{back}" if back else PAGE,
        undone_by=UNDONE_BY,
        token=build_form_token(request, "list"),
    )
