"""Which items of a client's list a page shows, and what belongs beside the items of a product page or a cart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import chain, islice
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from algorithms.blending.catalogue import Catalogue
from algorithms.blending.relations import ItemRelations, Neighbours
from domain.engagement import DAY
from domain.histories import normalise_word
from domain.page_mixes import alternate, mix_home
from domain.variety import limit_per_category
from errors import NotFound
from models.recommendation_requests import PageContext, RecommendationQuery
from services.serving.client_lists import ClientList

FRESH_DAYS: Final = 30.0
LIKED: Final = 1.0
"""How much an item beside another gains from the first place in the client's own list."""

ScoredItems: TypeAlias = list[tuple[str, float]]
"""Item ids and scores, best first."""


class _Page(NamedTuple):
    """What limits a page: the catalogue in force, which items are in stock in the client's sizes (a byte for each),
    and the indices of those that must not be shown."""

    catalogue: Catalogue
    stocked: bytes
    hidden: Set[int]
    category: int | None

    def may_show(self, index: int) -> bool:
        """Return whether the item at `index` may be shown."""
        return (
            self.stocked[index] == 1
            and index not in self.hidden
            and (self.category is None or self.catalogue.category_numbers[index] == self.category)
        )

    def iterate(self, indices: Iterable[int]) -> Iterator[int]:
        """Iterate over those that may be shown; a page takes the first few."""
        if self.category is not None:
            return filter(self.may_show, indices)
        stocked, hidden = self.stocked, self.hidden
        return (index for index in indices if stocked[index] and index not in hidden)


def choose_items(source: ClientList, query: RecommendationQuery, relations: ItemRelations, now: float) -> ScoredItems:
    """Choose the items for a page at business `now` (epoch seconds) from a list over the catalogue in force. Raises
    NotFound naming an unknown item or category."""
    page = _build_page(source, query)
    if query.anchors:
        indices: Sequence[int] = _choose_beside(source, query, page, relations)
    elif query.exclude or query.category:
        indices = _mix(source, query, page, now)
    else:
        indices = _find_mix(source, query, page, now)
    liking = source.find_liking()
    return [(source.catalogue.items[index].item_id, liking.get(index, 0.0)) for index in indices]


def filter_matches(source: ClientList, query: RecommendationQuery, matches: Iterable[tuple[str, float]]) -> ScoredItems:
    """Take from what answers a search, best first, the first items that may be shown. Raises NotFound for an unknown
    category."""
    page, index = _build_page(source, query), source.catalogue.index
    shown = (match for match in matches if match[0] in index and page.may_show(index[match[0]]))
    return list(islice(shown, query.n))


def _build_page(source: ClientList, query: RecommendationQuery) -> _Page:
    catalogue, hidden = source.catalogue, source.find_hidden()
    if query.exclude or query.anchors:
        index = catalogue.index
        hidden = hidden.union([index[id_] for id_ in (*query.exclude, *query.anchors) if id_ in index])
    category = None if query.category is None else _find_category(catalogue, query.category)
    return _Page(catalogue, catalogue.find_stocked(source.wears), hidden, category)


def _find_category(catalogue: Catalogue, name: str) -> int:
    try:
        return catalogue.category_names.index(normalise_word(name))
    except ValueError:
        raise NotFound("no item is of this category", "category") from None


def _find_mix(source: ClientList, query: RecommendationQuery, page: _Page, now: float) -> Sequence[int]:
    """Find the mix of an earlier request for as many items, unless one of them sold out."""
    key = (query.context.value, query.n)
    mixed = source.use.mixes.get(key)
    if mixed is None or not all(page.stocked[index] for index in mixed):
        mixed = source.use.mixes[key] = tuple(_mix(source, query, page, now))
    return mixed


def _mix(source: ClientList, query: RecommendationQuery, page: _Page, now: float) -> list[int]:
    if page.category is not None:
        beyond = _list_category(page, source.indices)
        return list(islice(filter(page.may_show, chain(source.indices, beyond)), query.n))
    may = list(page.iterate(source.indices))
    category, added = page.catalogue.category_numbers, page.catalogue.added
    if query.context is PageContext.HOME:
        chosen = mix_home(may, category, lambda index: now - added[index] < FRESH_DAYS * DAY, query.n)
    else:
        chosen = limit_per_category(may, category, query.n)
    return list(dict.fromkeys([*chosen, *may]))[: query.n]


def _list_category(page: _Page, own: Sequence[int]) -> Iterator[int]:
    """List the items of the page's category that the client's list lacks, in the order of the catalogue."""
    listed = set(own)
    return (index for index in np.flatnonzero(page.catalogue.category == page.category).tolist() if index not in listed)


def _choose_beside(source: ClientList, query: RecommendationQuery, page: _Page, relations: ItemRelations) -> list[int]:
    """Choose what belongs beside the anchors, the client's liking counted in; the rest is filled with their best."""
    anchors = _find_anchors(query, page.catalogue)
    liking = source.find_liking()
    best = max(liking.values(), default=1.0) or 1.0  # 0 for a visitor of a shop in which nobody has bought anything

    def order(found: Neighbours) -> Iterator[int]:
        liked = LIKED / best
        worth = dict(zip(found.indices, found.strengths, strict=True))
        own = worth.keys() & liking.keys()
        if not own:  # none of them is in the client's own list: they stand in their order already
            return page.iterate(found.indices)
        for index in own:
            worth[index] *= 1 + liked * liking[index]
        return page.iterate(sorted(worth, key=worth.__getitem__, reverse=True))

    if query.context is PageContext.PRODUCT:
        beside = alternate(
            order(relations.find_alike(anchors[0])), order(relations.find_worn_with(anchors[0])), query.n
        )
    else:
        beside = list(islice(order(relations.find_worn_with_all(anchors)), query.n))
    if len(beside) < query.n:
        beside = list(dict.fromkeys([*beside, *islice(filter(page.may_show, source.indices), 2 * query.n)]))
    return beside[: query.n]


def _find_anchors(query: RecommendationQuery, catalogue: Catalogue) -> list[int]:
    for item_id in query.anchors:
        if item_id not in catalogue.index:
            raise NotFound("no item has this id", "item_id" if query.item_id else "cart")
    return [catalogue.index[item_id] for item_id in query.anchors]
