"""`GET` and `PUT /v1/slots/<name>`: who answers a slot; the same change, check and history as `selvedge algorithms`."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool

from algorithms.slots import policy_changes
from algorithms.slots.examining import check_newcomers
from algorithms.slots.registry import Registry
from algorithms.slots.slot_table import slot_named
from errors import BadInput, ConfigError
from ingest.faults import checked
from models.policies import Policy, PolicyOrder
from web.api.requests import answer, authorised, body_of, json_of
from web.context import Context, context_of

LARGEST_POLICY: Final = 20_000  # bytes

router: Final = APIRouter(prefix="/v1/slots", dependencies=[Depends(authorised)])


@router.get("/{name}")
async def get_policy(request: Request, name: str) -> Response:
    """The policy in force, with the deadline."""
    return answer(await run_in_threadpool(_get, context_of(request), name))


@router.put("/{name}")
async def put_policy(request: Request, name: str) -> Response:
    """State the whole policy; what is left out takes its default. In force within seconds.

    Algorithms whose answers would be shown for the first time are tried first, which takes some seconds each.
    """
    body = json_of(await body_of(request, LARGEST_POLICY))
    return answer(await run_in_threadpool(_put, context_of(request), name, body))


def _get(context: Context, name: str) -> dict[str, Any]:
    slot, registry = slot_named(name).name, Registry.from_settings(context.settings, serving=False)
    policy = registry.policies().get(slot, Policy())
    return policy.model_dump(mode="json") | {"slot": slot, "deadline_ms": round(registry.seconds(slot) * 1000)}


def _put(context: Context, name: str, body: Any) -> dict[str, Any]:
    slot, order = slot_named(name).name, checked(PolicyOrder, body)
    try:
        registry = Registry.from_settings(context.settings, serving=False)
        check_newcomers(registry, slot, order.policy, order.unchecked)
        edit, what = policy_changes.stated(slot, order.policy), f"state {slot}: champion {order.champion}"
        policy_changes.change(registry.file, edit, order.by, what, context.real_now(), registry.check)
    except ConfigError as wrong:
        raise BadInput(str(wrong)) from None
    return _get(context, slot)
