"""Inner splits: splits of the training data, on which `stacked` learns its weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np

from algorithms.ranking.data import Interactions, Targets
from algorithms.ranking.splits import HoldoutSplit, cut_at, split
from errors import BadInput

Inner: TypeAlias = Callable[[Interactions, bool, int], Sequence[HoldoutSplit]]
"""A function from interactions, whether repeats count, and a seed, to splits."""

WINDOWS: Final = ((0.85, 1.0), (0.7, 0.85))
"""Shares of the interactions by time: up to the first is the past, from there to the second is held out."""
SHARE: Final = 0.1
"""Share of the interactions that a random inner split holds out."""
NEARLY_ALL: Final = 0.8
FEW_NEW: Final = 0.05


def split_by_time(interactions: Interactions, repeats: bool, seed: int) -> Sequence[HoldoutSplit]:
    """Split into two time windows, the later first."""
    edges = [np.quantile(interactions.at, window).tolist() for window in WINDOWS] if len(interactions) else []
    held = [cut_at(interactions, begin, end, repeats) for begin, end in edges]
    return [split for split in held if len(split.past) and len(split.targets)]


def split_by_client(interactions: Interactions, repeats: bool, seed: int) -> Sequence[HoldoutSplit]:
    """Hold out the last interaction of each client."""
    return _split_if_any(interactions, "leave-last-out", repeats, seed)


def split_at_random(interactions: Interactions, repeats: bool, seed: int) -> Sequence[HoldoutSplit]:
    """Hold out a random share."""
    return _split_if_any(interactions, f"random:{SHARE}", repeats, seed + 1)


def choose_like_outer(how: str) -> Inner:
    """Choose the inner split of the same kind as an outer one."""
    return {"leave-last-out": split_by_client, "random": split_at_random}.get(how.partition(":")[0], split_by_time)


def choose_for_targets(interactions: Interactions, targets: Targets) -> Inner:
    """Choose the inner split for these targets: by time as a rule.

    Where nearly every client who came twice is among the targets and hardly a new one, the targets are no day's
    visitors: then the last interaction of each client is held out.
    """
    repeated = np.bincount(interactions.client, minlength=len(interactions.clients)) > 1
    warm = interactions.warm[targets.client]
    share = np.isin(np.flatnonzero(repeated), targets.client).mean() if repeated.any() else 0.0
    return split_by_client if share >= NEARLY_ALL and (~warm).mean() <= FEW_NEW else split_by_time


def _split_if_any(interactions: Interactions, how: str, repeats: bool, seed: int) -> Sequence[HoldoutSplit]:
    try:
        return [split(interactions, how, seed, repeats)]
    except BadInput:  # too few to hold any out
        return []
