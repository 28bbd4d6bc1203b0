"""The port to which bounces, complaints and mails that unsubscribe are delivered: LMTP, or SMTP.

One recipient at a time, so that the answer is that mail's own. 250 is said only when the return is in the database.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from errors import SelvedgeError
from mail.returns.reading import LARGEST
from mail.sink_server import SinkServer
from mail.smtp_port import PortController, SmtpPort

Take = Callable[[bytes, str], bool]
"""Takes in a mail that came to an address; False: it is not settled yet, so that it must be sent again."""
Known = Callable[[str], bool]
"""Whether an address is one of ours: of a mail in the ledger, or for complaints."""


class ReturnServer(SinkServer):
    """One connection; LHLO (RFC 2033) is greeted like EHLO."""

    async def smtp_LHLO(self, arg: str) -> None:
        """Answer the greeting of a server that speaks LMTP."""
        await self.smtp_EHLO(arg)


class ReturnController(PortController):
    """Runs the port in a thread of its own."""

    protocol: type[SMTP] = ReturnServer


class ReturnHandler:
    """The handler that aiosmtpd calls at each step."""

    def __init__(self, take: Take, is_known: Known) -> None:
        self._take, self._is_known = take, is_known

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Accept an address of ours, one in each mail."""
        if envelope.rcpt_tos:
            return "452 4.5.3 one recipient at a time"
        try:
            known = await asyncio.to_thread(self._is_known, address)
        except SelvedgeError:
            return "451 4.3.0 try again later"
        if not known:
            return "550 5.1.1 no such address"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Take the mail in."""
        raw = envelope.original_content or b""
        try:
            settled = await asyncio.to_thread(self._take, raw, envelope.rcpt_tos[0])
        except SelvedgeError:
            return "451 4.3.0 try again later"
        return "250 2.0.0 taken" if settled else "451 4.2.0 a last mail is under way; try again later"


class ReturnListener(SmtpPort):
    """The port for what comes back, from `start` to `stop`."""

    setting = "SELVEDGE_RETURNS_PORT"
    largest = LARGEST

    def __init__(self, take: Take, is_known: Known, port: int, host: str = "127.0.0.1") -> None:
        super().__init__(port, host)
        self._handler = ReturnHandler(take, is_known)

    def _build_controller(self, bound: socket.socket, **options: Any) -> PortController:
        return ReturnController(self._handler, bound, **options)
