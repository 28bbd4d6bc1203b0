"""Assign clients to the variants of an experiment by a hash of their id, which stays the same without being stored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping


def hash_to_unit(client_id: str, experiment: str) -> float:
    """Map a client to a number in [0, 1): uniform over clients, and independent between experiments."""
    digest = hashlib.sha256(f"{experiment}\n{client_id}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def assign_variant(client_id: str, experiment: str, parts: Mapping[str, float], otherwise: str) -> str:
    """Assign the challenger whose part of [0, 1) holds the client; else `otherwise`.

    The first challenger grows from 0 up and the second from 1 down, further ones beside them in turn. So with one or
    two a change of shares moves only those who must: whoever a challenger gains comes from `otherwise`, and whoever it
    gives up goes there.
    """
    at, low, high = hash_to_unit(client_id, experiment), 0.0, 1.0
    for number, (name, part) in enumerate(parts.items()):
        if number % 2 == 0 and low <= at < low + part:
            return name
        if number % 2 == 1 and high - part <= at < high:
            return name
        low, high = (low + part, high) if number % 2 == 0 else (low, high - part)
    return otherwise
