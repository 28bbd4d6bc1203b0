"""Assign clients to the variants of an experiment by a hash of their id, which stays the same without being stored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from models.slot_policies import SlotSplit

BUCKETS: Final = 10_000
"""Into which the hash of a flag divides clients: shares are whole numbers of them."""
LONGEST: Final = 140
"""Characters of the name of an experiment in the store."""
Places: TypeAlias = Mapping[str, Sequence[tuple[int, int]]]
"""Who has which buckets: ranges from (inclusive) and to (exclusive), ascending."""


def name_split(slot: str, split: SlotSplit) -> str:
    """Name a split between algorithms, champion first: `ranking/house+two`. A change of shares alone is the same test,
    so that whoever saw an arm of it before does not count anew."""
    name = f"{slot}/{'+'.join((split.champion, *sorted(split.challengers)))}"
    return name if len(name) <= LONGEST else f"{slot}/{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def name_text(campaign: str, step: str) -> str:
    """Name the test between the texts of one mail of a campaign."""
    return f"{campaign}/{step}"


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


def find_bucket(client_id: str, experiment: str) -> int:
    """Find the bucket of a client, 0 to BUCKETS - 1."""
    return int(hash_to_unit(client_id, experiment) * BUCKETS)


def count_buckets(shares: Mapping[str, float], total: int = BUCKETS) -> dict[str, int]:
    """Count the buckets of each share; shares of 1 together have `total` together, by the largest remainders."""
    exact = {name: share * total for name, share in shares.items()}
    counts = {name: int(value + 1e-9) for name, value in exact.items()}
    left = round(sum(exact.values())) - sum(counts.values())
    for name in sorted(exact, key=lambda one: counts[one] - exact[one])[:left]:
        counts[name] += 1
    return counts


def divide_buckets(before: Places, wanted: Mapping[str, int]) -> dict[str, tuple[tuple[int, int], ...]]:
    """Give each name as many buckets as `wanted` says, and move no bucket that may stay.

    Whoever shrinks gives up its highest buckets; whoever grows takes the lowest ones that are free. A name that is not
    wanted gives up all. Raises ValueError where more are wanted than there are.
    """
    if sum(wanted.values()) > BUCKETS:
        raise ValueError("more buckets are wanted than there are")
    kept = {name: _list_buckets(before.get(name, ()))[:count] for name, count in wanted.items()}
    taken = {bucket for buckets in kept.values() for bucket in buckets}
    free = iter([bucket for bucket in range(BUCKETS) if bucket not in taken])
    for name, count in wanted.items():
        kept[name] += [next(free) for _ in range(count - len(kept[name]))]
    return {name: _join_ranges(sorted(buckets)) for name, buckets in kept.items()}


def _list_buckets(ranges: Sequence[tuple[int, int]]) -> list[int]:
    return [bucket for low, high in ranges for bucket in range(low, high)]


def _join_ranges(buckets: Sequence[int]) -> tuple[tuple[int, int], ...]:
    ranges: list[tuple[int, int]] = []
    for bucket in buckets:
        if ranges and ranges[-1][1] == bucket:
            ranges[-1] = (ranges[-1][0], bucket + 1)
        else:
            ranges.append((bucket, bucket + 1))
    return tuple(ranges)
