"""Change the policy of a slot: who answers it, who shadows, who gets a share of the clients."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from algorithms.slots.admission import check_new_algorithms
from algorithms.slots.policy_changes import PolicyEdit, apply_change, edit_policy, load_history
from algorithms.slots.registry import Registry
from algorithms.slots.slot_table import require_slot
from domain import permissions
from domain.permissions import Action
from domain.replaced import list_replaced
from errors import BadInput, ConfigError
from models.actors import Actor, Subject, SubjectKind
from models.api_answers import SlotPolicyAnswer
from models.slot_policies import SlotPolicy, SlotPolicyRequest
from settings import Settings
from store.activity import write_activity
from store.database import write_transaction


def load_policy(settings: Settings, slot: str) -> SlotPolicyAnswer:
    """Load the policy of a slot in force, with the deadline. Raises NotFound for a slot that there is not."""
    name, registry = require_slot(slot).name, Registry.from_settings(settings, serving=False)
    policy = registry.list_policies().get(name, SlotPolicy())
    deadline_ms = round(registry.find_deadline(name) * 1000)
    return SlotPolicyAnswer(**policy.model_dump() | {"slot": name, "deadline_ms": deadline_ms})


def set_policy(
    engine: Engine,
    actor: Actor,
    settings: Settings,
    slot: str,
    request: SlotPolicyRequest,
    now: datetime,
    real_now: datetime,
) -> SlotPolicyAnswer:
    """Replace the whole policy of a slot and return it. Algorithms that would be shown for the first time are checked
    first, which takes some seconds each.

    Raises: NotAllowed; NotFound; BadInput for what does not exist or fails the check.
    """
    permissions.require(actor, Action.SET_SLOT_POLICY)
    name = require_slot(slot).name
    try:
        registry = Registry.from_settings(settings, serving=False)
        check_new_algorithms(registry, name, request.policy, request.unchecked)
        edit, summary = edit_policy(name, request.policy), f"state {name}: champion {request.champion}"
        change_policy(engine, actor, registry, name, edit, summary, by=request.by, now=now, real_now=real_now)
    except ConfigError as wrong:
        raise BadInput(str(wrong)) from None
    return load_policy(settings, name)


def change_policy(
    engine: Engine,
    actor: Actor,
    registry: Registry,
    slot: str,
    edit: PolicyEdit,
    summary: str,
    *,
    by: str = "",
    now: datetime,
    real_now: datetime,
) -> bool:
    """Apply one edit to the policy file, and return whether it changed anything. Where the database does not answer,
    nothing is changed.

    Args: `summary` says what is changed, for the file's own history; `by` who, the actor where it is empty.
    Raises: NotAllowed; ConfigError for an edit that names what does not exist.
    """
    permissions.require(actor, Action.SET_SLOT_POLICY)
    with write_transaction(engine) as connection:
        before = _load_recorded(registry, slot, real_now)
        changed = apply_change(registry.file, edit, by or actor.who, summary, real_now, registry.check)
        if changed:
            subject = Subject(kind=SubjectKind.SLOT, id=slot)
            data = list_replaced(before, _load_recorded(registry, slot, real_now))
            write_activity(connection, actor, Action.SET_SLOT_POLICY, subject, now, real_now, data)
    return changed


def _load_recorded(registry: Registry, slot: str, now: datetime) -> SlotPolicy:
    history = load_history(registry.file, now)
    return history[-1].slots.get(slot, SlotPolicy()) if history else SlotPolicy()
