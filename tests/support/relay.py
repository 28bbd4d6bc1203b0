"""A network that can be cut: what stands between a process and a server on this machine."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Final

from tests.support.ports import free_port

_CHUNK: Final = 1 << 16


class Relay:
    """Passes bytes between its own port and `target` of 127.0.0.1. While it is cut, nothing passes and nobody is told;
    when it heals, the connections of before are gone."""

    def __init__(self, target: int) -> None:
        self.port, self._target = free_port(), target
        self._whole = threading.Event()
        self._whole.set()
        self._open: set[socket.socket] = set()
        self._door = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Let nothing pass from now on."""
        self._whole.clear()

    def heal(self) -> None:
        """Let connections pass again; those of before are reset."""
        before, self._open = self._open, set()
        for one in before:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._whole.set()

    def close(self) -> None:
        """End it."""
        self._door.close()
        self.heal()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = self._door.accept()
                threading.Thread(target=self._serve, args=(caller,), daemon=True).start()

    def _serve(self, caller: socket.socket) -> None:
        self._whole.wait()
        try:
            server = socket.create_connection(("127.0.0.1", self._target), 5)
            server.settimeout(None)
        except OSError:
            caller.close()
            return
        self._open |= {caller, server}
        for source, sink in ((caller, server), (server, caller)):
            threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(_CHUNK):
                self._whole.wait()
                sink.sendall(chunk)
        with contextlib.suppress(OSError):  # also when the source was killed
            sink.shutdown(socket.SHUT_WR)
