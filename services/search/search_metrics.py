"""Metrics of search."""

from __future__ import annotations

from typing import Final

from prometheus_client import Gauge, Histogram

indexed_items: Final = Gauge(
    "selvedge_search_items",
    "Items in the search index",
    multiprocess_mode="livemax",
)
index_seconds: Final = Gauge(
    "selvedge_search_index_seconds", "Seconds that the latest change of the index took", multiprocess_mode="livemax"
)
search_seconds: Final = Histogram(
    "selvedge_search_seconds",
    "Seconds of a search without HTTP",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5),
)
