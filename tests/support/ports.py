"""Ports on this machine that nobody else takes while a test run holds them."""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import IO, Final

LOWEST: Final = 10_000
_SYSTEM_RANGE: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_held: Final[dict[int, int]] = {}
"""The ports that a process holds, and the process: one that was forked starts with none."""


def free_ports(count: int) -> list[int]:
    """`count` different ports that nobody listens on. No other test run gets them until this process ends.

    They lie below the range from which the system serves connections and binds to port 0, so that no stranger takes one
    before a server that a test starts, or starts again, has bound it.
    """
    ports: list[int] = []
    candidates = range(LOWEST, _find_lowest_system_port())
    for port in random.sample(candidates, len(candidates)):
        if len(ports) == count:
            return ports
        if _hold(port):
            ports.append(port)
    raise RuntimeError(f"no {count} ports are free below {candidates.stop}")


def free_port() -> int:
    """One port that nobody listens on."""
    return free_ports(1)[0]


def _find_lowest_system_port() -> int:
    return int(_SYSTEM_RANGE.read_text().split()[0]) if _SYSTEM_RANGE.exists() else 32_768


@lru_cache
def _open_locks() -> IO[bytes]:
    """Open the file whose byte n is locked by who holds port n. It stays open: the locks end with the process."""
    return (Path(tempfile.gettempdir()) / f"selvedge-test-ports.{os.getuid()}").open("ab")


def _hold(port: int) -> bool:
    """Hold a port for this process, unless another one holds or uses it."""
    if _held.get(port) == os.getpid():
        return False
    try:
        fcntl.lockf(_open_locks(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
    except OSError:
        return False
    _held[port] = os.getpid()
    return True
