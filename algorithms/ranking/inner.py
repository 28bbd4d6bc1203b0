"""Splits of what is known, from which a champion learns before it is asked about what is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np

from algorithms.ranking.data import Asked, Log
from algorithms.ranking.splits import Held, cut_at, split
from errors import BadInput

Inner: TypeAlias = Callable[[Log, bool, int], Sequence[Held]]
"""From a log, whether repeats are asked for, and a seed."""

WINDOWS: Final = ((0.85, 1.0), (0.7, 0.85))
"""Shares of the interactions by time: what came until the first is learnt from, what came until the second asked."""
SHARE: Final = 0.1
"""Of the interactions is held out by a random inner split."""
NEARLY_ALL: Final = 0.8
FEW_NEW: Final = 0.05


def by_time(log: Log, repeats: bool, seed: int) -> Sequence[Held]:
    """Two windows, the later first."""
    edges = [np.quantile(log.at, window).tolist() for window in WINDOWS] if len(log) else []
    held = [cut_at(log, begin, end, repeats) for begin, end in edges]
    return [each for each in held if len(each.past) and len(each.asked)]


def by_client(log: Log, repeats: bool, seed: int) -> Sequence[Held]:
    """The last of each client."""
    return _if_any(log, "leave-last-out", repeats, seed)


def at_random(log: Log, repeats: bool, seed: int) -> Sequence[Held]:
    """A random share."""
    return _if_any(log, f"random:{SHARE}", repeats, seed + 1)


def like(how: str) -> Inner:
    """The inner split of the same kind as an outer one."""
    return {"leave-last-out": by_client, "random": at_random}.get(how.partition(":")[0], by_time)


def fitting(log: Log, asked: Asked) -> Inner:
    """By time; but where nearly every client who came twice is asked about and nobody new, as no day's visitors are,
    the last of each client."""
    often = np.bincount(log.client, minlength=len(log.clients)) > 1
    warm = log.warm[asked.client]
    among = np.isin(np.flatnonzero(often), asked.client).mean() if often.any() else 0.0
    return by_client if among >= NEARLY_ALL and (~warm).mean() <= FEW_NEW else by_time


def _if_any(log: Log, how: str, repeats: bool, seed: int) -> Sequence[Held]:
    try:
        return [split(log, how, seed, repeats)]
    except BadInput:  # too few to hold any out
        return []
