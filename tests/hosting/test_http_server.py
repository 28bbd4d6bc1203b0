"""The server as it is built: whom a connection comes from is noted before anything that proxies say of themselves."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from domain.proxy_peers import PEER
from hosting.http_server import build_server
from settings import Settings


async def tell_addresses(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the address of the client, and that of the peer."""
    body = json.dumps([scope["client"][0], scope[PEER], scope["scheme"]]).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@pytest.mark.parametrize(
    ("networks", "expected"),
    [
        ("", ["198.51.100.7", "127.0.0.1", "https"]),
        ("10.1.0.0/16", ["198.51.100.7", "127.0.0.1", "https"]),
        ("198.51.100.0/24", ["192.0.2.1", "127.0.0.1", "https"]),
    ],
    ids=["none", "elsewhere", "a-chain"],
)
async def test_what_proxies_say_changes_the_client_and_never_the_peer(
    tmp_path: Path, networks: str, expected: list[str]
) -> None:
    settings = Settings(home=tmp_path, proxy_networks=networks, _env_file=None)
    server = build_server(tell_addresses, settings)
    server.config.host, server.config.port, server.config.lifespan = "127.0.0.1", 0, "off"
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup()
    port = server.servers[0].sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    forwarded = b"X-Forwarded-For: 192.0.2.1, 198.51.100.7\r\nX-Forwarded-Proto: https\r\n"
    # The second request of a connection is told apart as well as the first.
    for _ in range(2):
        writer.write(b"GET / HTTP/1.1\r\nHost: shop\r\n" + forwarded + b"\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        assert json.loads(await reader.readexactly(length)) == expected
    writer.close()
    await server.shutdown()
