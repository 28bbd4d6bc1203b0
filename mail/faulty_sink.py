"""A sink that misbehaves on demand, for tests and kill drills: the real one with faults put in its way."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, Envelope, Session

from mail.mailbox import Mailbox
from mail.sink import Controlled, Handler, Keeper, Sink
from mail.sink_server import SinkServer

Step = Literal["mail", "rcpt", "data", "text"]
"""MAIL FROM; RCPT TO; the command DATA; the text that follows it."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong at `step`, after `delay_s` real seconds.

    `answer` is said instead of the usual reply; `hang_up` closes the connection without one. At step `text` the mail
    is kept all the same when `keep` is set, as by a server that dies between delivering and answering.
    """

    step: Step
    answer: str = ""
    hang_up: bool = False
    keep: bool = False
    delay_s: float = 0.0


class Faults:
    """Faults still to come, first in, first out at each step; counts what the clients did. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next: list[Fault] = []
        self.always: Fault | None = None
        """What goes wrong when nothing else is due at its step."""
        self.seen: Counter[Step] = Counter()
        self.peers: set[tuple[str, int]] = set()
        """The far ends of the connections on which a mail was begun."""

    def next(self, fault: Fault, times: int = 1) -> None:
        """Let the next `times` clients at that step meet `fault`."""
        with self._lock:
            self._next += [fault] * times

    def take(self, step: Step) -> Fault | None:
        """The fault that is due at `step`."""
        with self._lock:
            self.seen[step] += 1
            due = next((fault for fault in self._next if fault.step == step), None)
            if due is not None:
                self._next.remove(due)
                return due
            return self.always if self.always is not None and self.always.step == step else None


class FaultySink(Sink):
    """`with FaultySink(mailbox, port) as sink: sink.faults.next(Fault("rcpt", answer="550 5.1.1 nobody"))`."""

    def __init__(self, mailbox: Mailbox, port: int, host: str = "127.0.0.1") -> None:
        super().__init__(mailbox, port, host)
        self.faults = Faults()

    @property
    def connections(self) -> int:
        """How many connections have begun a mail so far."""
        return len(self.faults.peers)

    def _handler(self, keeper: Keeper) -> Handler:
        return _FaultyHandler(keeper, self.faults)

    def _controlled(self, handler: Handler, bound: socket.socket, **options: Any) -> Controlled:
        return _FaultyControlled(handler, bound, **options)


class _FaultyHandler(Handler):
    def __init__(self, keeper: Keeper, faults: Faults) -> None:
        super().__init__(keeper)
        self.faults = faults

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if isinstance(session.peer, tuple):
            self.faults.peers.add(session.peer)
        answer = await self.met("mail", server)
        if not answer:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer or "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self.met("rcpt", server)
        if not answer:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return answer or "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        fault = self.faults.take("text")
        if fault is None or fault.keep or not (fault.answer or fault.hang_up):
            usual = await super().handle_DATA(server, session, envelope)
        else:
            usual = ""
        return await play(fault, server) or usual

    async def met(self, step: Step, server: SMTP) -> str:
        """What is said at `step` instead of the usual; empty when nothing goes wrong."""
        return await play(self.faults.take(step), server)


class _FaultyServer(SinkServer):
    async def smtp_DATA(self, arg: str) -> None:
        handler = self.event_handler
        answer = await handler.met("data", self) if isinstance(handler, _FaultyHandler) else ""
        if answer:
            await self.push(answer)
        else:
            await super().smtp_DATA(arg)


class _FaultyControlled(Controlled):
    protocol = _FaultyServer


async def play(fault: Fault | None, server: SMTP) -> str:
    """Wait, then hang up or give the answer."""
    if fault is None:
        return ""
    await asyncio.sleep(fault.delay_s)
    if fault.hang_up and isinstance(server.transport, asyncio.WriteTransport):
        server.transport.abort()  # a reset, as when a machine dies
        raise asyncio.CancelledError
    return fault.answer
