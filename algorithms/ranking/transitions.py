"""`transitions`: what clients took right after an item, and what else in the same visit. For sessions."""

from __future__ import annotations

from copy import copy
from typing import Any, Final, Self

import numpy as np

from algorithms.ranking.data import Asked, FeatureMatrix, Log, Singles, State, grown, product
from algorithms.ranking.item_cosine import nearest
from domain.arrays import Floats, Ints

REACH: Final = 5
"""Pairs up to so many steps apart in a client's history count, one step fully, d steps 1/d."""
LATEST: Final = 5
"""The client's last so many items ask, the last fully, the d-th last 1/d."""
FORWARD: Final = 1.0
BACKWARD: Final = 0.5


class Transitions:
    """Zeros for a client without interactions."""

    def __init__(self) -> None:
        self.follows: Any = None
        self.latest: Any = None

    def fit(self, log: Log, seed: int) -> None:
        """Count pairs; `seed` changes nothing."""
        from scipy import sparse  # noqa: PLC0415

        client, item = _in_turn(log)
        n = len(log.items)
        total: Any = sparse.csr_matrix((n, n), dtype=np.float32)
        for step in range(1, REACH + 1):
            same = client[step:] == client[:-step]
            first, then = item[:-step][same], item[step:][same]
            ones = np.full(len(first), 1.0 / step, np.float32)
            pairs = sparse.coo_matrix((ones, (first, then)), (n, n)).tocsr()
            total = total + FORWARD * pairs + BACKWARD * pairs.T
        often = np.sqrt(np.bincount(item, minlength=n) + 1.0).astype(np.float32)
        self.follows = nearest((sparse.diags(1 / often) @ total @ sparse.diags(1 / often)).tocsr(), 0)
        self.latest = _latest(client, item, len(log.clients), n)

    def scores(self, asked: Asked, items: Ints) -> Singles:
        """Shape (t, len(items))."""
        return product(self.latest[asked.client], self.follows, items)

    def state(self) -> State:
        """The latest of each client, and what follows what."""
        return {"latest": self.latest, "follows": self.follows}

    def restore(self, state: State) -> None:
        """See `state`."""
        self.latest, self.follows = state["latest"], state["follows"]

    def met(self, people: Log) -> Self:
        """By what they took last."""
        mine = copy(self)
        mine.latest = _latest(*_in_turn(people), len(people.clients), len(people.items))
        return mine

    def widen(self, words: FeatureMatrix) -> None:
        """Words say nothing here."""
        self.follows = grown(self.follows, len(words), len(words))


def _in_turn(log: Log) -> tuple[Ints, Ints]:
    """Client and item of each interaction, by client and time; of equal moments as they stand."""
    order = np.lexsort((np.arange(len(log)), log.at, log.client))
    return log.client[order], log.item[order]


def _latest(client: Ints, item: Ints, clients: int, n: int) -> Any:
    """The last items of each client, weighed; rows are in order of client and time."""
    from scipy import sparse  # noqa: PLC0415

    ends = np.cumsum(np.bincount(client, minlength=clients))
    back = ends[client] - np.arange(len(client))
    late = back <= LATEST
    weight: Floats = 1.0 / back[late]
    return sparse.coo_matrix((weight.astype(np.float32), (client[late], item[late])), (clients, n)).tocsr()
