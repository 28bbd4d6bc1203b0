"""Clients that hold connections and say nothing: each is let go in time, and the others are served."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import uvicorn

from hosting.http_connection import LimitedConnection
from hosting.http_limits import ConnectionBook, ConnectionLimits
from hosting.log_limits import RepeatFilter

LIMITS = ConnectionLimits(in_all=4, head_s=0.15, body_s=0.15, body_bytes_a_s=1_000_000, head_bytes=2_000, stalled_s=0.2)
GET = b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Read the body, and answer with as many bytes as the path says."""
    size = int(scope["path"].strip("/") or "2")
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-length", str(size).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"x" * size})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    book = ConnectionBook(LIMITS)
    http: Any = partial(LimitedConnection, book=book)
    config = uvicorn.Config(echo, http=http, lifespan="off", log_level="critical", port=0, timeout_keep_alive=60)
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    yield server.servers[0].sockets[0].getsockname()[1]
    await server.shutdown()


async def open_and_say(port: int, words: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(words)
    await writer.drain()
    return reader, writer


async def read_to_end(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(5):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (b"", b""),
        (b"GET / HTTP/1.1\r\nHost: sh", b"408"),
        (b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 10\r\n\r\nabc", b"408"),
        (b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 3_000, b"431"),
    ],
)
async def test_whoever_does_not_go_on_is_let_go(port: int, words: bytes, status: bytes) -> None:
    reader, writer = await open_and_say(port, words)
    assert (await read_to_end(reader)).split(b" ")[1:2] == ([status] if status else [])
    writer.close()


async def test_a_kept_connection_may_be_idle_for_longer_than_a_head(port: int) -> None:
    reader, writer = await open_and_say(port, GET)
    assert (await reader.readuntil(b"xx")).startswith(b"HTTP/1.1 200")
    await asyncio.sleep(2 * LIMITS.head_s)
    writer.write(GET)
    assert (await reader.readuntil(b"xx")).startswith(b"HTTP/1.1 200")
    writer.write(b"\r\n")  # an empty line begins no request, and must not stop the time
    assert await read_to_end(reader) in (
        b"",
        b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    )
    writer.close()


async def test_beyond_all_places_the_longest_idle_connection_makes_room(port: int) -> None:
    kept = [await open_and_say(port, GET) for _ in range(LIMITS.in_all)]
    for reader, _ in kept:
        await reader.readuntil(b"xx")
    late, writer = await open_and_say(port, GET)
    assert (await late.readuntil(b"xx")).startswith(b"HTTP/1.1 200")
    assert await read_to_end(kept[0][0]) == b"", "the first was idle for longest"
    for _, open_one in [*kept, (late, writer)]:
        open_one.close()


async def test_whoever_does_not_read_is_let_go(port: int) -> None:
    reader, writer = await open_and_say(port, b"GET /30000000 HTTP/1.1\r\nHost: shop\r\n\r\n")
    reader._transport.pause_reading()  # type: ignore[attr-defined]
    await asyncio.sleep(3 * LIMITS.stalled_s)
    reader._transport.resume_reading()  # type: ignore[attr-defined]
    assert len(await read_to_end(reader)) < 30_000_000
    writer.close()


def test_one_address_from_outside_gets_its_share_only() -> None:
    class Connection:
        def close(self) -> None:
            pytest.fail("nobody is to be closed")

    connections = [Connection() for _ in range(3)]
    outside = ConnectionBook(ConnectionLimits(per_address=2))
    admitted = [outside.admit(connection, "8.8.8.8") for connection in connections]
    assert admitted == [True, True, False]
    outside.release(connections[2])
    outside.release(connections[0])
    assert outside.admit(Connection(), "8.8.8.8")
    proxied = ConnectionBook(ConnectionLimits(per_address=1))
    assert all(proxied.admit(Connection(), "10.0.0.7") for _ in range(5)), "a proxy holds the connections of all"


def write_line() -> logging.LogRecord:
    return logging.LogRecord("uvicorn.error", logging.WARNING, "", 1, "Invalid HTTP request", None, None)


def test_lines_that_repeat_themselves_are_counted_not_written() -> None:
    one_minute = RepeatFilter(at_once=2, every_s=60.0)
    assert [one_minute.filter(write_line()) for _ in range(4)] == [True, True, False, False]
    for entry in one_minute._seen.values():
        entry[0] -= 61.0
    assert one_minute.filter(line := write_line())
    assert line.msg == "Invalid HTTP request (2 more like this were left out)"


def test_a_line_that_goes_to_several_handlers_counts_once() -> None:
    repeats, lines = RepeatFilter(at_once=2), [write_line() for _ in range(3)]
    assert [[repeats.filter(line) for _ in range(2)] for line in lines] == [[True, True], [True, True], [False, False]]
