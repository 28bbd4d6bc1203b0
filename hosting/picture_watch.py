"""Fetch the pictures of items that are due, a few at a time, wherever the outbox is drained."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

from sqlalchemy import Engine

from services.goods.picture_fetch import PictureFetcher
from services.goods.pictures import fetch_due
from settings import Settings

IDLE_S: Final = 2.0

log = logging.getLogger("selvedge.pictures")


async def watch_pictures(engine: Engine, settings: Settings, idle: float = IDLE_S) -> None:
    """Fetch until cancelled; `idle`: real seconds between two looks while nothing is due."""
    fetch = PictureFetcher.from_settings(settings).fetch
    while True:
        if not await _fetch(partial(fetch_due, engine, settings.home, fetch)):
            await asyncio.sleep(idle)


async def _fetch(fetch: Callable[[datetime], int]) -> int:
    try:
        return await asyncio.to_thread(fetch, datetime.now(UTC))
    except Exception as fault:  # a task that ended here would leave all pictures unfetched, and nobody would see
        log.warning("pictures wait: %s", type(fault).__name__)
        return 0
