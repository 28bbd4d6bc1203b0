"""Assign clients to the variants of an experiment by a hash of their id, which stays the same without being stored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping


def hash_to_unit(client_id: str, experiment: str) -> float:
    """Map a client to a number in [0, 1): uniform over clients, and independent between experiments."""
    digest = hashlib.sha256(f"{experiment}\n{client_id}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def assign_variant(client_id: str, experiment: str, parts: Mapping[str, float], otherwise: str) -> str:
    """Assign the challenger whose part of [0, 1) holds the client, in the order of `parts`; else `otherwise`.

    A part that grows keeps its clients and gains some, as long as those before it stay as they are.
    """
    at, until = hash_to_unit(client_id, experiment), 0.0
    for name, part in parts.items():
        until += part
        if at < until:
            return name
    return otherwise
