"""Keep lists varied, so that no list shows a single category."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from domain.arrays import Ints

PER_CATEGORY: Final = 2


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
