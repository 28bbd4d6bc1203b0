"""Algorithms that are tried out on what is on record, apart from those that serve."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing

from algorithms.slots.circuit import Circuit
from algorithms.slots.conformance import PATIENT
from algorithms.slots.examining import opened
from algorithms.slots.guard import Member
from algorithms.slots.registry import Registry
from errors import BadInput
from models.policies import BUILT_IN, Policy


def members(stack: ExitStack, registry: Registry, names: Sequence[str], slot: str) -> list[Member]:
    """The slot's champion and those named, each once, closed with the stack; the house is none of them.

    Raises BadInput where one is for another slot, NotFound where it is not there.
    """
    champion = registry.policies().get(slot, Policy()).champion
    return [_member(stack, registry, name, slot) for name in dict.fromkeys([champion, *names]) if name != BUILT_IN]


def _member(stack: ExitStack, registry: Registry, name: str, slot: str) -> Member:
    algorithm, its = opened(registry, name)
    stack.enter_context(closing(algorithm))
    if its != slot:
        raise BadInput(f"{name} is for {its}; here {slot} is asked again", "name")
    return Member(name, algorithm, Circuit(PATIENT))
