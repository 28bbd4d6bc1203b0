"""The embedded mail server: it accepts every mail, saves it in the local mailbox and delivers it to nobody.

A mail is answered with 250 only when it is on the disk. Mails that arrive together share one commit, because the disk
is the slow part.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from sqlite3 import Error
from typing import Any, Final, Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from mail.mailbox import Arrival, Mailbox
from mail.sink_server import PipelinedHandler
from mail.smtp_port import PortController, SmtpPort
from settings import Settings

logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd's; it would write addresses into the log

LARGEST: Final = 10 * 1024 * 1024
ACCEPTED: Final = "250 2.0.0 kept"
NOT_WRITTEN: Final = "451 4.3.0 the mailbox cannot be written"


class MailboxWriter:
    """Writes arrivals in a thread of its own, as many at once as are waiting."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._waiting: SimpleQueue[tuple[Arrival, Callable[[bool], None]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="mailbox", daemon=True)
        self._thread.start()

    async def keep(self, arrival: Arrival) -> bool:
        """Save the arrival and return whether it is on the disk."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[bool] = loop.create_future()
        self._waiting.put((arrival, lambda written: _report(loop, future, written)))
        return await future

    def stop(self) -> None:
        """Write what is waiting, then end the thread."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        with self._mailbox.hold_open():
            self._write_arrivals()

    def _write_arrivals(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch = [first]
            ending = False
            while len(batch) < 200 and not ending:
                try:
                    more = self._waiting.get_nowait()
                except Empty:
                    break
                if more is None:
                    ending = True
                else:
                    batch.append(more)
            written = self._write([arrival for arrival, _ in batch])
            for _, tell in batch:
                tell(written)
            if ending:
                return

    def _write(self, arrivals: list[Arrival]) -> bool:
        try:
            self._mailbox.append(arrivals)
        except (Error, OSError):
            return False
        return True


def _report(loop: asyncio.AbstractEventLoop, future: asyncio.Future[bool], written: bool) -> None:
    def settle() -> None:
        if not future.done():  # the client may have hung up meanwhile
            future.set_result(written)

    if not loop.is_closed():
        loop.call_soon_threadsafe(settle)


class SinkHandler(PipelinedHandler):
    """The handler that aiosmtpd calls at each step."""

    def __init__(self, writer: MailboxWriter) -> None:
        self.writer = writer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        return ACCEPTED if await self.keep_copies(envelope) else NOT_WRITTEN

    async def keep_copies(self, envelope: Envelope) -> bool:
        """Save one copy for each recipient and return whether all are saved."""
        raw = envelope.original_content or b""
        now = datetime.now(UTC)
        copies = [Arrival(now, envelope.mail_from or "", to, raw) for to in envelope.rcpt_tos]
        return all([await self.writer.keep(copy) for copy in copies])


class Sink(SmtpPort):
    """The embedded mail server, from `start` to `stop`."""

    setting = "SELVEDGE_MAILBOX_PORT"
    largest = LARGEST

    def __init__(self, mailbox: Mailbox, port: int, host: str = "127.0.0.1") -> None:
        super().__init__(port, host)
        self.mailbox = mailbox
        self._writer: MailboxWriter | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        return cls(Mailbox(get_mailbox_path(settings)), settings.mailbox_port)

    @property
    def url(self) -> str:
        """What SELVEDGE_SMTP_URL is to reach it."""
        return f"smtp://{self.host}:{self.port}"

    def start(self, shared: socket.socket | None = None) -> None:
        """Open the port and serve. Raises ConfigError naming SELVEDGE_MAILBOX_PORT when the port is in use."""
        self.mailbox.count()  # makes the file, so that a folder that cannot be written shows now
        super().start(shared)

    def stop(self) -> None:
        """Close the port; mails that are waiting are written first."""
        super().stop()
        if self._writer is not None:
            self._writer.stop()
            self._writer = None

    def _build_controller(self, bound: socket.socket, **options: Any) -> PortController:
        self._writer = MailboxWriter(self.mailbox)
        return self._build_server(self._writer, bound, **options)

    def _build_server(self, writer: MailboxWriter, bound: socket.socket, **options: Any) -> PortController:
        return PortController(SinkHandler(writer), bound, **options)


def get_mailbox_path(settings: Settings) -> Path:
    """Return the path of the embedded mailbox."""
    return settings.home / "mailbox.db"
