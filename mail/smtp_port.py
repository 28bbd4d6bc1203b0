"""An SMTP port in a thread of its own, whatever is behind it: the embedded mailbox, or what comes back for our mail."""

from __future__ import annotations

import asyncio
import socket
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Any, ClassVar, Final, Self
from weakref import WeakSet

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from errors import ConfigError
from listening_socket import bind_listener
from mail.sink_server import SinkServer

BACKLOG: Final = 128


class PortController(Controller):
    """Runs the server in a thread, on a socket that is bound already, so that a port in use is noticed at once."""

    def __init__(self, handler: object, bound: socket.socket, *, shared: bool = False, **options: Any) -> None:
        host, port = bound.getsockname()[:2]
        super().__init__(handler, hostname=host, port=port, **options)
        self._bound, self._shared = bound, shared
        self._serving: WeakSet[SMTP] = WeakSet()

    async def _create_server(self) -> asyncio.AbstractServer:
        if not self._shared:
            return await self.loop.create_server(self._factory_invoker, sock=self._bound)
        # asyncio accepts up to `backlog` connections at once; with one, processes that are idle get their share.
        server = await self.loop.create_server(self._factory_invoker, sock=self._bound, backlog=1)
        self._bound.listen(BACKLOG)
        return server

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


class SmtpPort(ABC):
    """The port, from `start` to `stop`. Port 0 takes a free one; `port` then holds it."""

    setting: ClassVar[str]
    """The setting that names the port."""
    largest: ClassVar[int]
    """Bytes of the largest mail."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.host, self.port = host, port
        self._controller: PortController | None = None

    @abstractmethod
    def _build_controller(self, bound: socket.socket, **options: Any) -> PortController:
        """Build what serves the port that is bound already."""

    @classmethod
    def open_socket(cls, host: str, port: int) -> socket.socket:
        """Open the port; connections wait until somebody serves. Raises ConfigError naming the setting."""
        try:
            bound = bind_listener(host, port)
            bound.listen(BACKLOG)  # from here on nobody else gets the port
        except OSError as error:
            raise ConfigError(
                f"{cls.setting}: port {port} on {host} cannot be opened ({error.strerror}); set another"
            ) from None
        return bound

    def start(self, shared: socket.socket | None = None) -> None:
        """Open the port and serve. `shared`: the port, opened before, on which other processes serve too. Raises
        ConfigError naming the setting when it cannot be opened."""
        bound = shared or self.open_socket(self.host, self.port)
        self.port = bound.getsockname()[1]
        options = {"data_size_limit": self.largest, "server_hostname": "selvedge", "ready_timeout": 15}
        self._controller = self._build_controller(bound, shared=shared is not None, **options)
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
