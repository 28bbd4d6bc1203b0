"""Metrics of what is served from memory; of several web processes the lists and what waits add up."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge

decisions_dropped: Final = Counter(
    "selvedge_decisions_dropped_total", "Answers without a record, because too many decisions waited for the database"
)
decisions_waiting: Final = Gauge(
    "selvedge_decisions_waiting", "Decisions on the disk, on their way to the database", multiprocess_mode="livesum"
)
answers_from: Final = Counter(
    "selvedge_recommendations_total", "Recommendations by where they came from: memory, store or popularity", ["source"]
)
lists_in_memory: Final = Gauge("selvedge_client_lists", "Clients whose list is in memory", multiprocess_mode="livesum")
lists_refreshed: Final = Counter("selvedge_client_lists_refreshed_total", "Lists ranked again after a change")
follower_lag: Final = Gauge(
    "selvedge_follower_seconds", "Seconds that the latest look for changes took", multiprocess_mode="livemax"
)
