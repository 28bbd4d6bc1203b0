"""Turns of receiving domains in one process: so many mails at once, and so many a second."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Self

from settings import Settings


class DomainTurns:
    """Lets through `connections` mails to one domain at once, and one in each 1 / `per_second` s."""

    def __init__(self, connections: int, per_second: float) -> None:
        self._turns: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(connections))
        self._free_at: dict[str, float] = {}
        self._gap_s = 1 / per_second

    @classmethod
    def from_settings(cls, settings: Settings) -> Self | None:
        """Build them from settings; None where no receiving domain is behind the mail server."""
        return cls(settings.domain_connections, settings.domain_mails_per_second) if settings.has_real_mail else None

    @asynccontextmanager
    async def take(self, recipient: str) -> AsyncIterator[None]:
        """Wait for the turn of the recipient's domain and hold it."""
        domain = recipient.rpartition("@")[2]
        async with self._turns[domain]:
            now = monotonic()
            begins = max(now, self._free_at.get(domain, now))
            self._free_at[domain] = begins + self._gap_s
            await asyncio.sleep(begins - now)
            yield
