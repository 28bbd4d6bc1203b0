"""`GET /v1/clients/<id>/export`, `DELETE /v1/clients/<id>`, `GET /v1/clients/<id>/erasure`: exports and erases the data
of a client."""

from __future__ import annotations

from itertools import chain
from typing import Final

from fastapi import Response
from fastapi.responses import StreamingResponse

from domain.permissions import Action, Disclosure
from models.actors import Actor
from models.api_answers import ClientExport, ErasureAnswer
from models.base import ClientId
from models.erasures import ErasureStatus
from services.privacy import requests
from web.api.routing import ClientPath, create_router, declare_answer, declare_errors
from web.auth.callers import By
from web.auth.rules import needs
from web.context import Here, WebContext

router: Final = create_router("privacy")

EXPORT: Final = declare_answer(200, ClientExport, "All data of the client, as a file.")


@router.get(
    "/clients/{client_id}/export",
    response_class=StreamingResponse,
    responses=EXPORT | declare_errors(404, 410),
    dependencies=[needs(Action.EXPORT_CLIENT)],
)
def export_client(context: Here, actor: By, client_id: ClientPath) -> Response:
    """Export all data of the client as one JSON document (docs/privacy.md). 404, or 410: the client was erased."""
    return stream_export(context, actor, client_id)


def stream_export(context: WebContext, actor: Actor, client_id: ClientId) -> Response:
    """Stream the export as a file to download."""
    key, now, real_now = context.settings.keys.signing, context.business_now(), context.real_now()
    pieces = requests.export_client(context.engine, actor, key, client_id, now, real_now)
    first = next(pieces)  # refusals come before the first piece, while there is a status yet
    headers = {"Content-Disposition": f'attachment; filename="{client_id}.json"'}
    return StreamingResponse(chain([first], pieces), media_type="application/json", headers=headers)


@router.delete(
    "/clients/{client_id}", status_code=202, responses=declare_errors(404), dependencies=[needs(Action.ERASE_CLIENT)]
)
def erase_client(context: Here, actor: By, client_id: ClientPath) -> ErasureAnswer:
    """Erase the client: 202 with the address of the erasure's state.

    It needs no Temporal, a second request changes nothing, and it cannot be cancelled.
    """
    return request_erasure(context, actor, client_id)


@router.get("/clients/{client_id}/erasure", responses=declare_errors(404), dependencies=[needs(Disclosure.SHOP)])
def get_erasure(context: Here, client_id: ClientPath) -> ErasureStatus:
    """Return the state of the client's erasure: `waiting`, `erasing`, `erased`. 404: nobody requested one."""
    return requests.load_erasure(context.engine, context.settings.keys.signing, client_id)


def request_erasure(context: WebContext, actor: Actor, client_id: ClientId) -> ErasureAnswer:
    """Request the erasure and return its state. Raises NotFound."""
    key, now, real_now = context.settings.keys.signing, context.business_now(), context.real_now()
    status = requests.request_erasure(context.engine, actor, key, client_id, now, real_now)
    status_url = f"{context.settings.base_url}/v1/clients/{client_id}/erasure"
    return ErasureAnswer(**status.model_dump(), status_url=status_url)
