"""Counting in the words of Tantivy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.search.search_engine import Counts, Number, Range
from services.search.tantivy_schema import FACETS

FACET_VALUES: Final = 60
"""Values of a facet that are counted; a page shows fewer."""


def build_aggregations(ranges: Mapping[Number, Sequence[Range]]) -> dict[str, Any]:
    """Build what counts all facets and these ranges, by name."""
    counting: dict[str, Any] = {facet: {"terms": {"field": facet, "size": FACET_VALUES}} for facet in FACETS}
    for number, asked in ranges.items():
        counting[number] = {"range": {"field": number, "ranges": _name_ranges(asked)}}
    return counting


def read_counts(counted: Mapping[str, Any], ranges: Mapping[Number, Sequence[Range]]) -> Counts:
    """Read what was counted."""
    by_number: dict[Number, list[int]] = {}
    for number, asked in ranges.items():
        by_key = {bucket["key"]: int(bucket["doc_count"]) for bucket in counted[number]["buckets"]}
        by_number[number] = [by_key.get(str(place), 0) for place in range(len(asked))]
    return Counts(
        {facet: [(one["key"], int(one["doc_count"])) for one in counted[facet]["buckets"]] for facet in FACETS},
        by_number,
    )


def _name_ranges(ranges: Sequence[Range]) -> list[dict[str, Any]]:
    return [{"key": str(place), **_name_ends(one)} for place, one in enumerate(ranges)]


def _name_ends(one: Range) -> dict[str, float]:
    low = {} if one.low is None else {"from": float(one.low)}
    return low | ({} if one.high is None else {"to": float(one.high)})
