"""Algorithms that are opened for an evaluation, apart from those that serve."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing

from algorithms.slots.admission import open_algorithm
from algorithms.slots.circuit import Circuit
from algorithms.slots.conformance import NEVER_OPEN
from algorithms.slots.guard import Member
from algorithms.slots.registry import Registry
from errors import BadInput
from models.slot_policies import BUILT_IN, SlotPolicy


def open_members(stack: ExitStack, registry: Registry, names: Sequence[str], slot: str) -> list[Member]:
    """Open the slot's champion and the named algorithms, each once, without the built-in; the stack closes them.

    Raises BadInput where one is for another slot, NotFound where it does not exist.
    """
    champion = registry.list_policies().get(slot, SlotPolicy()).champion
    return [_open_member(stack, registry, name, slot) for name in dict.fromkeys([champion, *names]) if name != BUILT_IN]


def _open_member(stack: ExitStack, registry: Registry, name: str, slot: str) -> Member:
    algorithm, own_slot = open_algorithm(registry, name)
    stack.enter_context(closing(algorithm))
    if own_slot != slot:
        raise BadInput(f"{name} is for {own_slot}; here {slot} is asked again", "name")
    return Member(name, algorithm, Circuit(NEVER_OPEN))
