"""Who is connected to the web process: at most so many in all and from one address; an idle one makes room."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Protocol


@dataclass(frozen=True)
class ConnectionLimits:
    """What one connection may cost. Times are real seconds."""

    in_all: int = 18_000
    per_address: int = 256
    """Of addresses outside of our own network: a proxy there holds the connections of all clients."""
    head_s: float = 10.0
    """From its first byte, or the connection, to the end of a request's headers."""
    body_s: float = 30.0
    """For its body, and one second more for each `body_bytes_a_s`."""
    body_bytes_a_s: int = 20_000
    head_bytes: int = 65_536
    stalled_s: float = 30.0
    """For which a client may take nothing of an answer."""
    idle_s: float = 75.0
    """Between two requests."""


class Closable(Protocol):
    """A connection as this book sees it."""

    def close(self) -> None:
        """Close it; its end is reported by `release`."""


class ConnectionBook:
    """Who is connected, by address, and who of them is idle, the longest first."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._open: dict[Closable, str] = {}
        self._by_address: Counter[str] = Counter()
        self._idle: dict[Closable, None] = {}

    def admit(self, connection: Closable, address: str) -> bool:
        """Enter a new connection; return False where it must be refused."""
        self._open[connection] = address
        self._by_address[address] += 1
        if self._by_address[address] > self.limits.per_address and not is_own_network(address):
            return False
        if len(self._open) <= self.limits.in_all:
            return True
        if (oldest := next(iter(self._idle), None)) is None:
            return False
        del self._idle[oldest]
        oldest.close()
        return True

    def release(self, connection: Closable) -> None:
        """Remove a connection that has ended."""
        address = self._open.pop(connection, None)
        self._idle.pop(connection, None)
        if address is not None:
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]

    def mark_idle(self, connection: Closable) -> None:
        """Note that it waits for its next request."""
        self._idle[connection] = None

    def mark_busy(self, connection: Closable) -> bool:
        """Note that a request has begun; return whether it was idle."""
        was_idle = connection in self._idle
        self._idle.pop(connection, None)
        return was_idle

    def __len__(self) -> int:
        return len(self._open)


@lru_cache(10_000)
def is_own_network(address: str) -> bool:
    """Return whether an address is of this machine or its private network."""
    try:
        return ip_address(address).is_private
    except ValueError:  # a file socket
        return True
