"""The best k items by score; ties keep the order of the items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np

from algorithms.ranking.data import NONE, Interactions, RankingAlgorithm, Singles, Targets, select_columns
from algorithms.ranking.shortlist import LARGE
from domain.arrays import Ints

BLOCK: Final = 1_000_000
"""Scores held at once: as many as stay in the processor's cache."""
TOGETHER: Final = 200
"""Clients who share a shortlist."""
Progress = Callable[[int], None]


@runtime_checkable
class ShortlistProvider(Protocol):
    """An algorithm that knows which items of a large catalogue are worth scoring."""

    def shortlist(self, targets: Targets) -> Ints:
        """Select the items worth scoring for these targets, in order."""


def one_thread() -> Any:
    """Return a context in which matrix products use one thread: blocks so small lose more by sharing than they gain."""
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    return threadpool_limits(1, "blas")


def select_best(scores: Singles, k: int) -> tuple[Ints, Singles]:
    """Select the best `k` of each row: indices and scores, shape (t, k). -inf is never listed: NONE stands there."""
    n = scores.shape[1]
    k = min(k, n)
    head = np.argpartition(-scores, k - 1, axis=1)[:, :k] if k < n else np.tile(np.arange(n), (len(scores), 1))
    head.sort(axis=1)
    values = np.take_along_axis(scores, head, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    indices, values = np.take_along_axis(head, order, axis=1), np.take_along_axis(values, order, axis=1)
    indices[np.isneginf(values)] = NONE
    return indices.astype(np.int64), values


def recommend(
    algorithm: RankingAlgorithm,
    interactions: Interactions,
    targets: Targets,
    k: int,
    repeats: bool = False,
    items: Ints | None = None,
    progress: Progress = lambda _: None,
) -> tuple[Ints, Singles]:
    """List the best `k` items of each target and their scores, shape (t, k).

    Without `repeats`, what a client took already is left out; what they sent back always is. `items`: the only ones to
    list. `progress` receives how many more targets are done.
    """
    everything = np.arange(len(interactions.items)) if items is None else items
    lists_short = items is None and len(interactions.items) > LARGE and isinstance(algorithm, ShortlistProvider)
    step = TOGETHER if lists_short else max(BLOCK // max(len(everything), 1), 1)
    lists = np.full((len(targets), k), NONE, np.int64)
    values = np.full((len(targets), k), -np.inf, np.float32)
    for begin in range(0, len(targets) if len(everything) else 0, step):
        rows = slice(begin, begin + step)
        block = targets.part(rows)
        items = algorithm.shortlist(block) if isinstance(algorithm, ShortlistProvider) and lists_short else everything
        scores = np.array(algorithm.scores(block, items), np.float32)
        if not repeats:
            _hide(scores, interactions.taken, block, items)
        _hide(scores, interactions.refusals, block, items)
        best, best_values = select_best(scores, k)
        lists[rows, : best.shape[1]] = np.where(best == NONE, NONE, items[best])
        values[rows, : best.shape[1]] = best_values
        progress(len(block))
    return lists, values


def _hide(scores: Singles, pairs: Any, targets: Targets, items: Ints) -> None:
    """Set the items that each client has among `pairs`, sparse (c, n), to -inf."""
    hidden = select_columns(pairs[targets.client], items)
    scores[np.repeat(np.arange(len(targets)), np.diff(hidden.indptr)), hidden.indices] = -np.inf
