"""The embedded mail server: takes every mail, keeps it in the local mailbox, delivers it to nobody.

A mail is answered with 250 only when it lies on the disk. Mails that arrive together share one commit, because the
disk is the slow part.
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
KEPT: Final = "250 2.0.0 kept"
NOT_KEPT: Final = "451 4.3.0 the mailbox cannot be written"


class Keeper:
    """Writes arrivals in a thread of its own, as many at once as are waiting."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._waiting: SimpleQueue[tuple[Arrival, Callable[[bool], None]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="mailbox", daemon=True)
        self._thread.start()

    async def keep(self, arrival: Arrival) -> bool:
        """Whether it lies on the disk."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[bool] = loop.create_future()
        self._waiting.put((arrival, lambda kept: _tell(loop, done, kept)))
        return await done

    def stop(self) -> None:
        """Write what waits, then end."""
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
            kept = self._written([arrival for arrival, _ in batch])
            for _, tell in batch:
                tell(kept)
            if ending:
                return

    def _written(self, arrivals: list[Arrival]) -> bool:
        try:
            self._mailbox.append(arrivals)
        except (Error, OSError):
            return False
        return True


def _tell(loop: asyncio.AbstractEventLoop, done: asyncio.Future[bool], kept: bool) -> None:
    def settle() -> None:
        if not done.done():  # the client may have hung up meanwhile
            done.set_result(kept)

    if not loop.is_closed():
        loop.call_soon_threadsafe(settle)


class Handler:
    """What aiosmtpd asks at each step."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        return KEPT if await self.kept(envelope) else NOT_KEPT

    async def kept(self, envelope: Envelope) -> bool:
        """Keep one copy for each recipient; whether all are kept."""
        raw = envelope.original_content or b""
        now = datetime.now(UTC)
        copies = [Arrival(now, envelope.mail_from or "", to, raw) for to in envelope.rcpt_tos]
        return all([await self.keeper.keep(copy) for copy in copies])


class Controlled(Controller):
    """Runs the server in a thread, on a socket that is bound already: so a taken port shows at once."""

    def __init__(self, handler: Handler, bound: socket.socket, **options: Any) -> None:
        host, port = bound.getsockname()[:2]
        super().__init__(handler, hostname=host, port=port, **options)
        self._bound = bound
        self._serving: WeakSet[SMTP] = WeakSet()

    def _create_server(self) -> Awaitable[asyncio.AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._bound)

    protocol: type[SMTP] = SinkServer

    def factory(self) -> SMTP:
        """The server side of one connection."""
        made = self.protocol(self.handler, **self.SMTP_kwargs)
        self._serving.add(made)
        return made

    def cancel_tasks(self, stop_loop: bool = True) -> None:
        """Hang up on whoever is still connected, and stop the loop once their sockets are closed."""
        for each in list(self._serving):
            if each.transport is not None:
                each.transport.close()
        super().cancel_tasks(stop_loop=False)
        if stop_loop:
            self.loop.call_later(0.02, self.loop.stop)


class Sink:
    """An SMTP server in a thread of its own, from `start` to `stop`. Port 0 takes a free one, told by `port` then."""

    def __init__(self, mailbox: Mailbox, port: int, host: str = "127.0.0.1") -> None:
        self.mailbox, self.host, self.port = mailbox, host, port
        self._keeper: Keeper | None = None
        self._controller: Controlled | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        return cls(Mailbox(mailbox_file(settings)), settings.mailbox_port)

    @property
    def url(self) -> str:
        """What SELVEDGE_SMTP_URL is to reach it."""
        return f"smtp://{self.host}:{self.port}"

    def start(self) -> None:
        """Raises ConfigError naming SELVEDGE_MAILBOX_PORT when the port is taken."""
        self.mailbox.count()  # makes the file, so that a folder that cannot be written shows now
        try:
            bound = socket.create_server((self.host, self.port))
        except OSError as taken:
            raise ConfigError(
                f"SELVEDGE_MAILBOX_PORT: port {self.port} cannot be opened ({taken.strerror}); set another"
            ) from None
        self.port = bound.getsockname()[1]
        self._keeper = Keeper(self.mailbox)
        self._controller = self._controlled(
            self._handler(self._keeper), bound, data_size_limit=LARGEST, server_hostname="selvedge", ready_timeout=15
        )
        self._controller.start()

    def stop(self) -> None:
        """Close the port; mails that wait to be written are written first."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None
        if self._keeper is not None:
            self._keeper.stop()
            self._keeper = None

    def _handler(self, keeper: Keeper) -> Handler:
        return Handler(keeper)

    def _controlled(self, handler: Handler, bound: socket.socket, **options: Any) -> Controlled:
        return Controlled(handler, bound, **options)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def mailbox_file(settings: Settings) -> Path:
    """Where the embedded mailbox lies."""
    return settings.home / "mailbox.db"
