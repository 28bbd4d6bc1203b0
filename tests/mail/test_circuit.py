"""While the mail server cannot be used, one connection a minute is tried, whatever waits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest

from errors import MailFault, Unavailable
from mail.circuit import ServerCircuit
from mail.smtp_url import parse_smtp_url
from mail.transport import DeliveryOutcome, Transport
from models.mail_servers import ServerState
from tests.mail.test_transport import Door, envelope


class Watch:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 6, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Guarded:
    """A server that asks for a password; counts who tries one."""

    def __init__(self) -> None:
        self.logins, self.right = 0, False
        self.sessions: list[asyncio.Task[None] | None] = []

    async def respond(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions.append(asyncio.current_task())
        writer.write(b"220 mail\r\n")
        with suppress(OSError):
            while line := (await reader.readline()).upper():
                answer = b"250 2.0.0 ok\r\n"
                if line.startswith(b"EHLO"):
                    answer = b"250-mail\r\n250 AUTH PLAIN\r\n"
                elif line.startswith(b"AUTH"):
                    self.logins += 1
                    answer = b"235 2.7.0 in\r\n" if self.right else b"535 5.7.8 no\r\n"
                elif line.startswith(b"DATA"):
                    writer.write(b"354 go\r\n")
                    await reader.readuntil(b"\r\n.\r\n")
                writer.write(answer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


@asynccontextmanager
async def open_guarded(watch: Watch, circuit: ServerCircuit | None = None) -> AsyncIterator[tuple[Guarded, Transport]]:
    made = Guarded()
    server = await asyncio.start_server(made.respond, "127.0.0.1", 0)
    url = f"smtp://ann:wrong@127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with (
        server,
        Transport(parse_smtp_url(url), timeout_s=5, circuit=circuit or ServerCircuit(wall=watch)) as transport,
    ):
        yield made, transport
    await asyncio.gather(*filter(None, made.sessions))


async def deliver(transport: Transport) -> str:
    try:
        return await transport.deliver(envelope(), Door())
    except MailFault as fault:
        return fault.code


async def test_a_wrong_password_is_tried_once_a_minute_and_one_line_says_so(caplog: pytest.LogCaptureFixture) -> None:
    watch = Watch()
    async with open_guarded(watch) as (server, transport):
        for minute in range(1, 4):
            codes = await asyncio.gather(*(deliver(transport) for _ in range(20)))
            assert set(codes) == {"smtp_auth"}
            assert server.logins == minute
            watch.now += timedelta(seconds=61)
        lines = [record for record in caplog.records if record.name == "selvedge.mail"]
        assert [record.levelno for record in lines] == [logging.WARNING]
        assert "user or password is refused by 127.0.0.1" in lines[0].getMessage()
        assert lines[0].exc_info is None
        server.right = True
        assert await deliver(transport) == DeliveryOutcome.ACCEPTED
    assert "works again" in caplog.text


async def test_a_restart_does_not_try_it_again_at_once() -> None:
    watch = Watch()
    left = ServerState(code="smtp_auth", failures=3, since=watch.now, try_at=watch.now + timedelta(seconds=30))
    async with open_guarded(watch, ServerCircuit(state=left, wall=watch)) as (server, transport):
        assert await deliver(transport) == "smtp_auth"
        assert server.logins == 0
        watch.now += timedelta(seconds=31)
        server.right = True
        assert await deliver(transport) == DeliveryOutcome.ACCEPTED


class KeptStates:
    """Kept elsewhere, by somebody who may be away."""

    def __init__(self, granted: bool = True, away: bool = False) -> None:
        self.granted, self.away = granted, away
        self.saved: list[ServerState] = []

    async def claim_try(self, until: datetime) -> bool:
        return self.granted

    async def save(self, state: ServerState) -> None:
        if self.away:
            raise Unavailable("the database does not answer")
        self.saved.append(state)


async def test_another_process_that_took_the_try_leaves_none_for_this_one() -> None:
    watch, kept = Watch(), KeptStates(granted=False)
    async with open_guarded(watch, ServerCircuit(kept, wall=watch)) as (server, transport):
        assert await deliver(transport) == "smtp_auth"
        watch.now += timedelta(seconds=61)
        assert await deliver(transport) == "smtp_auth"
        assert server.logins == 1
    assert [state.code for state in kept.saved] == ["smtp_auth"]


async def test_what_is_found_is_kept_even_by_a_process_that_met_no_fault() -> None:
    watch, kept = Watch(), KeptStates()
    async with open_guarded(watch, ServerCircuit(kept, wall=watch)) as (server, transport):
        server.right = True
        assert transport.circuit.needs_check
        await transport.check_server()
        assert not transport.circuit.needs_check
        await transport.check_server()
        assert [state.code for state in kept.saved] == [""], "not for every connection"
        watch.now += timedelta(seconds=61)
        assert transport.circuit.needs_check
        await transport.check_server()
        assert [state.code for state in kept.saved] == ["", ""]


async def test_without_the_database_the_fault_is_the_servers() -> None:
    watch = Watch()
    async with open_guarded(watch, ServerCircuit(KeptStates(away=True), wall=watch)) as (_, transport):
        assert await deliver(transport) == "smtp_auth"
