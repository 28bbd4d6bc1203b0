"""Look for something again and again, whatever fails meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from errors import ConfigError, Unavailable


async def watch(look: Callable[[], Awaitable[object]], every_s: float, log: logging.Logger, told: str) -> None:
    """Look until cancelled, with `every_s` real seconds in between. What fails is logged after `told`: a task that
    ended here would never look again, and nobody would see."""
    while True:
        try:
            await look()
        except (ConfigError, Unavailable) as fault:  # whose messages hold nothing of a person
            log.warning("%s: %s", told, fault)
        except Exception as fault:
            log.warning("%s: %s", told, type(fault).__name__)
        await asyncio.sleep(every_s)
