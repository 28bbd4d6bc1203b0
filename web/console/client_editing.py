"""`/new-client` and `/clients/<id>/edit`: create a client and change what the shop says of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from domain.permissions import Action
from errors import BadInput, ErasedClient, NotFound
from ingest.faults import parse_model
from models.base import ID_PATTERN, ClientId
from models.clients import Client, ClientRow
from services.clients import lookup
from services.clients.registration import list_time_zones, save_client
from web.auth.rules import needs
from web.console.acting import PostedForm, build_form_token, receive_form
from web.console.fields import read_text, read_words
from web.context import Here, WebContext
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)

ClientPath = Annotated[ClientId, Path(pattern=ID_PATTERN)]
NEW: Final = "/new-client"
PLAIN: Final = ("email", "first_name", "time_zone", "locale")


@router.get(NEW, dependencies=[needs(Action.SAVE_CLIENT)])
def show_new(request: Request) -> Response:
    """Ask for a new client."""
    return _render(request, None, {"locale": "en", "consent_source": "console"})


@router.post(NEW, dependencies=[needs(Action.SAVE_CLIENT)])
async def create(request: Request, context: Here) -> Response:
    """Save a new client and lead to their page."""
    form = await receive_form(request, "new")
    client_id = read_text(form.fields, "client_id")
    try:
        await run_in_threadpool(_create, context, client_id, form)
    except BadInput as refused:
        return _render(request, None, form.fields, refused)
    return RedirectResponse(f"/clients/{client_id}?done=new", status_code=303)


@router.get("/clients/{client_id}/edit", dependencies=[needs(Action.SAVE_CLIENT)])
def show_edit(request: Request, context: Here, client_id: ClientPath) -> Response:
    """Show what may be changed of a client."""
    client = _load(context, client_id)
    return _render(request, client, _fill(client))


@router.post("/clients/{client_id}/edit", dependencies=[needs(Action.SAVE_CLIENT)])
async def edit(request: Request, context: Here, client_id: ClientPath) -> Response:
    """Save what was changed of a client and lead back to their page."""
    form = await receive_form(request, "edit", client_id)
    client = await run_in_threadpool(_load, context, client_id)
    try:
        await run_in_threadpool(_save, context, client_id, form, _fill(client))
    except BadInput as refused:
        return _render(request, client, form.fields, refused)
    return RedirectResponse(f"/clients/{client_id}?done=edit", status_code=303)


def _load(context: WebContext, client_id: ClientId) -> Client:
    return lookup.load_client(context.engine, context.settings.keys.signing, client_id)


def _create(context: WebContext, client_id: ClientId, form: PostedForm) -> None:
    parse_model(ClientRow, {"client_id": client_id, "email": "nobody@example.com"})
    try:
        _load(context, client_id)
    except ErasedClient:
        raise
    except NotFound:
        _save(context, client_id, form, {})
    else:
        raise BadInput("another client has this id; open their page to change them", "client_id")


def _save(context: WebContext, client_id: ClientId, form: PostedForm, before: Mapping[str, str]) -> None:
    """Save the fields that differ from `before`, so that what nobody touched keeps what others wrote meanwhile."""
    fields = form.fields
    values: dict[str, Any] = {"client_id": client_id, "email": read_text(fields, "email")}
    values |= {name: text for name in PLAIN if (text := read_text(fields, name)) != before.get(name, "")}
    values |= {
        name: read_words(fields, name) for name in ("sizes", "tags") if fields.get(name, "") != before.get(name, "")
    }
    if ("consent" in fields) != bool(before.get("consent")):
        values["consent"] = "consent" in fields
        values["consent_source"] = read_text(fields, "consent_source") or "console"
    row = parse_model(ClientRow, values)
    save_client(context.engine, form.actor, row, context.policy, context.business_now(), context.real_now())


def _fill(client: Client) -> dict[str, str]:
    """Fill the form with what is stored."""
    return {
        "email": client.email,
        "first_name": client.first_name,
        "time_zone": "" if client.time_zone_assumed else client.time_zone,
        "locale": client.locale,
        "sizes": ", ".join(client.sizes),
        "tags": ", ".join(client.tags),
        **({"consent": "on"} if client.consent else {}),
    }


def _render(
    request: Request, client: Client | None, fields: Mapping[str, str], refused: BadInput | None = None
) -> Response:
    shown = ("edit", client.client_id) if client else ("new",)
    return render_page(
        request,
        "client_edit.html",
        422 if refused else 200,
        client=client,
        fields=fields,
        zones=sorted(zone for zone in list_time_zones() if "/" in zone),
        wrong=getattr(refused, "field", "") or "",
        reason=refused.reason if refused else "",
        token=build_form_token(request, *shown),
    )
