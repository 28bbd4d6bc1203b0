"""Another system's end of webhooks: a real HTTP server that notes each message and answers as told."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple, Self


class Delivery(NamedTuple):
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def message_id(self) -> str:
        """The id that the header states."""
        return self.headers["webhook-id"]


class WebhookReceiver:
    """Listens on a port of loopback. `status`: what it answers; `delay_s`: after how long; `headers`: more of them."""

    def __init__(self, status: int = 204, delay_s: float = 0.0, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.delay_s, self.headers = status, delay_s, dict(headers or {})
        self.deliveries: list[Delivery] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                named = {name.lower(): value for name, value in self.headers.items()}
                receiver.deliveries.append(Delivery(self.path, named, body))
                time.sleep(receiver.delay_s)
                self.send_response(receiver.status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def ids(self) -> set[str]:
        """The ids of all messages that came."""
        return {delivery.message_id for delivery in list(self.deliveries)}
