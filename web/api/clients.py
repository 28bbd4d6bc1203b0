"""`PUT` and `GET /v1/clients/<id>`: saves and returns a client, and returns their profile."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, Response
from pydantic import ValidationError

from domain.masking import mask_model
from domain.permissions import Action, Disclosure
from errors import BadInput
from ingest.faults import find_fault
from models.api_answers import ClientAnswer
from models.clients import Client, ClientBody, ClientRow
from models.profiles import Profile
from services.clients import lookup
from services.clients.registration import save_client
from web.api.requests import RawBody, parse_json
from web.api.routing import ClientPath, create_router, declare_answer, declare_errors
from web.auth.callers import By
from web.auth.rules import needs
from web.context import Here

router: Final = create_router("clients")

CREATED: Final = declare_answer(201, ClientAnswer, "The client is new; their workflow starts.")


@router.put(
    "/clients/{client_id}", responses=CREATED | declare_errors(410, 413), dependencies=[needs(Action.SAVE_CLIENT)]
)
def put_client(
    context: Here,
    actor: By,
    response: Response,
    client_id: ClientPath,
    body: Annotated[bytes, Depends(RawBody(ClientBody))],
) -> ClientAnswer:
    """Create or change a client; fields left out keep their values. 201 when it is new; its workflow then starts.

    Consent withdrawn by an event is not restored here: `notes` then contains `withdrawal_kept`.
    """
    row = _parse_client(client_id, parse_json(body))
    now, real_now = context.business_now(), context.real_now()
    saved = save_client(context.engine, actor, row, context.policy, now, real_now)
    if saved.new:
        response.status_code = 201
    return ClientAnswer(
        **saved.client.model_dump(),
        notes=sorted(saved.notes),
        sharing_mailbox=saved.sharing,
        shares_mailbox_with=saved.sharers,
    )


def _parse_client(client_id: str, body: Any) -> ClientRow:
    if not isinstance(body, dict):
        raise BadInput("must be a JSON object", "body")
    if body.get("client_id", client_id) != client_id:
        raise BadInput("is another one than the address names", "client_id")
    try:
        return ClientRow.model_validate(
            {name: value for name, value in body.items() if value is not None} | {"client_id": client_id}
        )
    except ValidationError as wrong:
        first = find_fault(wrong)
        raise BadInput(first.reason, first.field) from None


@router.get("/clients/{client_id}", responses=declare_errors(404, 410), dependencies=[needs(Disclosure.SHOP)])
def get_client(context: Here, actor: By, client_id: ClientPath) -> Client:
    """Return the client as stored; name and address are masked for roles that need none."""
    return mask_model(actor, lookup.load_client(context.engine, context.settings.keys.signing, client_id))


@router.get("/clients/{client_id}/profile", responses=declare_errors(404, 410), dependencies=[needs(Disclosure.SHOP)])
def get_profile(context: Here, actor: By, client_id: ClientPath) -> Profile:
    """Return the client's taste, sizes and preferences, and what they did; the name is masked as it is above."""
    profile = lookup.load_profile(context.engine, context.settings.keys.signing, client_id, context.business_now())
    return mask_model(actor, profile)
