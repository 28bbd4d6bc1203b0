"""Hands mails to the SMTP server over a pool of kept connections.

The one delicate moment is DATA: a mail that failed before it, or was refused, may be tried again; one that was lost
after its text began to flow may have arrived and must not be. So the caller commits its decision in `before_data`,
called after the server took the recipient and immediately before DATA, and a MailFault says how far the mail came.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from time import monotonic
from types import TracebackType
from typing import Final, Self

from errors import BadInput, ConfigError, MailFault
from mail.address import validated
from mail.connection import Connection
from mail.message import Envelope
from mail.smtp_url import SmtpServer, parse
from settings import Settings

IDLE_S: Final = 20.0
"""A connection kept longer than this without a mail is not used again: servers close theirs after some time."""
MAILS_EACH: Final = 100
"""Mails on one connection; many servers take no more."""


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    """The server took the mail and answers for it from now on."""
    WITHHELD = "withheld"
    """`before_data` said no; nothing was sent."""


class Transport:
    """At most `connections` mails are under way at once; further ones wait. Belongs to one event loop."""

    def __init__(
        self, server: SmtpServer, *, timeout_s: float = 30.0, answer_s: float | None = None, connections: int = 8
    ) -> None:
        self._server, self._timeout_s = server, timeout_s
        self._answer_s = 2 * timeout_s if answer_s is None else answer_s
        self._idle: list[Connection] = []
        self._turns = asyncio.Semaphore(connections)

    @classmethod
    def from_settings(cls, settings: Settings, *, connections: int = 8) -> Self:
        """Raises ConfigError naming SELVEDGE_SMTP_URL."""
        return cls(parse(settings.smtp), timeout_s=settings.smtp_timeout_s, connections=connections)

    async def deliver(self, envelope: Envelope, before_data: Callable[[], Awaitable[bool]]) -> Outcome:
        """Send one mail. What `before_data` raises goes through, after the mail was withdrawn.

        Raises MailFault with `stage`: "before" or "refused" (not delivered; another try is safe, and helps unless it
        is `permanent`) or "unknown" (it may have been delivered). Raises BadInput (field `email`) for a recipient that
        is not one plain address: the SMTP client would make of it what it likes.
        """
        if validated(envelope.recipient) != envelope.recipient:
            raise BadInput("give the address in its normal form", "email")
        async with self._turns:
            connection = await self._begun(envelope)
            try:
                if not await before_data():
                    await self._give_up(connection)
                    return Outcome.WITHHELD
                await connection.data(envelope.message)
            except MailFault:
                await self._give_up(connection)
                raise
            except BaseException:  # the caller's own error, or cancellation: what was begun is withdrawn by hanging up
                connection.close()
                raise
            await self._keep(connection)
            return Outcome.ACCEPTED

    async def check(self) -> None:
        """Raises ConfigError with one line naming SELVEDGE_SMTP_URL when no server answers or lets us in."""
        try:
            connection = await self._fresh()
        except MailFault as fault:
            raise ConfigError(str(fault)) from None
        await self._keep(connection)

    async def close(self) -> None:
        """Take leave of the server. Mails under way go on."""
        idle, self._idle = self._idle, []
        for connection in idle:
            await connection.quit()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _begun(self, envelope: Envelope) -> Connection:
        """A connection on which the server has taken sender and recipient. One that had gone stale meanwhile shows
        here, before anything is committed, and makes way for a fresh one."""
        while kept := self._kept():
            try:
                await kept.begin(envelope.return_path, envelope.recipient)
            except MailFault as fault:
                if kept.open:
                    await self._give_up(kept)
                    raise
                if fault.permanent:
                    raise
                continue
            return kept
        fresh = await self._fresh()
        try:
            await fresh.begin(envelope.return_path, envelope.recipient)
        except MailFault:
            await self._give_up(fresh)
            raise
        return fresh

    async def _fresh(self) -> Connection:
        connection = Connection(self._server, self._timeout_s, self._answer_s)
        await connection.connect()
        return connection

    def _kept(self) -> Connection | None:
        """The connection used last, unless it is too old."""
        while self._idle:
            connection = self._idle.pop()
            if connection.open and monotonic() - connection.idle_since < IDLE_S:
                return connection
            connection.close()
        return None

    async def _give_up(self, connection: Connection) -> None:
        """A mail that was refused or withheld leaves the connection usable once it is reset."""
        if connection.open:
            await connection.abandon()
        await self._keep(connection)

    async def _keep(self, connection: Connection) -> None:
        if connection.open and connection.mails < MAILS_EACH:
            self._idle.append(connection)
        elif connection.open:
            await connection.quit()
