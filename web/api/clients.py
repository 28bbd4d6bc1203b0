"""`PUT` and `GET /v1/clients/<id>`: a client as the shop states them, and as they are kept; and their profile."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError

from errors import BadInput, Erased, NotFound
from ingest.faults import fault
from ingest.kinds import client_of
from models.clients import Client, ClientRow
from store.clients import clients
from store.clients.profiles import profile
from store.database import read_transaction, write_transaction
from store.mail.policy import Terms
from store.mail.suppressions import ERASED, erased
from web.api.requests import answer, authorised, body_of, json_of
from web.context import Context, context_of

LARGEST_CLIENT: Final = 100_000  # bytes

router: Final = APIRouter(prefix="/v1", dependencies=[Depends(authorised)])


@router.put("/clients/{client_id}")
async def put_client(request: Request, client_id: str) -> Response:
    """Make or change a client; fields left out keep what is kept. 201 when it is new; its workflow then starts.

    Consent withdrawn by an event is not given back here: `notes` then says `withdrawal_kept`.
    """
    body = await body_of(request, LARGEST_CLIENT)
    kept, new = await run_in_threadpool(_put, context_of(request), client_id, body)
    return answer(kept, 201 if new else 200)


def _put(context: Context, client_id: str, body: bytes) -> tuple[dict[str, Any], bool]:
    row = _stated(client_id, json_of(body))
    now, real_now = context.business_now(), context.real_now()
    with write_transaction(context.engine) as connection:
        put = clients.upsert(connection, [row], Terms.of(context.settings), now, real_now)
        for refusal in put.refused:
            raise (Erased if refusal.reason == ERASED else BadInput)(refusal.reason, refusal.field)
        return _shown(clients.get(connection, client_id)) | {"notes": sorted(put.notes)}, bool(put.new)


def _stated(client_id: str, given: Any) -> ClientRow:
    if not isinstance(given, dict):
        raise BadInput("must be a JSON object", "body")
    if given.get("client_id", client_id) != client_id:
        raise BadInput("is another one than the address names", "client_id")
    try:
        return client_of({name: value for name, value in given.items() if value is not None} | {"client_id": client_id})
    except ValidationError as wrong:
        found = fault(wrong)
        raise BadInput(found.reason, found.field) from None


@router.get("/clients/{client_id}")
async def get_client(request: Request, client_id: str) -> Response:
    """The client as kept."""
    return answer(await run_in_threadpool(_get, context_of(request), client_id))


def _get(context: Context, client_id: str) -> dict[str, Any]:
    with read_transaction(context.engine) as connection:
        found = clients.get(connection, client_id)
        if found is None and erased(connection, context.settings.keys.signing, [client_id]):
            raise Erased(ERASED, "client_id")
    return _shown(found)


@router.get("/clients/{client_id}/profile")
async def get_profile(request: Request, client_id: str) -> Response:
    """What is known of the client's taste, sizes and wishes, and what they did."""
    return answer(await run_in_threadpool(_profile, context_of(request), client_id))


def _profile(context: Context, client_id: str) -> dict[str, Any]:
    with read_transaction(context.engine) as connection:
        try:
            return profile(connection, client_id, context.business_now()).model_dump(mode="json")
        except NotFound:
            if erased(connection, context.settings.keys.signing, [client_id]):
                raise Erased(ERASED, "client_id") from None
            raise


def _shown(client: Client | None) -> dict[str, Any]:
    if client is None:
        raise NotFound("no client has this id", "client_id")
    return client.model_dump(mode="json")
