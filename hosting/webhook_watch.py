"""Send what endpoints are to be told. Each endpoint has a task of its own, so one that is slow or dead holds up no
other; and all of it waits for the network without a thread, so mail never waits for it."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime
from typing import Final

from services.context import ServiceContext
from services.webhooks import outcomes
from services.webhooks.delivery import WebhookSender

IDLE_S: Final = 1.0
"""Between two looks for endpoints to which something is due."""
AT_ONCE: Final = 8
"""Messages under way to one endpoint; one alone while it fails."""
LONGEST_REST_S: Final = 30.0
"""Between two tries of an endpoint that fails."""
FORGET_EVERY_S: Final = 3_600.0

log = logging.getLogger("selvedge.webhooks")


class WebhookDispatcher:
    """The dispatcher of one worker process; several share the work by leases."""

    def __init__(self, context: ServiceContext, sender: WebhookSender) -> None:
        self._context, self._sender = context, sender
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._failures: dict[str, int] = {}
        self._forgot_at = time.monotonic() - FORGET_EVERY_S

    async def run(self, idle: float = IDLE_S) -> None:
        """Send until cancelled."""
        try:
            while True:
                await self._look()
                await asyncio.sleep(idle)
        finally:
            for task in self._tasks.values():
                task.cancel()
            await self._sender.close()

    async def _look(self) -> None:
        """Begin a task for each endpoint to which something is due and that has none."""
        try:
            for name in await asyncio.to_thread(outcomes.find_due, self._context, datetime.now(UTC)):
                if name not in self._tasks or self._tasks[name].done():
                    self._tasks[name] = asyncio.create_task(self._serve(name))
            if time.monotonic() - self._forgot_at >= FORGET_EVERY_S:
                await asyncio.to_thread(outcomes.forget_old_messages, self._context, datetime.now(UTC))
                self._forgot_at = time.monotonic()
        except Exception as fault:  # a task that ended here would leave every message waiting, and nobody would see
            log.warning("webhooks wait: %s", type(fault).__name__)

    async def _serve(self, name: str) -> None:
        """Send to one endpoint until nothing is due, then end."""
        try:
            while await self.send_batch(name):
                if failures := self._failures.get(name, 0):
                    await asyncio.sleep(min(0.5 * 2 ** min(failures, 10), LONGEST_REST_S))
        except Exception as fault:
            log.warning("webhooks to one endpoint wait: %s", type(fault).__name__)

    async def send_batch(self, name: str) -> int:
        """Send some of what is due to one endpoint, and return how many messages these were."""
        limit = 1 if self._failures.get(name) else AT_ONCE
        batch = await asyncio.to_thread(outcomes.lease_due, self._context, name, limit, datetime.now(UTC))
        if not batch.messages:
            return 0
        results = await asyncio.gather(
            *(self._sender.send(batch.url, batch.secrets, message, datetime.now(UTC)) for message in batch.messages)
        )
        await asyncio.to_thread(outcomes.settle_due, self._context, batch.messages, results, datetime.now(UTC))
        failed = not any(result.good for result in results)
        self._failures[name] = self._failures.get(name, 0) + 1 if failed else 0
        return len(batch.messages)


async def dispatch_webhooks(context: ServiceContext) -> None:
    """Send until cancelled, by the settings."""
    await WebhookDispatcher(context, WebhookSender.from_settings(context.settings)).run()
