"""Carry out one act about who answers a slot: promote, give back, shadow, split; and show how all slots stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from algorithms.slots.admission import check_algorithm, find_slot
from algorithms.slots.conformance import ConformanceReport
from algorithms.slots.policy_changes import (
    PolicyEdit,
    edit_champion,
    edit_shadow,
    edit_split,
    load_history,
    plan_demotion,
)
from algorithms.slots.registry import AlgorithmSummary, Registry
from algorithms.slots.slot_table import SLOTS, require_slot
from domain import permissions
from domain.permissions import Action
from errors import BadInput, ConfigError
from models.actors import Actor
from models.policy_history import PolicyChange
from models.slot_acts import SlotAct
from models.slot_policies import SlotPolicy
from services.slots.policies import change_policy
from settings import Settings

LATEST: Final = 20


@dataclass(frozen=True)
class SlotStanding:
    """How a slot stands. `algorithms`: those known to be for it."""

    name: str
    asks: str
    deadline_ms: int
    policy: SlotPolicy
    algorithms: Sequence[AlgorithmSummary]


@dataclass(frozen=True)
class SlotOverview:
    """How all slots stand. `problem`: what is wrong with the file; empty: nothing. `others`: algorithms whose slot is
    not known before they are tried. `changes`: the latest first."""

    problem: str
    slots: Sequence[SlotStanding]
    others: Sequence[AlgorithmSummary]
    changes: Sequence[PolicyChange]


def show_slots(settings: Settings, real_now: datetime) -> SlotOverview:
    """Show how all slots stand, and who changed what lately."""
    registry = Registry.from_settings(settings, serving=False, lenient=True)
    policies, known = registry.list_policies(), registry.list_algorithms()
    slots = [
        SlotStanding(
            name,
            slot.asks,
            round(registry.find_deadline(name) * 1000),
            policies.get(name, SlotPolicy()),
            [one for one in known if one.slot == name],
        )
        for name, slot in SLOTS.items()
    ]
    changes = [] if registry.problem else load_history(registry.file, real_now)[: -LATEST - 1 : -1]
    return SlotOverview(registry.problem, slots, [one for one in known if one.slot not in SLOTS], changes)


def steer_slot(
    engine: Engine, actor: Actor, settings: Settings, act: SlotAct, now: datetime, real_now: datetime
) -> tuple[str, bool]:
    """Carry out an act; return the slot, and whether that changed anything. An algorithm whose answers would be shown
    is checked first, which takes some seconds.

    Raises: NotAllowed; NotFound for an algorithm or slot that there is not; BadInput for one that fails the check.
    """
    permissions.require(actor, Action.SET_SLOT_POLICY)
    try:
        registry = Registry.from_settings(settings, serving=False)
        slot, edit, summary = _plan(registry, act, real_now)
        return slot, change_policy(engine, actor, registry, slot, edit, summary, now=now, real_now=real_now)
    except ConfigError as wrong:
        raise BadInput(str(wrong)) from None


def _plan(registry: Registry, act: SlotAct, real_now: datetime) -> tuple[str, PolicyEdit, str]:
    """Plan the edit of an act: of which slot, what it changes, and what the history says of it."""
    if act.act == "demote":
        slot = require_slot(act.slot or "").name
        before, edit = plan_demotion(registry.file, slot, real_now)
        return slot, edit, f"demote in {slot}: back to {before}"
    name = act.algorithm or ""
    slot = _check(registry, name) if act.act == "promote" or act.share else find_slot(registry, name)
    if act.act == "promote":
        return slot, edit_champion(slot, name), f"promote {name} in {slot}"
    if act.act == "split":
        return slot, edit_split(slot, name, act.share), f"split {slot}: {act.share:.1%} to {name}"
    off = act.act == "unshadow"
    return slot, edit_shadow(slot, name, off), f"shadow {name} in {slot}{' no longer' if off else ''}"


def try_algorithm(actor: Actor, settings: Settings, name: str) -> ConformanceReport:
    """Run the conformance suite on an algorithm, and change nothing; this takes some seconds.

    Raises: NotAllowed; NotFound for an algorithm that there is not; BadInput for the built-in.
    """
    permissions.require(actor, Action.SET_SLOT_POLICY)
    try:
        return check_algorithm(Registry.from_settings(settings, serving=False), name)
    except ConfigError as wrong:
        raise BadInput(str(wrong)) from None


def _check(registry: Registry, name: str) -> str:
    """Check an algorithm whose answers would be shown, and return its slot. Raises NotFound, BadInput."""
    report = check_algorithm(registry, name)
    if not report.passed:
        raise BadInput(f"{name} fails the suite; selvedge algorithms check {name} says what to mend", "algorithm")
    return report.slot
