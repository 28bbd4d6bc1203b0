"""In which flags somebody is, and in which arm of each: by the hash of their id alone, or by what a visit kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from domain.blend import BlendWeights
from domain.experiments import Places, find_bucket
from models.flags import FlagEffect, FlagOrder, FlagSlug
from models.recommendation_requests import PageContext


@dataclass(frozen=True)
class RunningFlag:
    """A flag that runs. `space`: its buckets of the namespace; `parts`: the buckets of each arm."""

    slug: FlagSlug
    order: FlagOrder
    space: tuple[tuple[int, int], ...]
    parts: Places

    @cached_property
    def effects(self) -> dict[str, FlagEffect]:
        """What each arm changes."""
        return {arm.name: arm.effect for arm in self.order.arms}

    @cached_property
    def contexts(self) -> frozenset[str]:
        """The pages on which it holds; empty: all."""
        return frozenset(context.value for context in self.order.contexts)

    @cached_property
    def placements(self) -> frozenset[str]:
        """The placements in which it holds; empty: all."""
        return frozenset(self.order.placements)

    def holds_at(self, context: str, placement: str) -> bool:
        """Return whether it holds at this placement of this page."""
        return (not self.contexts or context in self.contexts) and (not self.placements or placement in self.placements)

    def find_arm(self, subject: str) -> str | None:
        """Find the arm of a client or visit by hash; None for who is not in the flag."""
        bucket = find_bucket(subject, f"namespace/{self.order.namespace}")
        if not any(low <= bucket < high for low, high in self.space):
            return None
        bucket = find_bucket(subject, f"flag/{self.slug}")
        return next(name for name, ranges in self.parts.items() if any(low <= bucket < high for low, high in ranges))


def assign_arm(
    flag: RunningFlag, running: Mapping[FlagSlug, RunningFlag], subject: str, kept: Mapping[FlagSlug, str]
) -> str | None:
    """Assign the arm of a client or visit; None for who is not in the flag.

    `kept`: arms of flags in which a client was as a visitor. While such a flag runs the client stays there, and so is
    in no other of its namespace.
    """
    for slug, arm in kept.items():
        held = running.get(slug)
        if held is not None and arm in held.effects and held.order.namespace == flag.order.namespace:
            return arm if slug == flag.slug else None
    return flag.find_arm(subject)


def find_conflict(order: FlagOrder, others: Iterable[RunningFlag]) -> FlagSlug | None:
    """Find a running flag of another namespace that changes the same thing at the same place: who is in both would
    have two answers to one question. Code asks for a `value` by the flag's name, so two of them are two questions."""
    for other in others:
        if other.order.namespace == order.namespace or not (other.order.fields & order.fields) - {"value"}:
            continue
        if _meet(order.contexts, other.order.contexts) and _meet(order.placements, other.order.placements):
            return other.slug
    return None


def _meet(one: tuple[str, ...] | tuple[PageContext, ...], other: tuple[str, ...] | tuple[PageContext, ...]) -> bool:
    return not one or not other or not set(one).isdisjoint(other)


def merge_effects(effects: Iterable[FlagEffect]) -> FlagEffect:
    """Merge what several flags change; of two that change one thing the first holds."""
    merged: dict[str, object] = {}
    for effect in effects:
        for name in effect.fields:
            merged.setdefault(name, getattr(effect, name))
    return FlagEffect.model_construct(**(FlagEffect().model_dump() | merged))


def apply_weights(weights: BlendWeights, change: Mapping[str, float]) -> BlendWeights:
    """Return the blend's weights with those of an arm in their place."""
    return weights.model_copy(update=dict(change))
