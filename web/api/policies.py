"""`GET` and `PUT /v1/slots/<name>`: the policy of a slot, changed and checked as `selvedge algorithms` does."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool

from algorithms.slots import policy_changes
from algorithms.slots.admission import check_new_algorithms
from algorithms.slots.registry import Registry
from algorithms.slots.slot_table import require_slot
from errors import BadInput, ConfigError
from ingest.faults import parse_model
from models.slot_policies import SlotPolicy, SlotPolicyRequest
from web.api.requests import parse_json, read_body, require_api_key, respond_json
from web.context import WebContext, get_context

LARGEST_POLICY: Final = 20_000  # bytes

router: Final = APIRouter(prefix="/v1/slots", dependencies=[Depends(require_api_key)])


@router.get("/{name}")
async def get_policy(request: Request, name: str) -> Response:
    """Return the policy in force, with the deadline."""
    return respond_json(await run_in_threadpool(_load_policy, get_context(request), name))


@router.put("/{name}")
async def put_policy(request: Request, name: str) -> Response:
    """Replace the whole policy; what is left out takes its default. In force within seconds.

    Algorithms that would be shown for the first time are checked first, which takes some seconds each.
    """
    body = parse_json(await read_body(request, LARGEST_POLICY))
    return respond_json(await run_in_threadpool(_save_policy, get_context(request), name, body))


def _load_policy(context: WebContext, name: str) -> dict[str, Any]:
    slot, registry = require_slot(name).name, Registry.from_settings(context.settings, serving=False)
    policy = registry.list_policies().get(slot, SlotPolicy())
    return policy.model_dump(mode="json") | {"slot": slot, "deadline_ms": round(registry.find_deadline(slot) * 1000)}


def _save_policy(context: WebContext, name: str, body: Any) -> dict[str, Any]:
    slot, order = require_slot(name).name, parse_model(SlotPolicyRequest, body)
    try:
        registry = Registry.from_settings(context.settings, serving=False)
        check_new_algorithms(registry, slot, order.policy, order.unchecked)
        edit, summary = policy_changes.edit_policy(slot, order.policy), f"state {slot}: champion {order.champion}"
        policy_changes.apply_change(registry.file, edit, order.by, summary, context.real_now(), registry.check)
    except ConfigError as wrong:
        raise BadInput(str(wrong)) from None
    return _load_policy(context, slot)
