"""The answers of `GET /v1/search` and `GET /v1/search/suggest`."""

from __future__ import annotations

from decimal import Decimal

from models.base import Contract, ItemId


class FoundItem(Contract):
    """An item as a page lists it. `sizes`: those in stock; `score`: how well it answers, the best near 1; 0 where the
    order is another one."""

    item_id: ItemId
    title: str
    category: str
    brand: str
    colour: str
    price: Decimal
    sizes: list[str]
    sustainability: float | None
    url: str
    image_url: str
    score: float


class FacetCount(Contract):
    """How many items a further filter would leave. `low` (included) and `high` (not): the ends of a range, where it is
    one; null: it is open."""

    value: str
    count: int
    low: float | None = None
    high: float | None = None


class SearchAnswer(Contract):
    """What was found, best first.

    `total`: how many there are in all. `facets`: counts by facet, each as if it had no filter of its own. `corrected`:
    words that nothing holds, and what was searched for in their place. `relaxed`: nothing answers to all words; these
    items answer to most. `degraded`: what was missing: `client` (the order is nobody's own).
    """

    total: int
    items: list[FoundItem]
    facets: dict[str, list[FacetCount]]
    corrected: dict[str, str]
    relaxed: bool
    degraded: tuple[str, ...] = ()


class SuggestedItem(Contract):
    """An item whose title goes on as typed."""

    item_id: ItemId
    title: str


class SuggestAnswer(Contract):
    """How what was typed may go on: `queries`, the one with most items first, and `items`."""

    queries: list[str]
    items: list[SuggestedItem]
