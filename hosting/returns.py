"""Hosts the ways by which returned mail comes in: the port, and the look into a mailbox now and then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy import Engine

from errors import ConfigError, SelvedgeError
from mail.links import Links
from mail.returns.listener import ReturnListener
from mail.returns.mailbox_poll import PolledMailbox, parse_mailbox_url, poll_mailbox
from services.returns.addresses import is_own_address
from services.returns.reading import ReturnReader
from services.returns.settling import is_settled
from settings import Settings

log = logging.getLogger("selvedge.returns")


def build_listener(engine: Engine, settings: Settings) -> ReturnListener:
    """Build the port of this shop; it is not open yet."""
    reader, links = ReturnReader(engine, settings), Links.from_settings(settings)

    def take(raw: bytes, recipient: str) -> bool:
        taken = reader.take(raw, "listener", recipient)
        return is_settled(engine, taken, settings.unsubscribe_wait_s)

    def is_known(address: str) -> bool:
        return is_own_address(engine, links, address)

    return ReturnListener(take, is_known, settings.returns_port, settings.returns_host)


async def poll_repeatedly(engine: Engine, settings: Settings, mailbox: PolledMailbox) -> None:
    """Look into the mailbox for ever. A server that fails is named once, until it answers."""
    reader, failing = ReturnReader(engine, settings), False

    def take(raw: bytes) -> bool:
        return is_settled(engine, reader.take(raw, "mailbox"), settings.unsubscribe_wait_s)

    while True:
        try:
            await asyncio.to_thread(poll_mailbox, mailbox, take)
            failing = False
        except SelvedgeError as failed:
            if not failing:
                log.warning("%s", failed)
            failing = True
        await asyncio.sleep(settings.returns_every_s)


@asynccontextmanager
async def host_returns(engine: Engine, settings: Settings, *, required: bool) -> AsyncIterator[list[str]]:
    """Serve every way that the settings name, inside the block; yield what is served, in words.

    A port that another process serves is an error where `required`, else only said.
    """
    mailbox = parse_mailbox_url(settings.returns_mailbox) if settings.returns_mailbox else None
    listener = build_listener(engine, settings) if settings.returns_port else None
    served, polling = [], None
    try:
        if listener is not None:
            listener.start()
    except ConfigError as taken:
        if required:
            raise
        log.warning("%s", taken)
        listener = None
    if listener is not None:
        served.append(f"{listener.host}:{listener.port}")
    if mailbox is not None:
        polling = asyncio.create_task(poll_repeatedly(engine, settings, mailbox))
        served.append(f"the mailbox at {mailbox.host}")
    try:
        yield served
    finally:
        if listener is not None:
            await asyncio.to_thread(listener.stop)
        if polling is not None:
            polling.cancel()
            with suppress(asyncio.CancelledError):
                await polling
