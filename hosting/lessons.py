"""Lets the house learn from pages, now and then, wherever the outbox is drained. Several workers do no harm: each
decision teaches once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Engine

from services.training.session import learn
from store import clock
from store.database import read_transaction

EVERY_S: Final = 60.0

log = logging.getLogger("selvedge.lessons")


def once(engine: Engine) -> int:
    """Learn from all that is over by now; how many answers taught."""
    with read_transaction(engine) as connection:
        now = clock.business(connection, datetime.now(UTC))
    return learn(engine, now)


async def run(engine: Engine, every: float = EVERY_S, look: Callable[[Engine], int] = once) -> None:
    """Until cancelled; `every`: real seconds between two looks."""
    while True:
        try:
            await asyncio.to_thread(look, engine)
        except Exception as fault:  # a task that ended here would end all learning, and nobody would see
            log.warning("lessons wait: %s", type(fault).__name__)
        await asyncio.sleep(every)
