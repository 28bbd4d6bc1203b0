"""What a search page asks, as a question to the engine."""

from __future__ import annotations

from typing import Final

from domain.search.clauses import Facet, SearchClause
from domain.sizes import fold_size
from models.search_requests import SearchFilters
from services.search.item_documents import fold_value
from services.search.search_engine import Narrowing, Number

_FIELDS: Final[tuple[Facet, ...]] = ("category", "brand", "colour", "material", "occasion", "season")


def build_narrowing(filters: SearchFilters) -> Narrowing:
    """Build what the engine filters by."""
    facets: list[tuple[Facet, tuple[str, ...]]] = [
        (facet, tuple(map(fold_value, values))) for facet in _FIELDS if (values := getattr(filters, facet))
    ]
    if filters.size:
        facets.append(("size", tuple(map(fold_size, filters.size))))
    numbers: list[tuple[Number, int | None, int | None]] = []
    if filters.price_min is not None or filters.price_max is not None:
        ends = (None if end is None else int(end * 100) for end in (filters.price_min, filters.price_max))
        numbers.append(("price", *ends))  # type: ignore[arg-type]  # two ends
    if filters.sustainability_min is not None:
        numbers.append(("sustainability", round(filters.sustainability_min * 1_000), None))
    return Narrowing(tuple(facets), tuple(numbers), filters.in_stock)


def count_required(clauses: tuple[SearchClause, ...]) -> int:
    """Count the clauses that an item must answer."""
    return sum(clause.required for clause in clauses)
