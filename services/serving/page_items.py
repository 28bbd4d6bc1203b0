"""Which items of a client's list a page shows, and what belongs beside the items of a product page or a cart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from algorithms.blending.catalogue import Catalogue
from algorithms.blending.relations import ItemRelations, Neighbours
from domain.arrays import Ints
from domain.engagement import DAY
from domain.histories import normalise_word
from domain.page_mixes import alternate, mix_home
from domain.variety import limit_per_category
from errors import NotFound
from models.recommendation_requests import PageContext, RecommendationQuery
from services.serving.client_lists import ClientList, PageMix

FRESH_DAYS: Final = 30.0
LIKED: Final = 1.0
"""How much an item beside another gains from the first place in the client's own list."""

ScoredItems: TypeAlias = list[tuple[str, float]]
"""Item ids and scores, best first."""


class _Page(NamedTuple):
    """What limits a page: the catalogue in force, units on hand in the client's sizes, and what must not be shown."""

    catalogue: Catalogue
    units: Ints
    hidden: frozenset[str]
    category: int | None

    def may_show(self, index: int) -> bool:
        """Return whether the item at `index` may be shown."""
        return bool(
            self.units[index] > 0
            and (self.category is None or self.catalogue.category[index] == self.category)
            and self.catalogue.items[index].item_id not in self.hidden
        )


def choose_items(
    source: ClientList, query: RecommendationQuery, catalogue: Catalogue, relations: ItemRelations, now: float
) -> ScoredItems:
    """Choose the items for a page at business `now` (epoch seconds). `catalogue` is the one in force, `source` may be
    of an older one. Raises NotFound naming an unknown item or category."""
    page = _build_page(source, query, catalogue)
    own = _translate(source, catalogue)
    if query.anchors:
        indices: Sequence[int] = _choose_beside(source, query, page, relations, own)
    elif query.exclude or query.category:
        indices = _mix(query, page, own, now)
    else:
        indices = _find_mix(source, query, page, own, now)
    liking = _find_liking(source, own)
    return [(catalogue.items[index].item_id, liking.get(index, 0.0)) for index in indices]


def _build_page(source: ClientList, query: RecommendationQuery, catalogue: Catalogue) -> _Page:
    hidden = source.hidden.union(query.exclude, query.anchors) if query.exclude or query.anchors else source.hidden
    category = None if query.category is None else _find_category(catalogue, query.category)
    return _Page(catalogue, catalogue.count_in_sizes(source.wears), hidden, category)


def _find_category(catalogue: Catalogue, name: str) -> int:
    try:
        return catalogue.category_names.index(normalise_word(name))
    except ValueError:
        raise NotFound("no item is of this category", "category") from None


def _translate(source: ClientList, catalogue: Catalogue) -> Sequence[int]:
    """Return the indices of the list in the catalogue in force; items that left it are left out."""
    if source.catalogue.items is catalogue.items:
        return source.indices
    ids = [source.catalogue.items[index].item_id for index in source.indices]
    return [catalogue.index[item_id] for item_id in ids if item_id in catalogue.index]


def _find_mix(
    source: ClientList, query: RecommendationQuery, page: _Page, own: Sequence[int], now: float
) -> Sequence[int]:
    """Find the mix of an earlier request for as many items, unless one of them sold out or the catalogue changed."""
    key = (query.context.value, query.n)
    mixed = source.use.mixes.get(key)
    if mixed is not None and mixed.items is page.catalogue.items and all(page.units[i] > 0 for i in mixed.indices):
        return mixed.indices
    indices = tuple(_mix(query, page, own, now))
    source.use.mixes[key] = PageMix(page.catalogue.items, indices)
    return indices


def _mix(query: RecommendationQuery, page: _Page, own: Sequence[int], now: float) -> list[int]:
    if page.category is not None:
        return list(islice(filter(page.may_show, chain(own, _list_category(page, own))), query.n))
    may = list(filter(page.may_show, own))
    category, added = page.catalogue.category, page.catalogue.added
    if query.context is PageContext.HOME:
        chosen = mix_home(may, category, lambda index: now - added[index] < FRESH_DAYS * DAY, query.n)
    else:
        chosen = limit_per_category(may, category, query.n)
    return list(dict.fromkeys([*chosen, *may]))[: query.n]


def _list_category(page: _Page, own: Sequence[int]) -> Iterator[int]:
    """List the items of the page's category that the client's list lacks, in the order of the catalogue."""
    listed = set(own)
    return (index for index in np.flatnonzero(page.catalogue.category == page.category).tolist() if index not in listed)


def _choose_beside(
    source: ClientList, query: RecommendationQuery, page: _Page, relations: ItemRelations, own: Sequence[int]
) -> list[int]:
    """Choose what belongs beside the anchors, the client's liking counted in; the rest is filled with their best."""
    anchors = _find_anchors(query, page.catalogue)
    liking = _find_liking(source, own)
    best = max(liking.values(), default=1.0)

    def order(found: Neighbours) -> Iterator[int]:
        pairs = zip(found.indices.tolist(), found.strengths.tolist(), strict=True)
        worth = {index: strength * (1 + LIKED * liking.get(index, 0.0) / best) for index, strength in pairs}
        return filter(page.may_show, sorted(worth, key=lambda index: -worth[index]))

    if query.context is PageContext.PRODUCT:
        beside = alternate(
            order(relations.find_alike(anchors[0])), order(relations.find_worn_with(anchors[0])), query.n
        )
    else:
        beside = list(islice(order(relations.find_worn_with_all(anchors)), query.n))
    filled = dict.fromkeys([*beside, *islice(filter(page.may_show, own), 2 * query.n)])
    return list(filled)[: query.n]


def _find_anchors(query: RecommendationQuery, catalogue: Catalogue) -> list[int]:
    for item_id in query.anchors:
        if item_id not in catalogue.index:
            raise NotFound("no item has this id", "item_id" if query.item_id else "cart")
    return [catalogue.index[item_id] for item_id in query.anchors]


def _find_liking(source: ClientList, own: Sequence[int]) -> dict[int, float]:
    """Find the score of each item of the client's list, by index."""
    if not source.use.liking or own is not source.indices:
        source.use.liking = {int(i): round(float(s), 6) for i, s in zip(own, source.scores, strict=False)}
    return source.use.liking
