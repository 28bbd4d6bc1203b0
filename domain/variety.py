"""Choose the best of scored items, and keep lists varied, so that no list shows a single category."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from domain.arrays import Flags, Floats, Ints

PER_CATEGORY: Final = 2


def select_highest(scores: Floats, n: int) -> Ints:
    """Select the indices of the `n` highest scores and of all that equal the last of them, best first, ties in their
    order."""
    if n >= len(scores):
        return np.argsort(-scores, kind="stable")
    head = np.flatnonzero(scores >= np.partition(scores, len(scores) - n)[len(scores) - n])
    return head[np.argsort(-scores[head], kind="stable")]


def limit_per_category(best_first: Iterable[int], category: Sequence[int] | Ints, n: int) -> list[int]:
    """Return the first `n` of `best_first` with at most two of a category (a fifth of `n` in long lists).

    `category` is indexed by item. Fewer than `n` are returned when the categories do not yield more.
    """
    most = max(PER_CATEGORY, math.ceil(n / 5))
    taken: Counter[int] = Counter()
    chosen: list[int] = []
    for item in best_first:
        if len(chosen) >= n:
            break
        if taken[int(category[item])] < most:
            taken[int(category[item])] += 1
            chosen.append(int(item))
    return chosen


def spread_over_groups(score: Floats, category: Ints, group: Ints, n: int) -> Ints:
    """Return the indices of `n` items, the best first, with as many of each group as there can be, and within a group
    of each category. What a group cannot fill goes to the best of the others. Shapes: (k,)."""
    groups = len(np.unique(group))
    quota = max(1, n // max(1, groups))
    kinds_of_group = np.array([len(np.unique(category[group == own])) for own in range(int(group.max(initial=-1)) + 1)])
    own_share = np.maximum(1, quota // np.maximum(1, kinds_of_group))[group]
    # First the best of each category, then the best of the group, then the best of all.
    beyond = rank_within(category, score) >= own_share
    in_group = rank_within(group, score, beyond)
    chosen = np.lexsort((-score, in_group >= quota))[:n]
    return chosen[np.argsort(-score[chosen], kind="stable")]


def rank_within(group: Ints, score: Floats, later: Flags | None = None) -> Ints:
    """Return the rank of each item by score among those of its group, from 0, shape (k,); `later` ones come last."""
    order = np.lexsort((-score, np.zeros(len(score)) if later is None else later, group))
    begins = np.searchsorted(group[order], group[order], side="left")
    rank = np.empty(len(score), np.int64)
    rank[order] = np.arange(len(score)) - begins
    return rank
