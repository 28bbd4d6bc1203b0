"""How good lists are: recall, NDCG, MAP, coverage, novelty. A list is a row of item places, best first, NONE at its end
where fewer were found."""

from __future__ import annotations

from typing import Any

import numpy as np

from algorithms.ranking.data import NONE, among
from domain.arrays import Flags, Floats, Ints


def hits(lists: Ints, wanted: Any) -> Flags:
    """Whether each place of each list, shape (t, k), is among the wanted: sparse (t, n)."""
    rows = np.repeat(np.arange(len(lists)), lists.shape[1])
    found = among(wanted, rows, np.maximum(lists, 0).ravel())
    return np.asarray(found.reshape(lists.shape) & (lists != NONE))


def recall(found: Flags, wanted: Ints) -> Floats:
    """Share of the wanted that is in each list, shape (t,); `wanted`: how many, all above 0."""
    return np.asarray(found.sum(axis=1) / wanted)


def ndcg(found: Flags, wanted: Ints) -> Floats:
    """Discounted gain over that of the best possible list of k, shape (t,) (Jarvelin and Kekalainen 2002)."""
    gains = 1.0 / np.log2(np.arange(2, found.shape[1] + 2))
    ideal = np.cumsum(gains)[np.minimum(wanted, found.shape[1]) - 1]
    return np.asarray(found @ gains / ideal)


def average_precision(found: Flags, wanted: Ints) -> Floats:
    """Mean of the precisions at each hit, over min(wanted, k), shape (t,)."""
    precision = np.cumsum(found, axis=1) / np.arange(1, found.shape[1] + 1)
    return np.asarray((precision * found).sum(axis=1) / np.minimum(wanted, found.shape[1]))


def coverage(lists: Ints, n: int) -> float:
    """Share of n items that is in some list."""
    return len(np.setdiff1d(lists, [NONE])) / max(n, 1)


def novelty(lists: Ints, takers: Ints, clients: int) -> float:
    """Mean bits of surprise of what is listed: -log2 of the share of clients who took it before (one is added)."""
    bits = -np.log2((takers + 1) / (clients + 1))
    return float(bits[lists[lists != NONE]].mean()) if (lists != NONE).any() else 0.0
