"""The best k of scores, ties in the order of the items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np

from algorithms.ranking.data import NONE, Algorithm, Asked, Log, Singles, columns
from algorithms.ranking.shortlist import LARGE
from domain.arrays import Ints

BLOCK: Final = 1_000_000
"""Scores held at once: as many as stay near the processor."""
TOGETHER: Final = 200
"""Clients who share a shortlist."""
Told = Callable[[int], None]


@runtime_checkable
class ListsShort(Protocol):
    """An algorithm that knows which items of a large catalogue are worth scoring."""

    def shortlist(self, asked: Asked) -> Ints:
        """For these targets, in order."""


def one_thread() -> Any:
    """A context in which products of matrices take one thread: blocks so small lose more by sharing than they gain."""
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    return threadpool_limits(1, "blas")


def best(scores: Singles, k: int) -> tuple[Ints, Singles]:
    """Places and scores of the best `k` of each row, shape (t, k); -inf is never listed: NONE stands there."""
    n = scores.shape[1]
    k = min(k, n)
    head = np.argpartition(-scores, k - 1, axis=1)[:, :k] if k < n else np.tile(np.arange(n), (len(scores), 1))
    head.sort(axis=1)
    values = np.take_along_axis(scores, head, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    places, values = np.take_along_axis(head, order, axis=1), np.take_along_axis(values, order, axis=1)
    places[np.isneginf(values)] = NONE
    return places.astype(np.int64), values


def recommend(
    algorithm: Algorithm,
    log: Log,
    asked: Asked,
    k: int,
    repeats: bool = False,
    items: Ints | None = None,
    told: Told = lambda _: None,
) -> tuple[Ints, Singles]:
    """The best `k` items of each target and their scores, shape (t, k); what a client took already is left out unless
    `repeats`. `items`: the only ones to list. `told` how many targets more are done."""
    everything = np.arange(len(log.items)) if items is None else items
    lists_short = items is None and len(log.items) > LARGE and isinstance(algorithm, ListsShort)
    step = TOGETHER if lists_short else max(BLOCK // max(len(everything), 1), 1)
    lists = np.full((len(asked), k), NONE, np.int64)
    values = np.full((len(asked), k), -np.inf, np.float32)
    for begin in range(0, len(asked) if len(everything) else 0, step):
        rows = slice(begin, begin + step)
        some = asked.part(rows)
        items = algorithm.shortlist(some) if isinstance(algorithm, ListsShort) and lists_short else everything
        scores = np.array(algorithm.scores(some, items), np.float32)
        if not repeats:
            _hide(scores, log, some, items)
        places, found = best(scores, k)
        lists[rows, : places.shape[1]] = np.where(places == NONE, NONE, items[places])
        values[rows, : places.shape[1]] = found
        told(len(some))
    return lists, values


def _hide(scores: Singles, log: Log, asked: Asked, items: Ints) -> None:
    """Set what each client took already to -inf."""
    mine = columns(log.taken[asked.client], items)
    scores[np.repeat(np.arange(len(asked)), np.diff(mine.indptr)), mine.indices] = -np.inf
