"""`selvedge web --workers 2` as a process of its own, and who holds which connection."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import psutil

from settings import Settings
from tests.support.worker import ROOT, environment

PROCESSES = 2
STANDING = b"selvedge_web_processes 2.0"


class Site:
    """The two processes behind their port."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        command = (sys.executable, "-m", "cli", "web", "--workers", str(PROCESSES))
        self.running = subprocess.Popen(command, env=environment(settings), cwd=ROOT, stderr=subprocess.PIPE)

    def is_up(self) -> bool:
        """Whether it answers. Fails when it ended."""
        assert self.running.poll() is None, self.running.stderr.read() if self.running.stderr else ""
        with suppress(OSError):
            return self.ask_anew("/static/selvedge.svg")[0] == 200
        return False

    def end(self) -> bytes:
        """Tell it to end, and return what it told on its log: it ended well."""
        self.running.send_signal(signal.SIGTERM)
        _, told = self.running.communicate(timeout=30)
        assert self.running.returncode == 0, told.decode()
        assert b"Traceback" not in told, told.decode()
        return told

    def list_processes(self) -> set[int]:
        """The processes that serve now."""
        return {child.pid for child in psutil.Process(self.running.pid).children()}

    @property
    def key(self) -> dict[str, str]:
        """The header that shows the API's key."""
        return {"Authorization": f"Bearer {self.settings.keys.api}"}

    def connect(self) -> http.client.HTTPConnection:
        """A connection that opens with its first request."""
        return http.client.HTTPConnection("127.0.0.1", self.settings.web_port, timeout=10)

    def ask_anew(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        """Ask by a connection of its own."""
        with closing(self.connect()) as connection:
            return ask(connection, path, headers=headers)[:2]

    @contextmanager
    def connect_to_each(self) -> Iterator[dict[int, http.client.HTTPConnection]]:
        """Give one kept connection to each process, by its id."""
        held = self._find_each()
        try:
            yield held
        finally:
            for connection in held.values():
                connection.close()

    def _find_each(self) -> dict[int, http.client.HTTPConnection]:
        held: dict[int, http.client.HTTPConnection] = {}
        wanted = wait(self.list_processes, lambda found: len(found) == PROCESSES)
        for _ in range(200):
            connection = self.connect()
            assert ask(connection, "/static/selvedge.svg")[0] == 200
            holder = self.find_holder(connection, wanted)
            if held.setdefault(holder, connection) is not connection:
                connection.close()
            if held.keys() == wanted:
                return held
        raise AssertionError(f"only {held.keys()} of {wanted} take connections")

    def find_holder(self, connection: http.client.HTTPConnection, processes: set[int]) -> int:
        """Which process holds the other end."""
        port = connection.sock.getsockname()[1]
        for pid in processes:
            if any(one.raddr and one.raddr.port == port for one in psutil.Process(pid).net_connections("tcp")):
                return pid
        raise AssertionError("nobody holds it")


def ask(
    connection: http.client.HTTPConnection,
    path: str,
    body: Any = None,
    headers: dict[str, str] | None = None,
    method: str = "",
) -> tuple[int, bytes, http.client.HTTPMessage]:
    """Ask by this connection: status, body and headers of the answer."""
    data = None if body is None else json.dumps(body).encode()
    connection.request(method or ("GET" if body is None else "POST"), path, data, headers or {})
    answer = connection.getresponse()
    return answer.status, answer.read(), answer.headers


def wait(find: Callable[[], Any], is_good: Callable[[Any], bool], seconds: float = 60.0) -> Any:
    """Wait until what is found is good, and return it."""
    until = time.monotonic() + seconds
    while not is_good(found := find()):
        assert time.monotonic() < until, found
        time.sleep(0.02)
    return found
