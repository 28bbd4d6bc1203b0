"""Keep the register beside the backups up to date, wherever the outbox is drained."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Final

from hosting.watch import watch
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
        told = "the register of erasures, opt-outs and mails is not written"
        await watch(partial(asyncio.to_thread, self._keep), self._every_s, log, told)

    def _keep(self) -> None:
        if self._keeper is None:
            self._keeper = RegisterKeeper(self._context)
        self._keeper.keep()
