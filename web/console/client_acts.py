"""`/clients/<id>/acts/<act>`: pause, resume, set wishes, request a Fix. Each form says what follows."""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_hex
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from domain.permissions import Action
from errors import BadInput, ErasedClient, NotFound, Unavailable
from ingest.faults import parse_model
from models.base import ID_PATTERN, ClientId
from models.clients import Client, ClientPolicy
from models.fix_views import FixRequestBody
from models.lifecycle import Command
from models.states import Overdue, Topic
from services.clients import lookup
from services.clients.steering import steer_client
from services.fixes.requests import request_fix
from web.auth.rules import needs
from web.console.acting import PostedForm, build_form_token, receive_form
from web.console.fields import explain_refusal, pick_filled, read_day, read_number, read_text, read_words
from web.context import Here, WebContext
from web.templating import render_page
from workflows import fix_handles

router: Final = APIRouter(include_in_schema=False)

ClientPath = Annotated[ClientId, Path(pattern=ID_PATTERN)]
ACTS: Final[Mapping[str, tuple[str, Action]]] = {
    "pause": ("Pause mail", Action.PAUSE_CLIENT),
    "resume": ("Resume mail", Action.RESUME_CLIENT),
    "wishes": ("Wishes about mail", Action.SET_CLIENT_POLICY),
    "fix": ("Request a Fix", Action.REQUEST_FIX),
}

RULE: Final = needs(*(action for _, action in ACTS.values()))
"""Whoever may do one of them; the service asks about each."""


@router.get("/clients/{client_id}/acts/{act}", dependencies=[RULE])
def show_act(request: Request, context: Here, client_id: ClientPath, act: str) -> Response:
    """Show the form of one act."""
    _require_known(act)
    return _render(request, _load(context, client_id), act, {})


@router.post("/clients/{client_id}/acts/{act}", dependencies=[RULE])
async def do_act(request: Request, context: Here, client_id: ClientPath, act: str) -> Response:
    """Carry out one act and lead back to the client; a refusal comes back to the form."""
    _require_known(act)
    form = await receive_form(request, act, client_id)
    client = await run_in_threadpool(_load, context, client_id)
    try:
        if act == "fix":
            return await _request_fix(context, client_id, form)
        await run_in_threadpool(_steer, context, client_id, act, form)
    except (NotFound, ErasedClient):
        raise
    except (BadInput, Unavailable) as refused:
        return await run_in_threadpool(_render, request, client, act, form.fields, refused)
    return RedirectResponse(f"/clients/{client_id}?done={act}", status_code=303)


def _require_known(act: str) -> None:
    if act not in ACTS:
        raise NotFound("There is nothing at this address.")


def _load(context: WebContext, client_id: ClientId) -> Client:
    return lookup.load_client(context.engine, context.settings.keys.signing, client_id)


def _steer(context: WebContext, client_id: ClientId, act: str, form: PostedForm) -> None:
    values = {"pause": _read_pause, "resume": _read_resume, "wishes": _read_wishes}[act](context, form)
    command = parse_model(Command, values | {"at": context.real_now()})
    steer_client(context.engine, form.actor, context.settings.keys.signing, client_id, command)


def _read_pause(context: WebContext, form: PostedForm) -> dict[str, Any]:
    reason = read_text(form.fields, "reason")
    if not reason:
        raise BadInput("say in a few words why", "reason")
    return {"kind": "pause", "reason": reason, "until": read_day(form.fields, "until", context.business_now())}


def _read_resume(context: WebContext, form: PostedForm) -> dict[str, Any]:
    return {"kind": "resume", "overdue": form.fields.get("overdue", Overdue.REPLAN)}


def _read_wishes(context: WebContext, form: PostedForm) -> dict[str, Any]:
    fields = form.fields
    topics = [topic for topic in Topic if f"topic.{topic}" in fields]
    wishes = {
        "max_mails_per_week": read_number(fields, "max_mails_per_week"),
        "preferred_hour": read_number(fields, "preferred_hour"),
        "not_before": read_day(fields, "not_before", context.business_now()),
        "topics": None if len(topics) == len(Topic) else topics,
    }
    return {"kind": "adjust", "policy": parse_model(ClientPolicy, wishes)}


async def _request_fix(context: WebContext, client_id: ClientId, form: PostedForm) -> Response:
    """Save the request, then have its workflow start; sent again with the same key it is the same request."""
    fix_id = await run_in_threadpool(_save_request, context, client_id, form)
    await fix_handles.request_fix(await context.temporal(), client_id, fix_id)
    return RedirectResponse(f"/fixes/{fix_id}", status_code=303)


def _save_request(context: WebContext, client_id: ClientId, form: PostedForm) -> str:
    fields = form.fields
    wish = {
        "slots": read_number(fields, "slots"),
        "budget": read_text(fields, "budget"),
        "must_have": read_words(fields, "must_have"),
        "exclude_colours": read_words(fields, "exclude_colours"),
        "note": fields.get("note", "").strip(),
        "when": fields.get("when", ""),
        "request_key": fields.get("request_key", ""),
    }
    body = parse_model(FixRequestBody, pick_filled(wish))
    now, real_now = context.business_now(), context.real_now()
    return request_fix(context.engine, form.actor, context.settings, client_id, body, now, real_now)


def _render(
    request: Request, client: Client, act: str, fields: Mapping[str, str], refused: BadInput | Unavailable | None = None
) -> Response:
    title, action = ACTS[act]
    return render_page(
        request,
        "client_act.html",
        422 if refused else 200,
        client=client,
        act=act,
        title=title,
        action=action,
        topics=list(Topic),
        fields=fields,
        wrong=getattr(refused, "field", "") or "",
        reason=getattr(refused, "reason", str(refused or "")),
        refusal=explain_refusal(refused) if isinstance(refused, BadInput) else str(refused or ""),
        request_key=fields.get("request_key") or token_hex(12),
        token=build_form_token(request, act, client.client_id),
    )
