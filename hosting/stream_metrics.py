"""The metrics of streams."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge

read_rows: Final = Counter(
    "selvedge_stream_rows_total",
    "Rows read from streams, and what became of them",
    ["source", "result"],
)
lag: Final = Gauge("selvedge_stream_lag", "Messages that wait to be read", ["topic", "partition"])
lost_messages: Final = Counter("selvedge_stream_lost_total", "Messages that Kafka deleted before they were read")
dead_letters: Final = Gauge("selvedge_dead_letters", "Dead letters, by source", ["source"])
