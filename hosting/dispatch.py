"""Drain the outbox into Temporal: each waiting nudge becomes a signal-with-start, at a set rate.

Temporal may be down for a while: rows stay, and go out when it answers. A nudge sent twice is one nudge.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Engine
from temporalio.client import Client

from store.database import write_transaction
from store.events import outbox
from store.events.outbox import NudgeLease
from workflows import erasure_handles, fix_handles, handles

log = logging.getLogger("selvedge.dispatch")

_NUDGE: Final = {
    "client": handles.nudge_client,
    "campaign": handles.nudge_campaign,
    "fix": fix_handles.nudge_fix,
    "erasure": erasure_handles.start_erasure,
    "mail": handles.nudge_mail,
}
LEASE_S: Final = 30.0
SLOW_S: Final = 1.0
"""A batch that takes longer is more than the server takes."""
IDLE_S: Final = 0.1
LONGEST_IDLE_S: Final = 1.0


class Pace:
    """How many nudges a second the server takes: up to `most`, less by a third whenever a batch failed or was slow, and
    more again, a tenth of `most` at a time."""

    def __init__(self, most: float) -> None:
        self._most = self.per_second = most

    @property
    def batch(self) -> int:
        """How many are sent at once, some four times a second."""
        return max(1, min(200, int(self.per_second / 4)))

    def note(self, took_s: float, failures: int) -> None:
        """Note how long a batch took, in real seconds, and how many of it could not be sent."""
        if failures or took_s > SLOW_S:
            self.per_second = max(min(1.0, self._most), self.per_second * 2 / 3)
        else:
            self.per_second = min(self._most, self.per_second + self._most / 10)


class Dispatcher:
    """The dispatcher of one worker process; several share the work by leases."""

    def __init__(self, client: Client, engine: Engine, per_second: float) -> None:
        self._client, self._engine, self._pace = client, engine, Pace(per_second)
        self._took_s = 0.0

    async def run(self) -> None:
        """Send batches until cancelled: often while there is work, once a second when there is none."""
        idle = IDLE_S
        while True:
            try:
                sent = await self.send_batch()
            except Exception as fault:  # a task that ended here would leave every nudge waiting, and nobody would see
                log.warning("nudges wait: %s", type(fault).__name__)
                sent, idle = 0, LONGEST_IDLE_S
            idle = IDLE_S if sent else min(idle * 1.5, LONGEST_IDLE_S)
            await asyncio.sleep(max(0.0, sent / self._pace.per_second - self._took_s) if sent else idle)

    async def send_batch(self) -> int:
        """Send one batch and return how many nudges were leased."""
        leased = await asyncio.to_thread(self._lease)
        if not leased:
            return 0
        begun = time.monotonic()
        results = await asyncio.gather(*(self._send(nudge) for nudge in leased))
        self._took_s = time.monotonic() - begun
        self._pace.note(self._took_s, results.count(False))
        await asyncio.to_thread(self._settle, leased, results)
        return len(leased)

    async def _send(self, nudge: NudgeLease) -> bool:
        try:
            await _NUDGE[nudge.kind](self._client, nudge.target)
        except Exception as fault:  # one that cannot be sent must not hold up the others
            log.warning("a nudge waits: %s", getattr(fault, "status", type(fault).__name__))
            return False
        return True

    def _lease(self) -> list[NudgeLease]:
        with write_transaction(self._engine) as connection:
            return outbox.lease_nudges(connection, self._pace.batch, datetime.now(UTC), LEASE_S)

    def _settle(self, leased: Sequence[NudgeLease], sent: Sequence[bool]) -> None:
        with write_transaction(self._engine) as connection:
            outbox.settle_leases(connection, [nudge for nudge, ok in zip(leased, sent, strict=True) if ok])
            missed = [nudge for nudge, ok in zip(leased, sent, strict=True) if not ok]
            outbox.retry_leases(connection, missed, datetime.now(UTC))
