"""`PUT` and `GET /v1/clients/<id>`: saves and returns a client, and returns their profile."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError

from errors import BadInput, ErasedClient, NotFound
from ingest.faults import find_fault
from ingest.kinds import parse_client
from models.clients import Client, ClientRow
from services.clients.registration import save_client
from store.clients import clients
from store.clients.profiles import load_profile
from store.database import read_transaction
from store.mail.policy import ShopPolicy
from store.mail.suppressions import ERASED, find_erased
from web import actors
from web.api.requests import parse_json, read_body, require_api_key, respond_json
from web.context import WebContext, get_context

LARGEST_CLIENT: Final = 100_000  # bytes

router: Final = APIRouter(prefix="/v1", dependencies=[Depends(require_api_key)])


@router.put("/clients/{client_id}")
async def put_client(request: Request, client_id: str) -> Response:
    """Create or change a client; fields left out keep their values. 201 when it is new; its workflow then starts.

    Consent withdrawn by an event is not restored here: `notes` then contains `withdrawal_kept`.
    """
    body = await read_body(request, LARGEST_CLIENT)
    client, new = await run_in_threadpool(_save_client, get_context(request), client_id, body)
    return respond_json(client, 201 if new else 200)


def _save_client(context: WebContext, client_id: str, body: bytes) -> tuple[dict[str, Any], bool]:
    row = _parse_client(client_id, parse_json(body))
    now, real_now = context.business_now(), context.real_now()
    policy = ShopPolicy.from_settings(context.settings)
    saved = save_client(context.engine, actors.API, row, policy, now, real_now)
    return _render_client(saved.client) | {"notes": sorted(saved.notes)}, saved.new


def _parse_client(client_id: str, body: Any) -> ClientRow:
    if not isinstance(body, dict):
        raise BadInput("must be a JSON object", "body")
    if body.get("client_id", client_id) != client_id:
        raise BadInput("is another one than the address names", "client_id")
    try:
        return parse_client(
            {name: value for name, value in body.items() if value is not None} | {"client_id": client_id}
        )
    except ValidationError as wrong:
        first = find_fault(wrong)
        raise BadInput(first.reason, first.field) from None


@router.get("/clients/{client_id}")
async def get_client(request: Request, client_id: str) -> Response:
    """Return the client as stored."""
    return respond_json(await run_in_threadpool(_load_client, get_context(request), client_id))


def _load_client(context: WebContext, client_id: str) -> dict[str, Any]:
    with read_transaction(context.engine) as connection:
        client = clients.load_client(connection, client_id)
        if client is None and find_erased(connection, context.settings.keys.signing, [client_id]):
            raise ErasedClient(ERASED, "client_id")
    return _render_client(client)


@router.get("/clients/{client_id}/profile")
async def get_profile(request: Request, client_id: str) -> Response:
    """Return the client's taste, sizes and preferences, and what they did."""
    return respond_json(await run_in_threadpool(_load_profile, get_context(request), client_id))


def _load_profile(context: WebContext, client_id: str) -> dict[str, Any]:
    with read_transaction(context.engine) as connection:
        try:
            return load_profile(connection, client_id, context.business_now()).model_dump(mode="json")
        except NotFound:
            if find_erased(connection, context.settings.keys.signing, [client_id]):
                raise ErasedClient(ERASED, "client_id") from None
            raise


def _render_client(client: Client | None) -> dict[str, Any]:
    if client is None:
        raise NotFound("no client has this id", "client_id")
    return client.model_dump(mode="json")
