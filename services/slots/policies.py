"""Change the policy of a slot: who answers it, who shadows, who gets a share of the clients."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from algorithms.slots.policy_changes import PolicyEdit, apply_change
from algorithms.slots.registry import Registry
from domain import permissions
from domain.permissions import Action
from models.actors import Actor, Subject, SubjectKind
from store.activity import write_activity
from store.database import write_transaction


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
        changed = apply_change(registry.file, edit, by or actor.who, summary, real_now, registry.check)
        if changed:
            subject = Subject(kind=SubjectKind.SLOT, id=slot)
            write_activity(connection, actor, Action.SET_SLOT_POLICY, subject, now, real_now)
    return changed
