"""Checks of an algorithm before it gets a part in a slot: that it loads, for which slot it is, and that it passes the
conformance suite."""

from __future__ import annotations

from algorithms.slots.conformance import START_SECONDS, ConformanceReport, run_conformance_suite
from algorithms.slots.guard import SlotAlgorithm
from algorithms.slots.processes import Helpers
from algorithms.slots.registry import Registry
from algorithms.slots.slot_table import require_slot
from errors import BadInput, NotFound
from models.slot_policies import BUILT_IN, SlotPolicy


def open_algorithm(registry: Registry, name: str) -> tuple[SlotAlgorithm, str]:
    """Open an algorithm for a trial and return it with the name of its slot; the caller closes it. Raises NotFound when
    it cannot be loaded, BadInput for the built-in."""
    if name == BUILT_IN:
        raise BadInput("the built-in needs no part; see selvedge algorithms demote", "name")
    algorithm = registry.open(name)
    if not isinstance(algorithm, Helpers):
        return algorithm, next(entry.slot for entry in registry.list_algorithms() if entry.name == name)
    if not algorithm.is_ready(START_SECONDS):
        fault = algorithm.fault
        algorithm.close()
        raise NotFound(f"{name} cannot be loaded: {fault}", "name")
    return algorithm, algorithm.slot


def find_slot(registry: Registry, name: str) -> str:
    """Return the slot that an algorithm is for. Raises NotFound."""
    algorithm, slot = open_algorithm(registry, name)
    algorithm.close()
    return slot


def check_algorithm(registry: Registry, name: str) -> ConformanceReport:
    """Run the conformance suite on an algorithm, with the deadline in force; this takes some seconds. Raises
    NotFound."""
    algorithm, slot = open_algorithm(registry, name)
    try:
        return run_conformance_suite(require_slot(slot), name, algorithm, registry.find_deadline(slot))
    finally:
        algorithm.close()


def check_new_algorithms(registry: Registry, slot: str, policy: SlotPolicy, unchecked: bool) -> None:
    """Check the algorithms that the policy adds to the slot. Raises BadInput when one is for another slot or, where its
    answers would be shown and not `unchecked`, fails the suite. Those that have a part already are not checked again.
    """
    before = registry.list_policies().get(slot, SlotPolicy())
    for name in (member for member in policy.live if member not in before.live or member in before.shadows):
        shown = name not in policy.shadows and not unchecked
        if (own_slot := find_slot(registry, name)) != slot:
            raise BadInput(f"{name} is for {own_slot}", "slot")
        if shown and not check_algorithm(registry, name).passed:
            raise BadInput(f"{name} fails the suite; selvedge algorithms check {name} says what to mend", "champion")
