"""`GET /v1/clients/<id>/export`, `DELETE /v1/clients/<id>`, `GET /v1/clients/<id>/erasure`: what is held of a client,
and that nothing is."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from models.base import ClientId
from store.database import read_transaction, write_transaction
from store.privacy import erasure
from store.privacy.export import export
from web.api.requests import answer, authorised
from web.context import Context, context_of

router: Final = APIRouter(prefix="/v1", dependencies=[Depends(authorised)])


@router.get("/clients/{client_id}/export")
async def get_export(request: Request, client_id: str) -> Response:
    """All that is held of the client, as one JSON document (docs/privacy.md). 404, or 410: they were erased."""
    return await exported(context_of(request), client_id)


async def exported(context: Context, client_id: ClientId) -> Response:
    """The export as a file to keep."""
    pieces = _pieces(context, client_id)
    first = await run_in_threadpool(next, pieces)  # refusals come before the first piece, while there is a status yet
    headers = {"Content-Disposition": f'attachment; filename="{client_id}.json"', "Cache-Control": "no-store"}
    return StreamingResponse(chain([first], pieces), media_type="application/json", headers=headers)


def _pieces(context: Context, client_id: ClientId) -> Iterator[bytes]:
    with read_transaction(context.engine) as connection:
        yield from export(connection, context.settings.keys.signing, client_id, context.business_now())


@router.delete("/clients/{client_id}")
async def delete_client(request: Request, client_id: str) -> Response:
    """Erase the client: 202 with the address at which to see how far it is. Asking needs no Temporal, twice is once,
    and it cannot be called off."""
    told = await run_in_threadpool(asked, context_of(request), client_id)
    return answer(told, 202)


@router.get("/clients/{client_id}/erasure")
async def get_erasure(request: Request, client_id: str) -> Response:
    """How far the erasure of the client is: `waiting`, `erasing`, `erased`. 404: nobody asked for one."""
    return answer(await run_in_threadpool(_status, context_of(request), client_id))


def asked(context: Context, client_id: ClientId) -> dict[str, Any]:
    """Ask for the erasure; where it stands. Raises NotFound."""
    key, now, real_now = context.settings.keys.signing, context.business_now(), context.real_now()
    with write_transaction(context.engine) as connection:
        told = erasure.ask(connection, key, client_id, now, real_now).model_dump(mode="json")
    return told | {"status_url": f"{context.settings.base_url}/v1/clients/{client_id}/erasure"}


def _status(context: Context, client_id: ClientId) -> dict[str, Any]:
    with read_transaction(context.engine) as connection:
        return erasure.status(connection, context.settings.keys.signing, client_id).model_dump(mode="json")
