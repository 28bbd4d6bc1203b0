"""A mail server that misbehaves on demand, for tests and fault drills: the embedded one with planned faults."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, Envelope, Session

from mail.mailbox import Mailbox
from mail.sink import MailboxWriter, Sink, SinkHandler
from mail.sink_server import SinkServer
from mail.smtp_port import PortController

Step = Literal["mail", "rcpt", "data", "text"]
"""MAIL FROM; RCPT TO; the command DATA; the text that follows it."""


@dataclass(frozen=True)
class SmtpFault:
    """A fault at `step`, after `delay_s` real seconds.

    `answer` replaces the usual reply; `hang_up` closes the connection without one. At step `text` the mail is saved all
    the same when `keep` is set, as by a server that dies between delivering and answering.
    """

    step: Step
    answer: str = ""
    hang_up: bool = False
    keep: bool = False
    delay_s: float = 0.0


class FaultPlan:
    """Planned faults, first in, first out at each step; counts what the clients did. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next: list[SmtpFault] = []
        self.always: SmtpFault | None = None
        """What goes wrong when nothing else is due at its step."""
        self.step_counts: Counter[Step] = Counter()
        self.data_at: list[float] = []
        """When each DATA began, by time.monotonic()."""
        self.peers: set[tuple[str, int]] = set()
        """The far ends of the connections on which a mail was begun."""

    def plan(self, fault: SmtpFault, times: int = 1) -> None:
        """Plan `fault` for the next `times` clients at its step."""
        with self._lock:
            self._next += [fault] * times

    def take(self, step: Step) -> SmtpFault | None:
        """Take the fault that is due at `step`."""
        with self._lock:
            self.step_counts[step] += 1
            if step == "data":
                self.data_at.append(time.monotonic())
            due = next((fault for fault in self._next if fault.step == step), None)
            if due is not None:
                self._next.remove(due)
                return due
            return self.always if self.always is not None and self.always.step == step else None


class FaultySink(Sink):
    """A sink with faults: `with FaultySink(mailbox, port) as sink: sink.faults.plan(SmtpFault("rcpt", answer="550
    no"))`."""

    def __init__(self, mailbox: Mailbox, port: int, host: str = "127.0.0.1") -> None:
        super().__init__(mailbox, port, host)
        self.faults = FaultPlan()

    @property
    def connections(self) -> int:
        """How many connections have begun a mail so far."""
        return len(self.faults.peers)

    def _build_server(self, writer: MailboxWriter, bound: socket.socket, **options: Any) -> PortController:
        return _FaultyController(_FaultyHandler(writer, self.faults), bound, **options)


class _FaultyHandler(SinkHandler):
    def __init__(self, writer: MailboxWriter, faults: FaultPlan) -> None:
        super().__init__(writer)
        self.faults = faults

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if isinstance(session.peer, tuple):
            self.faults.peers.add(session.peer)
        answer = await self.play_due("mail", server)
        if not answer:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer or "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self.play_due("rcpt", server)
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

    async def play_due(self, step: Step, server: SMTP) -> str:
        """Play the fault that is due at `step` and return its answer; empty when there is none."""
        return await play(self.faults.take(step), server)


class _FaultyServer(SinkServer):
    async def smtp_DATA(self, arg: str) -> None:
        handler = self.event_handler
        answer = await handler.play_due("data", self) if isinstance(handler, _FaultyHandler) else ""
        if answer:
            await self.push(answer)
        else:
            await super().smtp_DATA(arg)


class _FaultyController(PortController):
    protocol = _FaultyServer


async def play(fault: SmtpFault | None, server: SMTP) -> str:
    """Wait, then hang up or return the answer."""
    if fault is None:
        return ""
    await asyncio.sleep(fault.delay_s)
    if fault.hang_up and isinstance(server.transport, asyncio.WriteTransport):
        server.transport.abort()  # a reset, as when a machine dies
        raise asyncio.CancelledError
    return fault.answer
