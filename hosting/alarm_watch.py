"""Look now and then at what no event tells: certificates and keys that expire, mails that are clicked less."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Final

from hosting.watch import watch
from services.alarms.gauges import set_alarm_gauges
from services.context import ServiceContext

EVERY_S: Final = 3_600.0

log = logging.getLogger("selvedge.alarms")


async def watch_alarms(context: ServiceContext) -> None:
    """Look until cancelled."""
    await watch(partial(asyncio.to_thread, set_alarm_gauges, context), EVERY_S, log, "expiries are not looked for")
