"""Hosts a consumer of streams: metrics, and what is old of dead letters deleted now and then."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from prometheus_client import start_http_server
from sqlalchemy import Engine

from errors import ConfigError, Unavailable
from hosting.stream_consumer import StreamConsumer
from hosting.stream_metrics import dead_letters
from hosting.stream_options import list_sources
from ingest.streams import StreamIntake
from models.dead_letters import LetterSource
from settings import Settings
from store.database import write_transaction
from store.events.dead_letters import count_letters, delete_old_payloads
from store.mail.policy import ShopPolicy

log = logging.getLogger("selvedge.streams")

TIDY_EVERY_S: Final = 60.0


def consume(engine: Engine, settings: Settings, may_go_on: Callable[[], bool]) -> None:
    """Read streams until `may_go_on` says no. Raises ConfigError for settings that lead nowhere."""
    intake = StreamIntake(engine, ShopPolicy.from_settings(settings), list_sources(settings))
    consumer = StreamConsumer(engine, settings, intake)
    _serve_metrics(settings)
    next_tidying = 0.0

    def go_on() -> bool:
        nonlocal next_tidying
        if time.monotonic() >= next_tidying:
            next_tidying = time.monotonic() + TIDY_EVERY_S
            _tidy(engine, settings)
        return may_go_on()

    consumer.run(go_on)


def _tidy(engine: Engine, settings: Settings) -> None:
    try:
        with write_transaction(engine) as connection:
            delete_old_payloads(connection, datetime.now(UTC) - timedelta(days=settings.dead_letter_days))
            counts = count_letters(connection)
    except Unavailable as away:
        log.warning("dead letters are counted later: %s", away)
        return
    for source in LetterSource:
        dead_letters.labels(source).set(counts.get(source, 0))


def _serve_metrics(settings: Settings) -> None:
    if not settings.consumer_metrics_port:
        return
    try:
        start_http_server(settings.consumer_metrics_port, addr=settings.worker_host)
    except OSError:
        port = settings.consumer_metrics_port
        raise ConfigError(f"SELVEDGE_CONSUMER_METRICS_PORT: port {port} is taken; set another, or 0") from None
