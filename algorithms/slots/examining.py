"""An algorithm looked at before it gets a part in a slot: that it loads, for which slot, that it passes the suite."""

from __future__ import annotations

from algorithms.slots.conformance import START_SECONDS, Report, conform
from algorithms.slots.guard import Algorithm
from algorithms.slots.processes import Helpers
from algorithms.slots.registry import Registry
from algorithms.slots.slot_table import slot_named
from errors import BadInput, NotFound
from models.policies import BUILT_IN, Policy


def opened(registry: Registry, name: str) -> tuple[Algorithm, str]:
    """An algorithm to try and the slot that it is for; close it. Raises NotFound when it cannot be loaded."""
    if name == BUILT_IN:
        raise BadInput("the house needs no part; see selvedge algorithms demote", "name")
    algorithm = registry.open(name)
    if not isinstance(algorithm, Helpers):
        return algorithm, next(each.slot for each in registry.known() if each.name == name)
    if not algorithm.ready(START_SECONDS):
        fault = algorithm.fault
        algorithm.close()
        raise NotFound(f"{name} cannot be loaded: {fault}", "name")
    return algorithm, algorithm.slot


def slot_of(registry: Registry, name: str) -> str:
    """The slot that an algorithm is for. Raises NotFound."""
    algorithm, slot = opened(registry, name)
    algorithm.close()
    return slot


def examined(registry: Registry, name: str) -> Report:
    """What the conformance suite says, with the deadline in force. Takes some seconds. Raises NotFound."""
    algorithm, slot = opened(registry, name)
    try:
        return conform(slot_named(slot), name, algorithm, registry.seconds(slot))
    finally:
        algorithm.close()


def check_newcomers(registry: Registry, slot: str, policy: Policy, unchecked: bool) -> None:
    """Raises BadInput when an algorithm that gets a part in the slot is for another one, or, where its answers would be
    shown and not `unchecked`, fails the suite. Who has a part already is not looked at."""
    before = registry.policies().get(slot, Policy())
    for name in (each for each in policy.live if each not in before.live or each in before.shadows):
        shown = name not in policy.shadows and not unchecked
        if (its := slot_of(registry, name)) != slot:
            raise BadInput(f"{name} is for {its}", "slot")
        if shown and not examined(registry, name).passed:
            raise BadInput(f"{name} fails the suite; selvedge algorithms check {name} says what to mend", "champion")
