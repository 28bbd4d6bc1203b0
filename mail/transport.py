"""Hands mails to the SMTP server over a pool of reusable connections.

The critical moment is DATA: a mail that failed before it, or was refused, may be tried again; one that was lost after
its transmission had begun may have arrived and must not be. So the caller commits its decision in `before_data`, called
after the server accepted the recipient and immediately before DATA, and a MailFault says how far the mail came.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from enum import StrEnum
from time import monotonic
from types import TracebackType
from typing import Final, Self

from domain.addresses import normalise_address
from domain.outreach import BEGINS_WITHIN_S
from errors import BadInput, ConfigError, MailFault
from mail.circuit import ServerCircuit
from mail.connection import Connection
from mail.domain_turns import DomainTurns
from mail.message import Envelope
from mail.smtp_url import SmtpServer, parse_smtp_url
from settings import Settings

IDLE_S: Final = 20.0
"""A connection kept longer than this without a mail is not used again: servers close theirs after some time."""
MAILS_PER_CONNECTION: Final = 100
"""Mails on one connection; many servers take no more."""


class DeliveryOutcome(StrEnum):
    """How the delivery of one mail ended."""

    ACCEPTED = "accepted"
    """The server accepted the mail and is responsible for it from now on."""
    WITHHELD = "withheld"
    """`before_data` refused; nothing was sent."""


class Transport:
    """A pool in which at most `connections` mails are sent at once; further ones wait. Belongs to one event loop."""

    def __init__(
        self,
        server: SmtpServer,
        *,
        timeout_s: float = 30.0,
        answer_s: float | None = None,
        connections: int = 8,
        circuit: ServerCircuit | None = None,
        turns: DomainTurns | None = None,
    ) -> None:
        self._server, self._timeout_s = server, timeout_s
        self.circuit = circuit or ServerCircuit()
        self._domain_turns = turns
        self._answer_s = 2 * timeout_s if answer_s is None else answer_s
        self._idle: list[Connection] = []
        self._turns = asyncio.Semaphore(connections)

    @classmethod
    def from_settings(cls, settings: Settings, *, connections: int = 8, circuit: ServerCircuit | None = None) -> Self:
        """Build it from settings. Raises ConfigError naming SELVEDGE_SMTP_URL."""
        server = parse_smtp_url(settings.smtp, requires_tls=settings.smtp_tls == "required")
        turns = DomainTurns.from_settings(settings)
        return cls(server, timeout_s=settings.smtp_timeout_s, connections=connections, circuit=circuit, turns=turns)

    async def deliver(self, envelope: Envelope, before_data: Callable[[], Awaitable[bool]]) -> DeliveryOutcome:
        """Send one mail. What `before_data` raises is passed on, after the mail was withdrawn.

        Raises:
            MailFault: with `stage` "before" or "refused" (not delivered; another try is safe, and helps unless it is
                `permanent`) or "unknown" (it may have been delivered).
            BadInput: field `email`, for a recipient that is not one plain address, which SMTP clients may reinterpret.
        """
        if normalise_address(envelope.recipient) != envelope.recipient:
            raise BadInput("give the address in its normal form", "email")
        turn = self._domain_turns.take(envelope.recipient) if self._domain_turns else nullcontext()
        async with turn, self._turns:
            connection = await self._begin_mail(envelope)
            asked = monotonic()
            try:
                if not await before_data():
                    await self._withdraw_mail(connection)
                    return DeliveryOutcome.WITHHELD
                if monotonic() - asked > BEGINS_WITHIN_S:
                    raise MailFault("decided too long ago to begin", permanent=False, code="decided_too_long_ago")
                await connection.send_data(envelope.message)
            except MailFault:
                await self._withdraw_mail(connection)
                raise
            except BaseException:  # the caller's own error, or cancellation: what was begun is withdrawn by hanging up
                connection.close()
                raise
            await self._put_back(connection)
            return DeliveryOutcome.ACCEPTED

    async def check_server(self) -> None:
        """Connect and log in. Raises ConfigError naming SELVEDGE_SMTP_URL when no server answers or the login fails."""
        try:
            connection = await self._connect()
        except MailFault as fault:
            raise ConfigError(str(fault)) from None
        await connection.quit()

    async def close(self) -> None:
        """Close all idle connections. Mails being sent continue."""
        idle, self._idle = self._idle, []
        for connection in idle:
            await connection.quit()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _begin_mail(self, envelope: Envelope) -> Connection:
        """Return a connection on which the server has accepted sender and recipient.

        A pooled connection that has gone stale is noticed here, before anything is committed, and replaced by a fresh
        one.
        """
        while connection := self._take_idle():
            try:
                await connection.begin(envelope.return_path, envelope.recipient, envelope.envelope_id)
            except MailFault as fault:
                if connection.is_open:
                    await self._withdraw_mail(connection)
                    raise
                if fault.permanent:
                    raise
                continue
            return connection
        fresh = await self._connect()
        try:
            await fresh.begin(envelope.return_path, envelope.recipient, envelope.envelope_id)
        except MailFault:
            await self._withdraw_mail(fresh)
            raise
        return fresh

    async def _connect(self) -> Connection:
        connection = Connection(self._server, self._timeout_s, self._answer_s)
        async with self.circuit.guard_connecting():
            await connection.connect()
        return connection

    def _take_idle(self) -> Connection | None:
        """Take the connection used last, unless it is too old."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and monotonic() - connection.idle_since < IDLE_S:
                return connection
            connection.close()
        return None

    async def _withdraw_mail(self, connection: Connection) -> None:
        """Reset the connection after a mail that was refused or withheld, so that it stays usable."""
        if connection.is_open:
            await connection.abandon()
        await self._put_back(connection)

    async def _put_back(self, connection: Connection) -> None:
        if connection.is_open and connection.mails < MAILS_PER_CONNECTION:
            self._idle.append(connection)
        elif connection.is_open:
            await connection.quit()
