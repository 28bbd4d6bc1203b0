"""`/v1/attributes`: custom attributes of clients, declared and listed. Clients get them by `PUT /v1/clients/<id>`."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Path

from domain.permissions import Action, Disclosure
from models.attributes import Attribute, AttributeList, AttributeOrder
from services.segments import attributes
from web.api.requests import JsonBody
from web.api.routing import create_router, declare_errors
from web.auth.callers import By
from web.auth.rules import needs
from web.context import Here

router: Final = create_router("segments")
Order = Annotated[AttributeOrder, Depends(JsonBody(AttributeOrder))]


@router.get("/attributes", dependencies=[needs(Disclosure.SHOP)])
def list_attributes(context: Here) -> AttributeList:
    """List the declared attributes, and how many clients have a value of each."""
    return attributes.list_attributes(context.engine)


@router.put("/attributes/{name}", responses=declare_errors(413), dependencies=[needs(Action.DECLARE_ATTRIBUTE)])
def declare_attribute(
    context: Here,
    actor: By,
    name: Annotated[str, Path(description="The attribute's name, such as `points`.")],
    order: Order,
) -> Attribute:
    """Declare an attribute, or change what it means; its type stays. Repeating it changes nothing."""
    now = context.business_now()
    return attributes.declare_attribute(context.engine, actor, name, order, now, context.real_now())
