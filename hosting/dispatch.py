"""Drain the outbox into Temporal: each waiting nudge becomes a signal-with-start, at a set rate.

Temporal may be down for a while: rows stay, and go out when it answers. A nudge sent twice is one nudge.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Final

from sqlalchemy import Engine
from temporalio.client import Client
from temporalio.service import RPCStatusCode

from models.dead_letters import LetterCode, LetterSource
from store.database import write_transaction
from store.events import outbox
from store.events.dead_letters import NewLetter, save_letters
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
TRIES: Final = 5
"""Tries after which what Temporal calls wrong in itself is given up. All else is tried for ever."""


class NudgeResult(Enum):
    """What became of an attempt to send a nudge."""

    SENT = auto()
    WAITS = auto()
    DEAD = auto()


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
        self._pace.note(self._took_s, results.count(NudgeResult.WAITS))
        await asyncio.to_thread(self._settle, leased, results)
        return len(leased)

    async def _send(self, nudge: NudgeLease) -> NudgeResult:
        try:
            await _NUDGE[nudge.kind](self._client, nudge.target)
        except Exception as fault:  # one that cannot be sent must not hold up the others
            status = getattr(fault, "status", None)
            if status is RPCStatusCode.INVALID_ARGUMENT and nudge.attempts >= TRIES:
                log.error("a nudge of kind %s is a dead letter now: Temporal refuses it for good", nudge.kind)
                return NudgeResult.DEAD
            log.warning("a nudge waits: %s", status or type(fault).__name__)
            return NudgeResult.WAITS
        return NudgeResult.SENT

    def _lease(self) -> list[NudgeLease]:
        with write_transaction(self._engine) as connection:
            return outbox.lease_nudges(connection, self._pace.batch, datetime.now(UTC), LEASE_S)

    def _settle(self, leased: Sequence[NudgeLease], results: Sequence[NudgeResult]) -> None:
        by_result: dict[NudgeResult, list[NudgeLease]] = {result: [] for result in NudgeResult}
        for nudge, result in zip(leased, results, strict=True):
            by_result[result].append(nudge)
        dead, real_now = by_result[NudgeResult.DEAD], datetime.now(UTC)
        with write_transaction(self._engine) as connection:
            if dead:
                save_letters(connection, map(_bury, dead), real_now)
            outbox.settle_leases(connection, [*by_result[NudgeResult.SENT], *dead])
            outbox.retry_leases(connection, by_result[NudgeResult.WAITS], real_now)


def _bury(nudge: NudgeLease) -> NewLetter:
    """Make the letter of a nudge: what is tried again is the nudge itself."""
    client_id = nudge.target.partition(":")[0] if nudge.kind in ("client", "erasure", "mail") else None
    body = json.dumps({"kind": nudge.kind, "target": nudge.target})
    name = hashlib.sha256(f"outbox/{nudge.id}/{nudge.version}".encode()).hexdigest()[:32]
    return NewLetter(name, LetterSource.OUTBOX, "", LetterCode.NOT_SENDABLE, "", client_id, body)
