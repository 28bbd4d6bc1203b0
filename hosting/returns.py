"""Hosts the ways by which returned mail comes in: the port, and the look into a mailbox now and then."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from sqlalchemy import Engine

from errors import ConfigError, SelvedgeError
from mail.links import Links
from mail.returns.listener import ReturnDoor, ReturnListener, TakenMail
from mail.returns.mailbox_poll import PolledMailbox, parse_mailbox_url, poll_mailbox
from services.returns.addresses import find_own_addresses
from services.returns.reading import ReturnedMail, ReturnReader
from services.returns.settling import are_settled, find_unsettled, list_left_mailboxes
from settings import Settings

log = logging.getLogger("selvedge.returns")


def build_listener(engine: Engine, settings: Settings) -> ReturnListener:
    """Build the port of this shop; it is not open yet."""
    reader, links = ReturnReader(engine, settings), Links.from_settings(settings)

    def take_all(mails: Sequence[tuple[bytes, str]]) -> list[TakenMail | None]:
        taken = reader.take_all([ReturnedMail(*mail) for mail in mails], "listener")
        unsettled = find_unsettled(engine, list_left_mailboxes(taken))
        return [None if one is None else TakenMail(one.mailbox if one.mailbox in unsettled else "") for one in taken]

    door = ReturnDoor(
        find_own=lambda addresses: find_own_addresses(engine, links, addresses),
        take_all=take_all,
        find_unsettled=lambda mailboxes: find_unsettled(engine, mailboxes),
        wait_s=settings.unsubscribe_wait_s,
    )
    return ReturnListener(door, settings.returns_port, settings.returns_host)


async def poll_repeatedly(engine: Engine, settings: Settings, mailbox: PolledMailbox) -> None:
    """Look into the mailbox for ever. A server that fails is named once, until it answers."""
    reader, failing = ReturnReader(engine, settings), False

    def take_all(raws: Sequence[bytes]) -> list[bool]:
        taken = reader.take_all([ReturnedMail(raw) for raw in raws], "mailbox")
        return are_settled(engine, taken, settings.unsubscribe_wait_s)

    while True:
        try:
            await asyncio.to_thread(poll_mailbox, mailbox, take_all)
            failing = False
        except SelvedgeError as failed:
            if not failing:
                log.warning("%s", failed)
            failing = True
        await asyncio.sleep(settings.returns_every_s)


@asynccontextmanager
async def host_returns(
    engine: Engine, settings: Settings, *, required: bool, shared: socket.socket | None = None, polls: bool = True
) -> AsyncIterator[list[str]]:
    """Serve every way that the settings name, inside the block; yield what is served, in words.

    A port that another process serves is an error where `required`, else only said. `shared`: the open port, on which
    several processes serve. `polls`: whether this one looks into the mailbox.
    """
    mailbox = parse_mailbox_url(settings.returns_mailbox) if settings.returns_mailbox and polls else None
    listener = build_listener(engine, settings) if settings.returns_port else None
    served, polling = [], None
    try:
        if listener is not None:
            listener.start(shared)
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
