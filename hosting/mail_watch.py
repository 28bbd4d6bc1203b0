"""Check the mail server now and then, so that a fault is known before the first mail of the day meets it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from errors import ConfigError, Unavailable
from mail.transport import Transport

LOOK_EVERY_S: Final = 1.0


async def watch_mail_server(transport: Transport, every: float = LOOK_EVERY_S) -> None:
    """Connect and log in whenever it is not known whether the server works, until cancelled: once a minute where no
    mail goes out, and after each rest while the server cannot be used."""
    while True:
        if transport.circuit.needs_check:
            with suppress(ConfigError, Unavailable):  # the circuit has logged and stored it
                await transport.check_server()
        await asyncio.sleep(every)
