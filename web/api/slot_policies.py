"""`GET` and `PUT /v1/slots/<name>`: the policy of a slot, changed and checked as `selvedge algorithms` does."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends

from domain.permissions import Action, Disclosure
from models.api_answers import SlotPolicyAnswer
from models.slot_policies import SlotPolicyRequest
from services.slots import policies
from web.api.requests import JsonBody
from web.api.routing import SlotPath, create_router, declare_errors
from web.auth.callers import By
from web.auth.rules import needs
from web.context import Here

router: Final = create_router("slots")

Order = Annotated[SlotPolicyRequest, Depends(JsonBody(SlotPolicyRequest))]


@router.get("/slots/{name}", responses=declare_errors(404), dependencies=[needs(Disclosure.SHOP)])
def get_slot_policy(context: Here, name: SlotPath) -> SlotPolicyAnswer:
    """Return the policy in force, with the deadline."""
    return policies.load_policy(context.settings, name)


@router.put("/slots/{name}", responses=declare_errors(404, 413), dependencies=[needs(Action.SET_SLOT_POLICY)])
def put_slot_policy(context: Here, actor: By, name: SlotPath, order: Order) -> SlotPolicyAnswer:
    """Replace the whole policy; what is left out takes its default. In force within seconds.

    Algorithms that would be shown for the first time are checked first, which takes some seconds each.
    """
    now, real_now = context.business_now(), context.real_now()
    return policies.set_policy(context.engine, actor, context.settings, name, order, now, real_now)
