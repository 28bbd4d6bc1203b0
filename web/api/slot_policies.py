"""`GET` and `PUT /v1/slots/<name>`: the policy of a slot, changed and checked as `selvedge algorithms` does."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends

from algorithms.slots import policy_changes
from algorithms.slots.admission import check_new_algorithms
from algorithms.slots.registry import Registry
from algorithms.slots.slot_table import require_slot
from errors import BadInput, ConfigError
from models.api_answers import SlotPolicyAnswer
from models.slot_policies import SlotPolicy, SlotPolicyRequest
from services.slots.policies import change_policy
from web import actors
from web.api.requests import JsonBody
from web.api.routing import SlotPath, create_router, declare_errors
from web.context import Here, WebContext

router: Final = create_router("slots")

Order = Annotated[SlotPolicyRequest, Depends(JsonBody(SlotPolicyRequest))]


@router.get("/slots/{name}", responses=declare_errors(404))
def get_slot_policy(context: Here, name: SlotPath) -> SlotPolicyAnswer:
    """Return the policy in force, with the deadline."""
    return _load_policy(context, name)


@router.put("/slots/{name}", responses=declare_errors(404, 413))
def put_slot_policy(context: Here, name: SlotPath, order: Order) -> SlotPolicyAnswer:
    """Replace the whole policy; what is left out takes its default. In force within seconds.

    Algorithms that would be shown for the first time are checked first, which takes some seconds each.
    """
    slot = require_slot(name).name
    try:
        registry = Registry.from_settings(context.settings, serving=False)
        check_new_algorithms(registry, slot, order.policy, order.unchecked)
        edit, summary = policy_changes.edit_policy(slot, order.policy), f"state {slot}: champion {order.champion}"
        now, real_now = context.business_now(), context.real_now()
        change_policy(
            context.engine, actors.API, registry, slot, edit, summary, by=order.by, now=now, real_now=real_now
        )
    except ConfigError as wrong:
        raise BadInput(str(wrong)) from None
    return _load_policy(context, slot)


def _load_policy(context: WebContext, name: str) -> SlotPolicyAnswer:
    slot, registry = require_slot(name).name, Registry.from_settings(context.settings, serving=False)
    policy = registry.list_policies().get(slot, SlotPolicy())
    deadline_ms = round(registry.find_deadline(slot) * 1000)
    return SlotPolicyAnswer(**policy.model_dump() | {"slot": slot, "deadline_ms": deadline_ms})
