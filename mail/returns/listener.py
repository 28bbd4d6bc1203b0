"""The port to which bounces, complaints and mails that unsubscribe are delivered: LMTP, or SMTP.

One recipient at a time, so that the answer is that mail's own. 250 is said only when the return is in the database.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from errors import ConfigError, SelvedgeError
from mail.returns.reading import LARGEST
from mail.sink import SinkController
from mail.sink_server import SinkServer

Take = Callable[[bytes, str], bool]
"""Takes in a mail that came to an address; False: it is not settled yet, so that it must be sent again."""
Known = Callable[[str], bool]
"""Whether an address is one of ours: of a mail in the ledger, or for complaints."""


class ReturnServer(SinkServer):
    """One connection; LHLO (RFC 2033) is greeted like EHLO."""

    async def smtp_LHLO(self, arg: str) -> None:
        """Answer the greeting of a server that speaks LMTP."""
        await self.smtp_EHLO(arg)


class ReturnController(SinkController):
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


class ReturnListener:
    """The port, from `start` to `stop`. Port 0 takes a free one; `port` then holds it."""

    def __init__(self, take: Take, is_known: Known, port: int, host: str = "127.0.0.1") -> None:
        self._handler, self.host, self.port = ReturnHandler(take, is_known), host, port
        self._controller: ReturnController | None = None

    def start(self) -> None:
        """Open the port and serve. Raises ConfigError naming SELVEDGE_RETURNS_PORT when it cannot be opened."""
        try:
            bound = socket.create_server((self.host, self.port))
        except OSError as error:
            raise ConfigError(
                f"SELVEDGE_RETURNS_PORT: port {self.port} on {self.host} cannot be opened ({error.strerror})"
            ) from None
        self.port = bound.getsockname()[1]
        options = {"data_size_limit": LARGEST, "server_hostname": "selvedge", "ready_timeout": 15}
        self._controller = ReturnController(self._handler, bound, **options)
        self._controller.start()

    def stop(self) -> None:
        """Close the port."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
