"""Keep the register beside the backups up to date, wherever the outbox is drained."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from errors import SelvedgeError
from services.backups.follow_up import RegisterKeeper
from services.context import ServiceContext

EVERY_S: Final = 5.0

log = logging.getLogger("selvedge.register")


class RegisterWatch:
    """Looks again and again, whatever fails."""

    def __init__(self, context: ServiceContext, every_s: float = EVERY_S) -> None:
        self._context, self._every_s = context, every_s
        self._keeper: RegisterKeeper | None = None

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await asyncio.to_thread(self._keep)
            except SelvedgeError as away:
                log.warning("the register of erasures, opt-outs and mails is not written: %s", away)
            except Exception as fault:  # a task that ended here would write nothing more, and nobody would see
                log.warning("the register of erasures, opt-outs and mails is not written: %s", type(fault).__name__)
            await asyncio.sleep(self._every_s)

    def _keep(self) -> None:
        if self._keeper is None:
            self._keeper = RegisterKeeper(self._context)
        self._keeper.keep()
