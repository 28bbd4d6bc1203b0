"""Counts of what a further filter would leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from models.search_answers import FacetCount
from services.search.item_documents import Label
from services.search.search_engine import EngineQuestion, Number, Range, SearchEngine

SUSTAINABILITY: Final = (Range(0, 250), Range(250, 500), Range(500, 750), Range(750, None))
UNITS: Final[Mapping[Number, int]] = {"price": 100, "sustainability": 1_000}
"""How many of what the engine counts in make one of what an answer states."""


def count_facets(
    engine: SearchEngine, question: EngineQuestion, bounds: Sequence[int], labels: Mapping[Label, str]
) -> dict[str, list[FacetCount]]:
    """Count by all facets. `bounds`: of the price ranges, cents; `labels`: how values are written."""
    cuts: list[int | None] = [None, *bounds, None]
    ranges: dict[Number, Sequence[Range]] = {
        "price": [Range(low, high) for low, high in pairwise(cuts)],
        "sustainability": SUSTAINABILITY,
    }
    counts = engine.count(question, ranges)
    by_name: dict[str, list[FacetCount]] = {
        facet: [FacetCount(value=labels.get((facet, value), value), count=count) for value, count in counted]
        for facet, counted in counts.facets.items()
    }
    for number, asked in ranges.items():
        counted_ranges = zip(asked, counts.ranges[number], strict=True)
        by_name[number] = [_build_range(one, count, UNITS[number]) for one, count in counted_ranges if count]
    return by_name


def _build_range(one: Range, count: int, units: int) -> FacetCount:
    low, high = (None if end is None else end / units for end in one)
    name = f"{'' if low is None else f'{low:g}'}-{'' if high is None else f'{high:g}'}"
    return FacetCount(value=name, count=count, low=low, high=high)
