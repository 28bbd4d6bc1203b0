"""What is compared to see whether a shop has changed: values of the days before a cut, and of those since."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from algorithms.blending.catalogue import Catalogue
from domain.arrays import Flags, Floats
from domain.engagement import DAY
from domain.histories import Interactions

Samples: TypeAlias = dict[str, tuple[Floats, Floats]]
"""By the name of a feature: its values before (n,) and now (m,)."""


def of_touches(touches: Interactions, of: Catalogue, cut: float) -> Samples:
    """What clients did with items: how much each, with how many, at which hour (UTC), how strong a sign of liking,
    and how new and dear the items were. `cut` in epoch seconds."""
    now = touches.at > cut
    place = of.aligned(touches.items)[touches.item]
    known, price = place >= 0, np.array([item.price_cents / 100 for item in of.items])
    age = np.maximum(touches.at[known] - of.added[place[known]], 0.0) / DAY
    return {
        "touches a client": _split_counts(touches, now),
        "items a client": (_items_a_client(touches.part(~now)), _items_a_client(touches.part(now))),
        "hour of a touch": _split(touches.at % DAY // 3_600, now),
        "sign of liking": _split(touches.weight, now),
        "price of an item": _split(price[place[known]] if len(of) else np.zeros(0), now[known]),
        "age of an item": _split(age, now[known]),
    }


def of_orders(client: Sequence[str], at: Floats, value: Floats, since: float, cut: float) -> Samples:
    """What orders were worth, and the days since the client's last, of those from `since` on. Shapes (m,)."""
    _, who = np.unique(np.asarray(client, dtype=object), return_inverse=True)
    order = np.lexsort((at, who))
    who, at, value = who[order], at[order], value[order]
    again = np.diff(who, prepend=-1) == 0
    gap = np.diff(at, prepend=0.0) / DAY
    inside, now = at > since, at > cut
    return {
        "value of an order": _split(value[inside], now[inside]),
        "days between orders": _split(gap[inside & again], now[inside & again]),
    }


def _split(values: Floats, now: Flags) -> tuple[Floats, Floats]:
    return values[~now], values[now]


def _split_counts(touches: Interactions, now: Flags) -> tuple[Floats, Floats]:
    counts = (np.bincount(touches.client[rows]) for rows in (~now, now))
    before, since = (found[found > 0].astype(np.float64) for found in counts)
    return before, since


def _items_a_client(touches: Interactions) -> Floats:
    pairs = np.unique(np.stack([touches.client, touches.item]), axis=1)[0]
    counts = np.bincount(pairs.astype(np.int64)) if pairs.size else np.zeros(0, np.int64)
    return counts[counts > 0].astype(np.float64)
