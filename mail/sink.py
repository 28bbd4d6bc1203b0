"""The embedded mail server: it accepts every mail, saves it in the local mailbox and delivers it to nobody.

A mail is answered with 250 only when it is on the disk. Mails that arrive together share one commit, because the disk
is the slow part.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from sqlite3 import Error
from types import TracebackType
from typing import Any, Final, Self
from weakref import WeakSet

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from errors import ConfigError
from mail.mailbox import Arrival, Mailbox
from mail.sink_server import SinkServer
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


class SinkHandler:
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


class SinkController(Controller):
    """Runs the server in a thread, on a socket that is bound already, so that a port in use is noticed at once."""

    def __init__(self, handler: object, bound: socket.socket, **options: Any) -> None:
        host, port = bound.getsockname()[:2]
        super().__init__(handler, hostname=host, port=port, **options)
        self._bound = bound
        self._serving: WeakSet[SMTP] = WeakSet()

    def _create_server(self) -> Awaitable[asyncio.AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._bound)

    protocol: type[SMTP] = SinkServer

    def factory(self) -> SMTP:
        """Make the server side of one connection."""
        server = self.protocol(self.handler, **self.SMTP_kwargs)
        self._serving.add(server)
        return server

    def cancel_tasks(self, stop_loop: bool = True) -> None:
        """Hang up on whoever is still connected, and stop the loop once their sockets are closed."""
        for server in list(self._serving):
            if server.transport is not None:
                server.transport.close()
        super().cancel_tasks(stop_loop=False)
        if stop_loop:
            self.loop.call_later(0.02, self.loop.stop)


class Sink:
    """An SMTP server in a thread of its own, from `start` to `stop`. Port 0 takes a free one; `port` then holds it."""

    def __init__(self, mailbox: Mailbox, port: int, host: str = "127.0.0.1") -> None:
        self.mailbox, self.host, self.port = mailbox, host, port
        self._writer: MailboxWriter | None = None
        self._controller: SinkController | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        return cls(Mailbox(get_mailbox_path(settings)), settings.mailbox_port)

    @property
    def url(self) -> str:
        """What SELVEDGE_SMTP_URL is to reach it."""
        return f"smtp://{self.host}:{self.port}"

    def start(self) -> None:
        """Open the port and serve. Raises ConfigError naming SELVEDGE_MAILBOX_PORT when the port is in use."""
        self.mailbox.count()  # makes the file, so that a folder that cannot be written shows now
        try:
            bound = socket.create_server((self.host, self.port))
        except OSError as error:
            raise ConfigError(
                f"SELVEDGE_MAILBOX_PORT: port {self.port} cannot be opened ({error.strerror}); set another"
            ) from None
        self.port = bound.getsockname()[1]
        self._writer = MailboxWriter(self.mailbox)
        self._controller = self._build_controller(
            self._build_handler(self._writer),
            bound,
            data_size_limit=LARGEST,
            server_hostname="selvedge",
            ready_timeout=15,
        )
        self._controller.start()

    def stop(self) -> None:
        """Close the port; mails that are waiting are written first."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None
        if self._writer is not None:
            self._writer.stop()
            self._writer = None

    def _build_handler(self, writer: MailboxWriter) -> SinkHandler:
        return SinkHandler(writer)

    def _build_controller(self, handler: SinkHandler, bound: socket.socket, **options: Any) -> SinkController:
        return SinkController(handler, bound, **options)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def get_mailbox_path(settings: Settings) -> Path:
    """Return the path of the embedded mailbox."""
    return settings.home / "mailbox.db"
