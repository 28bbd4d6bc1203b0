"""`GET /v1/clients/<id>/export`, `DELETE /v1/clients/<id>`, `GET /v1/clients/<id>/erasure`: exports and erases the data
of a client."""

from __future__ import annotations

from itertools import chain
from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from models.actors import Actor
from models.base import ClientId
from services.privacy import requests
from store.database import read_transaction
from store.privacy import erasure
from web import actors
from web.api.requests import require_api_key, respond_json
from web.context import WebContext, get_context

router: Final = APIRouter(prefix="/v1", dependencies=[Depends(require_api_key)])


@router.get("/clients/{client_id}/export")
async def get_export(request: Request, client_id: str) -> Response:
    """Export all data of the client as one JSON document (docs/privacy.md). 404, or 410: the client was erased."""
    return await stream_export(get_context(request), actors.API, client_id)


async def stream_export(context: WebContext, actor: Actor, client_id: ClientId) -> Response:
    """Stream the export as a file to download."""
    key, now, real_now = context.settings.keys.signing, context.business_now(), context.real_now()
    pieces = requests.export_client(context.engine, actor, key, client_id, now, real_now)
    first = await run_in_threadpool(next, pieces)  # refusals come before the first piece, while there is a status yet
    headers = {"Content-Disposition": f'attachment; filename="{client_id}.json"', "Cache-Control": "no-store"}
    return StreamingResponse(chain([first], pieces), media_type="application/json", headers=headers)


@router.delete("/clients/{client_id}")
async def delete_client(request: Request, client_id: str) -> Response:
    """Erase the client: 202 with the address of the erasure's state.

    It needs no Temporal, a second request changes nothing, and it cannot be cancelled.
    """
    status = await run_in_threadpool(request_erasure, get_context(request), actors.API, client_id)
    return respond_json(status, 202)


@router.get("/clients/{client_id}/erasure")
async def get_erasure(request: Request, client_id: str) -> Response:
    """Return the state of the client's erasure: `waiting`, `erasing`, `erased`. 404: nobody requested one."""
    return respond_json(await run_in_threadpool(_load_status, get_context(request), client_id))


def request_erasure(context: WebContext, actor: Actor, client_id: ClientId) -> dict[str, Any]:
    """Request the erasure and return its state. Raises NotFound."""
    key, now, real_now = context.settings.keys.signing, context.business_now(), context.real_now()
    status = requests.request_erasure(context.engine, actor, key, client_id, now, real_now)
    return status.model_dump(mode="json") | {
        "status_url": f"{context.settings.base_url}/v1/clients/{client_id}/erasure"
    }


def _load_status(context: WebContext, client_id: ClientId) -> dict[str, Any]:
    with read_transaction(context.engine) as connection:
        return erasure.load_status(connection, context.settings.keys.signing, client_id).model_dump(mode="json")
