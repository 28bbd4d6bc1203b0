"""The one way to open a port for TCP: answers leave at once."""

from __future__ import annotations

import socket


def bind_listener(host: str, port: int) -> socket.socket:
    """Bind a socket to `host` (a name, an IPv4 or IPv6 address) and `port`; 0 takes a free one. Whoever serves on it
    calls `listen`.

    With the protocol named, every accepted connection sends small answers at once (TCP_NODELAY, set by asyncio) instead
    of waiting until the last one is acknowledged, which takes some 40 ms each time.

    Raises: OSError when the address is taken or is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener
