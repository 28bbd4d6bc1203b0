"""Items that belong beside another: those like it, and those that are worn with it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from scipy import sparse

from algorithms.blending.catalogue import Catalogue
from algorithms.blending.looks import Looks
from domain.arrays import Floats
from domain.fixes.outfits import build_look
from domain.fixes.roles import RoleOverrides, find_role
from domain.histories import WeightedInteractions
from domain.variety import select_highest

MOST: Final = 60
"""Items kept beside one."""
SAME_CATEGORY, PRICE = 0.6, 0.4
"""What a like item gains by its category, and loses by a price e times as high or low."""
TOGETHER: Final = 2.0
"""Weight of being taken by the same clients against looking well together."""
TAKEN: Final = 0.5
"""The least weight of an interaction that takes an item: it lies in a cart, on a wishlist or in an order."""
CACHED: Final = 20_000
"""Items whose neighbours are kept."""


class Neighbours(NamedTuple):
    """Items beside another, best first, and how well they suit: plain numbers, k each."""

    indices: Sequence[int]
    strengths: Sequence[float]


class ItemRelations:
    """The neighbours of the items of one catalogue, worked out when first asked for. Safe from many threads."""

    def __init__(self, catalogue: Catalogue, together: sparse.csr_matrix | None, roles: RoleOverrides) -> None:
        self._catalogue, self._together, self._roles = catalogue, together, roles
        self._alike: OrderedDict[int, Neighbours] = OrderedDict()
        self._worn_with: OrderedDict[int, Neighbours] = OrderedDict()

    def find_alike(self, index: int) -> Neighbours:
        """Find the items most like the one at `index`: of its words, its category and about its price."""
        return _remember(self._alike, index, self._compute_alike)

    def find_worn_with(self, index: int) -> Neighbours:
        """Find the items that go with the one at `index`: taken by the same clients, of other roles, of colours and
        styles that go together."""
        return _remember(self._worn_with, index, self._compute_worn_with)

    def find_worn_with_all(self, indices: Sequence[int]) -> Neighbours:
        """Find the items that go with several; what goes with more of them comes first."""
        total: dict[int, float] = {}
        for index in indices:
            found = self.find_worn_with(index)
            for item, strength in zip(found.indices, found.strengths, strict=True):
                total[item] = total.get(item, 0.0) + strength
        for index in indices:
            total.pop(index, None)
        best = sorted(sorted(total), key=total.__getitem__, reverse=True)
        return Neighbours(best, [total[item] for item in best])

    def _compute_alike(self, index: int) -> Neighbours:
        catalogue = self._catalogue
        profile = catalogue.features.profile(np.array([index]), np.ones(1))
        score = catalogue.features.likeness(profile)
        score += SAME_CATEGORY * (catalogue.category == catalogue.category[index])
        score -= PRICE * np.abs(self._log_price - self._log_price[index])
        return _select_best(score, index)

    @cached_property
    def _log_price(self) -> Floats:
        return np.log(np.maximum(self._catalogue.price, 1.0))

    def _compute_worn_with(self, index: int) -> Neighbours:
        score = self._looks.score_with(index)
        if self._together is not None:
            row = self._together[[index]]
            score[row.indices] += TOGETHER * row.data
        score[~self._looks.find_wearable(index)] = -np.inf
        return _select_best(score, index)

    @cached_property
    def _looks(self) -> Looks:
        roles = [find_role(name, self._roles) for name in self._catalogue.category_names]
        of_items = zip(self._catalogue.items, self._catalogue.category.tolist(), strict=True)
        return Looks.of([build_look(item, roles[number]) for item, number in of_items])


def count_together(interactions: WeightedInteractions, catalogue: Catalogue) -> sparse.csr_matrix:
    """Count which items are taken by the same clients, as cosines in [0, 1], sparse (items, items); what was only
    looked at counts not."""
    index = catalogue.align_ids(interactions.items)[interactions.item]
    counts = (index >= 0) & (interactions.weight >= TAKEN)
    shape = (len(interactions.clients), len(catalogue))
    cells = (interactions.weight[counts], (interactions.client[counts], index[counts]))
    taken = sparse.coo_matrix(cells, shape).tocsr()
    taken.data = np.minimum(taken.data, 1.0)
    length = np.sqrt(np.asarray(taken.multiply(taken).sum(axis=0)).ravel())
    scaled = taken @ sparse.diags_array(1.0 / np.maximum(length, 1.0))
    return (scaled.T @ scaled).tocsr()


def _remember(cache: OrderedDict[int, Neighbours], index: int, compute: Callable[[int], Neighbours]) -> Neighbours:
    found = cache.get(index)
    if found is None:
        found = cache[index] = compute(index)
        if len(cache) > CACHED:
            cache.popitem(last=False)
    return found


def _select_best(score: Floats, without: int) -> Neighbours:
    score[without] = -np.inf
    best = select_highest(score, MOST)[:MOST]
    best = best[np.isfinite(score[best])]
    return Neighbours(best.tolist(), score[best].tolist())
