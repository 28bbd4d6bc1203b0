"""Update the page order's posterior now and then, wherever the outbox is drained. Several workers do no harm: each
decision counts once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Engine

from services.training.session import update_posterior
from store import clock
from store.database import read_transaction

EVERY_S: Final = 60.0

log = logging.getLogger("selvedge.lessons")


def train_once(engine: Engine) -> int:
    """Update with all answers whose time is over by now; return how many were used."""
    with read_transaction(engine) as connection:
        now = clock.load_business_time(connection, datetime.now(UTC))
    return update_posterior(engine, now)


async def run_training(engine: Engine, every: float = EVERY_S, look: Callable[[Engine], int] = train_once) -> None:
    """Update until cancelled; `every`: real seconds between two updates."""
    while True:
        try:
            await asyncio.to_thread(look, engine)
        except Exception as fault:  # a task that ended here would end all updates, and nobody would notice
            log.warning("lessons wait: %s", type(fault).__name__)
        await asyncio.sleep(every)
