"""Returns among interactions: rows of a negative value. Each takes back one of the client's interactions with the item;
of what nothing is left, the client is not shown it again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from algorithms.ranking.data import Interactions
from domain.arrays import Flags


def flag_returns(interactions: Interactions) -> Flags:
    """Flag the rows that are returns, shape (m,)."""
    if interactions.value is None:
        return np.zeros(len(interactions), np.bool_)
    return np.asarray(interactions.value < 0)


def settle_returns(interactions: Interactions) -> Interactions:
    """Take each return and what it takes back, the latest first, out of the interactions; pairs of which nothing is
    left are `refused`."""
    returned = flag_returns(interactions)
    if not returned.any():
        return interactions
    pair = interactions.client * len(interactions.items) + interactions.item
    _, index = np.unique(pair, return_inverse=True)
    left = np.bincount(index, ~returned) - np.bincount(index, returned)
    order = np.lexsort((interactions.at, returned, index))
    begins = np.searchsorted(index[order], np.arange(len(left)))
    rank = np.empty(len(pair), np.int64)
    rank[order] = np.arange(len(pair)) - begins[index[order]]
    kept = ~returned & (rank < left[index])
    refused = np.unique(pair[left[index] <= 0])
    pairs = np.stack(np.divmod(refused, len(interactions.items)), axis=1)
    return replace(interactions.part(kept), refused=pairs)
