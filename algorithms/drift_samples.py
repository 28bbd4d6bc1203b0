"""Samples for drift checks: values of the days before a cut, and of the days since."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from algorithms.blending.catalogue import Catalogue
from domain.arrays import Flags, Floats
from domain.engagement import DAY
from domain.histories import WeightedInteractions

Samples: TypeAlias = dict[str, tuple[Floats, Floats]]
"""Values before the cut (n,) and since (m,), by the name of a feature."""


def sample_interactions(interactions: WeightedInteractions, of: Catalogue, cut: float) -> Samples:
    """Sample what clients did with items before and after `cut` (epoch seconds).

    The samples are how much each client did, with how many items, at which hour (UTC), how strong a sign of liking, and
    how new and expensive the items were.
    """
    now = interactions.at > cut
    index = of.align_ids(interactions.items)[interactions.item]
    known, price = index >= 0, np.array([item.price_cents / 100 for item in of.items])
    age = np.maximum(interactions.at[known] - of.added[index[known]], 0.0) / DAY
    return {
        "touches a client": _split_counts(interactions, now),
        "items a client": (
            _count_items_per_client(interactions.select(~now)),
            _count_items_per_client(interactions.select(now)),
        ),
        "hour of a touch": _split(interactions.at % DAY // 3_600, now),
        "sign of liking": _split(interactions.weight, now),
        "price of an item": _split(price[index[known]] if len(of) else np.zeros(0), now[known]),
        "age of an item": _split(age, now[known]),
    }


def sample_orders(client: Sequence[str], at: Floats, value: Floats, since: float, cut: float) -> Samples:
    """Sample what orders were worth, and the days since the client's last, of those from `since` on; inputs of shape
    (m,)."""
    _, client_index = np.unique(np.asarray(client, dtype=object), return_inverse=True)
    order = np.lexsort((at, client_index))
    client_index, at, value = client_index[order], at[order], value[order]
    again = np.diff(client_index, prepend=-1) == 0
    gap = np.diff(at, prepend=0.0) / DAY
    inside, now = at > since, at > cut
    return {
        "value of an order": _split(value[inside], now[inside]),
        "days between orders": _split(gap[inside & again], now[inside & again]),
    }


def _split(values: Floats, now: Flags) -> tuple[Floats, Floats]:
    return values[~now], values[now]


def _split_counts(interactions: WeightedInteractions, now: Flags) -> tuple[Floats, Floats]:
    counts = (np.bincount(interactions.client[rows]) for rows in (~now, now))
    before, since = (counts_of[counts_of > 0].astype(np.float64) for counts_of in counts)
    return before, since


def _count_items_per_client(interactions: WeightedInteractions) -> Floats:
    pairs = np.unique(np.stack([interactions.client, interactions.item]), axis=1)[0]
    counts = np.bincount(pairs.astype(np.int64)) if pairs.size else np.zeros(0, np.int64)
    return counts[counts > 0].astype(np.float64)
