"""What a page shows of ranked items: a mix for each context. Items are indices into the catalogue, best first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain, zip_longest
from typing import Final

from domain.arrays import Ints
from domain.variety import limit_per_category

FRESH_SHARE: Final = 5
"""On the home page one item in so many is a new one, where there is any."""


def mix_home(
    best_first: Sequence[int], category: Sequence[int] | Ints, is_fresh: Callable[[int], bool], n: int
) -> list[int]:
    """Mix the best items, varied, with a fifth of new ones at least, which take the last places."""
    chosen = limit_per_category(best_first, category, n)
    lacking = n // FRESH_SHARE - sum(map(is_fresh, chosen))
    if lacking <= 0:
        return chosen
    taken = set(chosen)
    fresh = [item for item in best_first if item not in taken and is_fresh(item)][:lacking]
    old = [item for item in chosen if not is_fresh(item)]
    leaving = set(old[len(old) - max(0, len(chosen) + len(fresh) - n) :])
    return [item for item in chosen if item not in leaving] + fresh


def alternate(one: Iterable[int], other: Iterable[int], n: int) -> list[int]:
    """Take the items of two lists in turn, each once; when one ends the other goes on."""
    taken: dict[int, None] = {}
    for item in chain.from_iterable(zip_longest(one, other)):
        if len(taken) == n:
            break
        if item is not None:
            taken[item] = None
    return list(taken)
