"""The settings of streams: a part of `Settings`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

_TOPIC = r"^[A-Za-z0-9._-]{0,249}$"


class StreamSettings(BaseSettings):
    """From where `selvedge consume` reads."""

    kafka_servers: str = ""
    """Hosts and ports of Kafka, separated by commas, as `kafka-1:9092,kafka-2:9092`. Empty: `selvedge consume` has
    nothing to read."""
    kafka_options: Path | None = None
    """File of further options of Kafka's client (librdkafka), a line each such as `sasl.password=...`: encryption and
    sign-in."""
    kafka_group: str = Field(default="selvedge", pattern=r"^[A-Za-z0-9._-]{1,249}$")
    """Group whose consumers share the partitions."""
    kafka_events: str = Field(default="selvedge.events", pattern=_TOPIC)
    """Topic of events, as the body of `POST /v1/events`. Empty: none, and so for the next two."""
    kafka_items: str = Field(default="selvedge.items", pattern=_TOPIC)
    """Topic of items: rows of the catalogue, as in `PUT /v1/items`."""
    kafka_stock: str = Field(default="selvedge.stock", pattern=_TOPIC)
    """Topic of counts of stock, as in `PUT /v1/stock`."""
    stream_batch: int = Field(default=2_000, ge=1, le=20_000)
    """Messages that are taken in by one transaction at most, and never more than 4 MB of them."""
    consumer_metrics_port: int = Field(default=9466, ge=0, le=65_535)
    """Prometheus text of `selvedge consume` at /metrics, on `worker_host`. 0: none."""
    dead_letter_days: float = Field(default=30.0, gt=0)
    """Days for which it is kept what dead letters said; that there was one stays on record."""
