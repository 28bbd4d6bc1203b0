"""Which clients see which algorithm: by a hash of the client's id, so that it stays the same without being stored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping


def place(client_id: str, experiment: str) -> float:
    """Where a client stands in an experiment, in [0, 1): even over clients, another in every experiment."""
    digest = hashlib.sha256(f"{experiment}\n{client_id}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def variant(client_id: str, experiment: str, parts: Mapping[str, float], otherwise: str) -> str:
    """The challenger whose part of [0, 1) holds the client, in the order of `parts`; else `otherwise`.

    A part that grows keeps its clients and gains some, as long as those before it stay as they are.
    """
    at, until = place(client_id, experiment), 0.0
    for name, part in parts.items():
        until += part
        if at < until:
            return name
    return otherwise
