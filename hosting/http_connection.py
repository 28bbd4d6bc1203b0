"""A connection of the web process: uvicorn's own, with times and sizes that a client must keep to.

uvicorn waits for ever for the headers, the body and the reader of an answer, so that a few hundred connections that
say nothing would take every place.
"""

from __future__ import annotations

import asyncio
from asyncio.events import TimerHandle
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from domain.proxy_peers import PEER
from hosting.http_limits import ConnectionBook

LOOK_EVERY_S: Final = 5.0
GRACE_S: Final = 0.5
_REFUSALS: Final = {
    408: b"HTTP/1.1 408 Request Timeout",
    431: b"HTTP/1.1 431 Request Header Fields Too Large",
    503: b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5",
}


class LimitedConnection(HttpToolsProtocol):
    """One connection. It is in one of four phases: head, body, answer, idle."""

    def __init__(self, *arguments: Any, book: ConnectionBook, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._book, self._limits = book, book.limits
        self._timer: TimerHandle | None = None
        self._stall: TimerHandle | None = None
        self._in_head, self._head_bytes = True, 0
        self._body_until, self._has_begun = 0.0, False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self._book.admit(self, self.client[0] if self.client else ""):
            self._set_timer(self._limits.head_s, self._end_head)
        else:
            self._refuse(503)

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._timer, self._stall):
            if timer is not None:
                timer.cancel()
        self._unset_keepalive_if_required()
        self._book.release(self)
        super().connection_lost(exc)

    def close(self) -> None:
        """Close it, for somebody who has more to say."""
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._has_begun = True
        if self._book.mark_busy(self):
            self._set_timer(self._limits.head_s, self._end_head)
        began_in_head = self._in_head
        self._body_until += len(data) / self._limits.body_bytes_a_s
        super().data_received(data)
        if began_in_head and self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > self._limits.head_bytes:
                self._refuse(431)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        # What proxies say of themselves replaces `client` further on; whom to believe is decided by this.
        self.scope[PEER] = self.client[0] if self.client else ""  # type: ignore[typeddict-unknown-key]

    def on_headers_complete(self) -> None:
        self._in_head, self._head_bytes = False, 0
        self._body_until = self.loop.time() + self._limits.body_s
        self._set_timer(self._limits.body_s, self._check_body)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head = True
        self._set_timer(None)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and self._in_head and (self.cycle is None or self.cycle.response_complete):
            self._book.mark_idle(self)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall = self.loop.call_later(self._limits.stalled_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def _set_timer(self, seconds: float | None, act: Any = None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, act)

    def _end_head(self) -> None:
        """Give what has arrived meanwhile, while we were busy, a moment to be read; then end the connection."""
        self._set_timer(GRACE_S, self._close_head)

    def _close_head(self) -> None:
        """End a connection whose headers did not come in time; one that said nothing is told nothing."""
        if self._has_begun:
            self._refuse(408)
        else:
            self.transport.close()

    def _check_body(self) -> None:
        """End a request whose body comes too slowly. While we do not read it, the client is not to blame."""
        now = self.loop.time()
        if self.flow.read_paused:
            self._body_until = max(self._body_until, now + LOOK_EVERY_S)
        if now < self._body_until:
            self._set_timer(min(LOOK_EVERY_S, self._body_until - now) + 0.01, self._check_body)
        else:
            self._refuse(408)

    def _refuse(self, status: int) -> None:
        if self.transport.is_closing():
            return
        if self.cycle is None or not self.cycle.response_started or self.cycle.response_complete:
            self.transport.write(_REFUSALS[status] + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        self.transport.close()
