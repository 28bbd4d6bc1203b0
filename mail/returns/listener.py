"""The port to which bounces, complaints and mails that unsubscribe are delivered: LMTP, or SMTP.

One recipient at a time, so that the answer is that mail's own. 250 is said only when the return is in the database;
returns that arrive together share one commit.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, Envelope, Session

from errors import SelvedgeError
from mail.returns.grouping import GroupQueue
from mail.returns.reading import LARGEST
from mail.sink_server import PipelinedHandler, SinkServer
from mail.smtp_port import PortController, SmtpPort

CHECK_EVERY_S: Final = 0.05
LATER: Final = "451 4.3.0 try again later"


class ReturnServer(SinkServer):
    """One connection; LHLO (RFC 2033) is greeted like EHLO."""

    async def smtp_LHLO(self, arg: str) -> None:
        """Answer the greeting of a server that speaks LMTP."""
        await self.smtp_EHLO(arg)


class ReturnController(PortController):
    """Runs the port in a thread of its own."""

    protocol: type[SMTP] = ReturnServer


@dataclass(frozen=True, slots=True)
class TakenMail:
    """A mail that is in the database. `unsettled`: a mail to somebody who left by it may be under way to this mailbox;
    empty: none is."""

    unsettled: str = ""


@dataclass(frozen=True)
class ReturnDoor:
    """What stands behind the port; each function is asked for many at once.

    Args:
        find_own: which of these addresses are ours: of mails in the ledger, or for complaints.
        take_all: takes in mails, each with its address; None for one that cannot be stored.
        find_unsettled: to which of these mailboxes a mail is under way.
        wait_s: how long a mail is held up by one under way.
    """

    find_own: Callable[[Sequence[str]], set[str]]
    take_all: Callable[[Sequence[tuple[bytes, str]]], Sequence[TakenMail | None]]
    find_unsettled: Callable[[Sequence[str]], set[str]]
    wait_s: float


class ReturnHandler(PipelinedHandler):
    """The handler that aiosmtpd calls at each step."""

    def __init__(self, door: ReturnDoor) -> None:
        self._wait_s = door.wait_s
        self._owned: GroupQueue[str, bool] = GroupQueue(lambda asked: _list_members(asked, door.find_own(asked)))
        self._coming: WeakSet[Envelope] = WeakSet()  # between RCPT and the answer to the text
        self._taken: GroupQueue[tuple[bytes, str], TakenMail | None] = GroupQueue(
            door.take_all, lambda: len(self._coming)
        )
        self._unsettled: GroupQueue[str, bool] = GroupQueue(
            lambda asked: _list_members(asked, door.find_unsettled(asked))
        )

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Accept an address of ours, one in each mail."""
        if envelope.rcpt_tos:
            return "452 4.5.3 one recipient at a time"
        self._coming.add(envelope)
        try:
            known = await self._owned.ask(address)
        except SelvedgeError:
            self._coming.discard(envelope)
            return LATER
        if not known:
            self._coming.discard(envelope)
            return "550 5.1.1 no such address"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Take the mail in."""
        try:
            taken = await self._taken.ask((envelope.original_content or b"", envelope.rcpt_tos[0]))
            self._coming.discard(envelope)
            if taken is None:
                return LATER
            settled = not taken.unsettled or await self._wait_until_settled(taken.unsettled)
        except SelvedgeError:
            return LATER
        return "250 2.0.0 taken" if settled else "451 4.2.0 a last mail is under way; try again later"

    async def _wait_until_settled(self, mailbox: str) -> bool:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._wait_s
        while await self._unsettled.ask(mailbox):
            if loop.time() >= until:
                return False
            await asyncio.sleep(CHECK_EVERY_S)
        return True


def _list_members(asked: Sequence[str], found: set[str]) -> list[bool]:
    return [one in found for one in asked]


class ReturnListener(SmtpPort):
    """The port for what comes back, from `start` to `stop`."""

    setting = "SELVEDGE_RETURNS_PORT"
    largest = LARGEST

    def __init__(self, door: ReturnDoor, port: int, host: str = "127.0.0.1") -> None:
        super().__init__(port, host)
        self._handler = ReturnHandler(door)

    def _build_controller(self, bound: socket.socket, **options: Any) -> PortController:
        return ReturnController(self._handler, bound, **options)
