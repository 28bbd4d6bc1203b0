"""Inner splits: splits of the training data, on which `stacked` learns its weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np

from algorithms.ranking.data import NONE, Interactions, Targets
from algorithms.ranking.splits import HoldoutSplit, cut_at, split
from errors import BadInput

Inner: TypeAlias = Callable[[Interactions, bool, int], Sequence[HoldoutSplit]]
"""A function from interactions, whether repeats count, and a seed, to splits."""

WINDOWS: Final = ((0.85, 1.0), (0.7, 0.85))
"""Shares of the interactions by time: up to the first is the past, from there to the second is held out."""
SHARE: Final = 0.1
"""Share of the interactions that a random inner split holds out."""


def split_by_time(interactions: Interactions, repeats: bool, seed: int) -> Sequence[HoldoutSplit]:
    """Split into two time windows, the later first."""
    return _split_windows(interactions, repeats, in_context=True)


def split_by_time_alone(interactions: Interactions, repeats: bool, seed: int) -> Sequence[HoldoutSplit]:
    """Split into two time windows, the later first; nobody is asked about in a context."""
    return _split_windows(interactions, repeats, in_context=False)


def _split_windows(interactions: Interactions, repeats: bool, in_context: bool) -> Sequence[HoldoutSplit]:
    if len(interactions) and interactions.at.min() == interactions.now:
        return split_at_random(interactions, repeats, 0)
    edges = [np.quantile(interactions.at, window).tolist() for window in WINDOWS] if len(interactions) else []
    held = [cut_at(interactions, begin, end, repeats, in_context) for begin, end in edges]
    return [split for split in held if len(split.past) and len(split.targets)]


def split_at_random(interactions: Interactions, repeats: bool, seed: int) -> Sequence[HoldoutSplit]:
    """Hold out a random share."""
    try:
        return [split(interactions, f"random:{SHARE}", seed + 1, repeats)]
    except BadInput:  # too few to hold any out
        return []


def choose_like_outer(how: str) -> Inner:
    """Choose the inner split for an outer one: at random inside a random one, else by time.

    Where the last visits are held out, windows of time teach as much as last visits do (bench/notes/ranking.md).
    """
    return split_at_random if how.partition(":")[0] == "random" else split_by_time


def choose_for_targets(interactions: Interactions, targets: Targets) -> Inner:
    """Choose the inner split for these targets: by time, and out of context where no target names one."""
    named = bool((targets.context != NONE).any())
    return split_by_time if named or not interactions.contexts else split_by_time_alone
