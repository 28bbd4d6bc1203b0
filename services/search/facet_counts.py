"""Counts of what a further filter would leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, get_args

from domain.search.clauses import Facet
from models.search_answers import FacetCount
from services.search.item_documents import Label
from services.search.search_engine import EngineQuestion, Number, Range, SearchEngine

FACETS: Final[tuple[Facet, ...]] = get_args(Facet)
SUSTAINABILITY: Final = (Range(0, 250), Range(250, 500), Range(500, 750), Range(750, None))


def count_facets(
    engine: SearchEngine, question: EngineQuestion, bounds: Sequence[int], labels: Mapping[Label, str]
) -> dict[str, list[FacetCount]]:
    """Count by all facets. `bounds`: of the price ranges, cents; `labels`: how values are written."""
    counts = {
        facet: [
            FacetCount(value=labels.get((facet, value), value), count=count)
            for value, count in engine.count_facet(question, facet)
        ]
        for facet in FACETS
    }
    cuts: list[int | None] = [None, *bounds, None]
    prices = [Range(low, high) for low, high in pairwise(cuts)]
    return counts | {
        "price": _count_ranges(engine, question, "price", prices, 100),
        "sustainability": _count_ranges(engine, question, "sustainability", SUSTAINABILITY, 1_000),
    }


def _count_ranges(
    engine: SearchEngine, question: EngineQuestion, number: Number, ranges: Sequence[Range], units: int
) -> list[FacetCount]:
    counted = zip(ranges, engine.count_ranges(question, number, ranges), strict=True)
    return [_build_range(one, count, units) for one, count in counted if count]


def _build_range(one: Range, count: int, units: int) -> FacetCount:
    low, high = (None if end is None else end / units for end in one)
    name = f"{'' if low is None else f'{low:g}'}-{'' if high is None else f'{high:g}'}"
    return FacetCount(value=name, count=count, low=low, high=high)
