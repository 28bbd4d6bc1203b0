"""Look now and then whether every workflow that should run does, and hear what people ended in the Temporal UI."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio.client import Client

from hosting.watch import watch
from services import metrics
from services.context import ServiceContext
from services.reconciliation.census import note_lost
from services.reconciliation.closures import cancel_ended_mail, note_ended_client
from store.database import read_transaction
from store.events import workflows as stored
from workflows import census
from workflows.census import EndedWorkflow

log = logging.getLogger("selvedge.census")

EVERY_S: Final = 15.0
LOOK_BACK: Final = timedelta(hours=1)
"""Real time before the start of this process of which ended workflows are still heard."""
OVERLAP: Final = timedelta(minutes=2)
"""An end shows up in Temporal's lists a moment after it."""


class CensusWatch:
    """Compares at each look. A difference counts when it is there at two looks, since lists lag a little."""

    def __init__(self, context: ServiceContext, client: Client, *, every_s: float = EVERY_S) -> None:
        self._context, self._client, self._every_s = context, client, every_s
        self._since = datetime.now(UTC) - LOOK_BACK
        self._heard: set[str] = set()
        self._differed = False

    async def run(self) -> None:
        """Look again and again until cancelled."""
        await watch(self.look, self._every_s, log, "workflows are not compared")

    async def look(self) -> int:
        """Compare once, after what has ended was heard, and return how many workflows are noted as missing. Raises
        Unavailable."""
        await self._hear()
        running = await census.count_running(self._client, "ClientLifecycle")
        expected, lost = await asyncio.to_thread(self._count)
        differs = expected > running or lost > 0
        if differs and self._differed:
            lost = await self._compare()
        self._differed = differs
        metrics.workflows_missing.set(lost)
        return lost

    async def _compare(self) -> int:
        kinds = ("ClientLifecycle", "Campaign", "Erasure")
        running = await census.list_running(self._client, kinds)
        return await asyncio.to_thread(self._note, running)

    async def _hear(self) -> None:
        begun = datetime.now(UTC)
        for ended in await census.list_ended(self._client, self._since - OVERLAP):
            if ended.run_id in self._heard or await self._hear_one(ended):
                self._heard.add(ended.run_id)
            else:
                begun = min(begun, ended.closed_at)  # it is with the mail server: heard again
        self._since = begun

    async def _hear_one(self, ended: EndedWorkflow) -> bool:
        """Carry out what an end means; return False where it must be tried again."""
        if await census.is_running(self._client, ended.workflow_id):
            return True
        _, _, name = ended.workflow_id.partition(":")
        if ended.kind == "ClientLifecycle":
            await asyncio.to_thread(note_ended_client, self._context, name, ended.how)
            return True
        client_id, _, n = name.rpartition(":")
        return await asyncio.to_thread(cancel_ended_mail, self._context, client_id, int(n), ended.closed_at)

    def _count(self) -> tuple[int, int]:
        with read_transaction(self._context.engine) as connection:
            return stored.count_expected_clients(connection), stored.count_lost(connection)

    def _note(self, running: set[str]) -> int:
        real_now = self._context.wall()
        with read_transaction(self._context.engine) as connection:
            _, now = self._context.load_business_time(connection, real_now)
        return note_lost(self._context.engine, running, now, real_now)
