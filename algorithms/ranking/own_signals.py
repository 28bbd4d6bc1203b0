"""What a client took before, as signals for taking it again: shares of the client's own counts at several half-lives,
and how long ago."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from algorithms.ranking.data import Interactions, Singles, select_columns
from domain.arrays import Ints
from domain.engagement import DAY

HALF_LIVES: Final = (7.0, 30.0, 90.0, np.inf)
SILENCE: Final = "own silence"
NAMES: Final = (*(f"own {half_life:g}" for half_life in HALF_LIVES), "own", SILENCE)


def build_own_signals(interactions: Interactions) -> list[Any]:
    """Build the signals in the order of NAMES, each sparse (c, n)."""
    last = np.full(len(interactions.clients), -np.inf)
    np.maximum.at(last, interactions.client, interactions.at)
    behind = (last[interactions.client] - interactions.at) / DAY
    signals = [_build_share(interactions, np.exp2(-behind / half_life)) for half_life in HALF_LIVES]
    seen = interactions.taken.copy()
    return [*signals, seen, _build_silence(interactions)]


def iterate_own_signals(signals: list[Any], clients: Ints, items: Ints) -> Iterator[tuple[str, Singles]]:
    """Yield the signals of clients with items by name, each (t, len(items))."""
    for name, matrix in zip(NAMES, signals, strict=True):
        yield name, select_columns(matrix[clients], items).toarray()


def _build_share(interactions: Interactions, weights: Any) -> Any:
    """Build the log of each item's share of the client's counts."""
    counts = _sum_pairs(interactions, weights)
    total = np.asarray(counts.sum(axis=1)).ravel()
    counts.data = np.log1p(100 * counts.data / np.repeat(total, np.diff(counts.indptr))).astype(np.float32)
    return counts


def _build_silence(interactions: Interactions) -> Any:
    """Build the log of the days since the client last took the item."""
    matrix = interactions.taken.copy()
    order = np.lexsort((interactions.at, interactions.item, interactions.client))
    pair = interactions.client[order] * len(interactions.items) + interactions.item[order]
    latest = np.append(pair[1:] != pair[:-1], True) if len(pair) else np.zeros(0, np.bool_)
    matrix.data = np.log1p(interactions.age[order][latest]).astype(np.float32)
    return matrix


def _sum_pairs(interactions: Interactions, weights: Any) -> Any:
    from scipy import sparse  # noqa: PLC0415

    shape = (len(interactions.clients), len(interactions.items))
    return sparse.coo_matrix((weights.astype(np.float32), (interactions.client, interactions.item)), shape).tocsr()
