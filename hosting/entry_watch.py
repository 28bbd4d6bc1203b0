"""Let clients enter campaigns for what happens to items and on days of their own, wherever the outbox is drained."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from hosting.watch import watch
from services.context import ServiceContext
from services.journeys.date_entries import enter_near_days
from services.journeys.item_entries import Revisions, look_at_items, tell_wishers
from store.database import read_transaction

IDLE_S: Final = 5.0
DAYS_EVERY: Final = timedelta(hours=1)
"""Business time between two looks for days that are near."""

log = logging.getLogger("selvedge.entries")


class EntryWatch:
    """Looks again and again. One for a process; several processes let nobody in twice."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        self._revisions: Revisions | None = None
        self._days_at: datetime | None = None

    async def run(self, idle: float = IDLE_S) -> None:
        """Look until cancelled; `idle`: real seconds between two looks."""
        await watch(partial(asyncio.to_thread, self.look), idle, log, "nobody enters campaigns for items or days")

    def look(self) -> None:
        """Find what happened to items and tell all who wished for them, batch by batch; then look at days."""
        context, wall = self._context, self._context.wall()
        with read_transaction(context.engine) as connection:
            _, now = context.load_business_time(connection, wall)
        self._revisions = look_at_items(context.engine, now, self._revisions)
        while tell_wishers(context.engine, now, wall):
            pass
        if self._days_at is None or not self._days_at <= now < self._days_at + DAYS_EVERY:
            enter_near_days(context.engine, now, wall)
            self._days_at = now
