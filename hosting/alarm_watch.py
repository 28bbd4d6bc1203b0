"""Look now and then at what no event tells, and tell whoever is responsible what is wrong."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import datetime
from typing import Final

from hosting.watch import watch
from services.alarms.expiries import find_certificate_ends
from services.alarms.gauges import set_alarm_gauges
from services.context import ServiceContext
from services.notices.faults import find_faults
from services.notices.telling import NoticeTeller

EVERY_S: Final = 30.0
CERTIFICATES_EVERY_S: Final = 3_600.0

log = logging.getLogger("selvedge.alarms")


class AlarmWatch:
    """The watch of one worker; of several, one tells each fault."""

    def __init__(self, context: ServiceContext) -> None:
        self._context, self._teller = context, NoticeTeller(context)
        self._ends: dict[str, datetime] = {}
        self._read_at = float("-inf")

    async def run(self) -> None:
        """Look until cancelled."""
        try:
            await watch(self.look, EVERY_S, log, "faults are not looked for")
        finally:
            await self._teller.close()

    async def look(self) -> int:
        """Look once, and return how many notices went."""
        if time.monotonic() - self._read_at >= CERTIFICATES_EVERY_S:
            self._ends = await asyncio.to_thread(find_certificate_ends, self._context.settings)
            self._read_at = time.monotonic()
        await asyncio.to_thread(set_alarm_gauges, self._context, self._ends)
        faults = await asyncio.to_thread(find_faults, self._context, self._ends)
        return await self._teller.tell(faults, self._context.wall())
