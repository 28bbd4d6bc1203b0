"""Count the figures of each day that has ended, wherever the outbox is drained."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Final

from hosting.watch import watch
from services.context import ServiceContext
from services.figures.days import count_due_days
from store.database import read_transaction

IDLE_S: Final = 15.0

log = logging.getLogger("selvedge.figures")


async def watch_days(context: ServiceContext, idle: float = IDLE_S) -> None:
    """Count until cancelled; `idle`: real seconds between two looks at the shop's clock."""
    await watch(partial(asyncio.to_thread, _count, context), idle, log, "days are not counted")


def _count(context: ServiceContext) -> int:
    with read_transaction(context.engine) as connection:
        _, now = context.load_business_time(connection, context.wall())
    return count_due_days(context.engine, now)
