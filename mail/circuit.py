"""The circuit of one mail server: while it cannot be used, one connection is tried now and then, and no mail's own.

Without it each of the mails that wait would try a wrong password, and most servers lock an account that guesses.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from domain.mail_servers import LONGEST_REST, record_fault
from errors import MailFault, Unavailable
from models.mail_servers import ServerState

log = logging.getLogger("selvedge.mail")

PROOF_LASTS: Final = timedelta(minutes=1)
"""A server that took a connection within this time needs no check."""


def read_wall_clock() -> datetime:
    """Return real time."""
    return datetime.now(UTC)


class CircuitNotes(Protocol):
    """Where the state of the circuit is kept for other processes and for the next start."""

    async def claim_try(self, until: datetime) -> bool:
        """Return whether this process may try now; no other then tries before `until`."""
        ...

    async def save(self, state: ServerState) -> None:
        """Keep the state."""
        ...


class ServerCircuit:
    """Lets connections through while the server works; else one at a time, when its rest is over."""

    def __init__(
        self,
        notes: CircuitNotes | None = None,
        state: ServerState | None = None,
        wall: Callable[[], datetime] = read_wall_clock,
    ) -> None:
        self._notes, self._state, self._wall = notes, state or ServerState(), wall
        self._fault = _rebuild_fault(self._state)
        self._proved_at: datetime | None = None
        self._connecting = asyncio.Lock()

    @property
    def needs_check(self) -> bool:
        """Whether it is not known if the server works: it has rested, or nobody connected for a while."""
        if self._fault is not None:
            return self._has_rested()
        return self._proved_at is None or self._wall() - self._proved_at > PROOF_LASTS

    def find_outage(self) -> MailFault | None:
        """Return the fault that keeps all mail back now; None when a connection may be tried."""
        return None if self._has_rested() else self._fault

    @asynccontextmanager
    async def guard_connecting(self) -> AsyncIterator[None]:
        """Guard the making of a connection. One at a time, so that a wrong password is not tried by eight at once.

        Raises:
            MailFault: at once while the server rests, or as the connection failed.
        """
        async with self._connecting:
            await self._require_turn()
            try:
                yield
            except MailFault as fault:
                await self._open(fault)
                raise
            await self._close()

    def _has_rested(self) -> bool:
        return self._fault is None or self._state.try_at is None or self._wall() >= self._state.try_at

    async def _require_turn(self) -> None:
        if self._fault is None:
            return
        if not self._has_rested():
            raise self._fault
        until = self._wall() + LONGEST_REST
        if self._notes is not None and not await self._notes.claim_try(until):
            self._state = self._state.model_copy(update={"try_at": until})
            raise self._fault

    async def _open(self, fault: MailFault) -> None:
        if fault.code != self._state.code:
            log.warning("no mail can be sent: %s", fault)
        before = self._state if self._state.code else ServerState()
        self._fault, self._state = fault, record_fault(before, fault.code, self._wall())
        await self._save()

    async def _close(self) -> None:
        now, known = self._wall(), self._proved_at
        self._proved_at = now
        if self._fault is not None:
            log.warning("the mail server works again")
        elif known is not None and now - known < PROOF_LASTS:
            return  # saved lately; and what another process found meanwhile is cleared within a minute
        self._fault, self._state = None, ServerState(since=now)
        await self._save()

    async def _save(self) -> None:
        if self._notes is not None:
            with suppress(Unavailable):  # without the database nothing is sent anyway
                await self._notes.save(self._state)


def _rebuild_fault(state: ServerState) -> MailFault | None:
    """Build the fault that an earlier process left, so that a restart does not try a wrong password again at once."""
    return MailFault("the mail server cannot be used", permanent=False, code=state.code) if state.code else None
