"""The quality of lists: recall, NDCG, MAP, coverage, novelty. A list is a row of item indices, best first, with NONE at
its end where fewer were found."""

from __future__ import annotations

from typing import Any

import numpy as np

from algorithms.ranking.data import NONE, contains_pairs
from domain.arrays import Flags, Floats, Ints


def hits(lists: Ints, wanted: Any) -> Flags:
    """Tell whether each entry of each list, shape (t, k), is among the wanted items: sparse (t, n)."""
    rows = np.repeat(np.arange(len(lists)), lists.shape[1])
    wanted_flags = contains_pairs(wanted, rows, np.maximum(lists, 0).ravel())
    return np.asarray(wanted_flags.reshape(lists.shape) & (lists != NONE))


def recall(hits: Flags, wanted: Ints) -> Floats:
    """Compute the share of the wanted items that is in each list, shape (t,); `wanted`: how many, all above 0."""
    return np.asarray(hits.sum(axis=1) / wanted)


def ndcg(hits: Flags, wanted: Ints) -> Floats:
    """Compute the discounted gain over that of the best possible list of k, shape (t,) (Jarvelin and Kekalainen
    2002)."""
    gains = 1.0 / np.log2(np.arange(2, hits.shape[1] + 2))
    ideal = np.cumsum(gains)[np.minimum(wanted, hits.shape[1]) - 1]
    return np.asarray(hits @ gains / ideal)


def average_precision(hits: Flags, wanted: Ints) -> Floats:
    """Compute the mean of the precisions at each hit, over min(wanted, k), shape (t,)."""
    precision = np.cumsum(hits, axis=1) / np.arange(1, hits.shape[1] + 1)
    return np.asarray((precision * hits).sum(axis=1) / np.minimum(wanted, hits.shape[1]))


def coverage(lists: Ints, n: int) -> float:
    """Compute the share of n items that is in some list."""
    return len(np.setdiff1d(lists, [NONE])) / max(n, 1)


def novelty(lists: Ints, takers: Ints, clients: int) -> float:
    """Compute the mean bits of surprise of what is listed: -log2 of the share of clients who took it before (one is
    added)."""
    bits = -np.log2((takers + 1) / (clients + 1))
    return float(bits[lists[lists != NONE]].mean()) if (lists != NONE).any() else 0.0
