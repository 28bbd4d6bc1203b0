"""`transitions`: what clients took right after an item, and what else in the same visit. It is meant for sessions."""

from __future__ import annotations

from copy import copy
from typing import Any, Final, Self

import numpy as np

from algorithms.ranking.data import FeatureMatrix, Interactions, Singles, State, Targets, append_empty, multiply_columns
from algorithms.ranking.item_cosine import keep_nearest
from domain.arrays import Floats, Ints

REACH: Final = 5
"""Pairs up to this many steps apart in a client's history count, at d steps 1/d."""
LATEST: Final = 5
"""The client's latest items count, the d-th last 1/d."""
FORWARD: Final = 1.0
BACKWARD: Final = 0.5


class Transitions:
    """The weighted sum of what follows the client's latest items; zeros for a client without interactions."""

    def __init__(self) -> None:
        self.follows: Any = None
        self.latest: Any = None

    def fit(self, interactions: Interactions, seed: int) -> None:
        """Count pairs; `seed` changes nothing."""
        from scipy import sparse  # noqa: PLC0415

        client, item = _sort_by_time(interactions)
        n = len(interactions.items)
        total: Any = sparse.csr_matrix((n, n), dtype=np.float32)
        for step in range(1, REACH + 1):
            same = client[step:] == client[:-step]
            first, then = item[:-step][same], item[step:][same]
            ones = np.full(len(first), 1.0 / step, np.float32)
            pairs = sparse.coo_matrix((ones, (first, then)), (n, n)).tocsr()
            total = total + FORWARD * pairs + BACKWARD * pairs.T
        often = np.sqrt(np.bincount(item, minlength=n) + 1.0).astype(np.float32)
        self.follows = keep_nearest((sparse.diags(1 / often) @ total @ sparse.diags(1 / often)).tocsr(), 0)
        self.latest = _weigh_latest(client, item, len(interactions.clients), n)

    def scores(self, targets: Targets, items: Ints) -> Singles:
        """Score items, shape (t, len(items))."""
        return multiply_columns(self.latest[targets.client], self.follows, items)

    def state(self) -> State:
        """Return the latest items of each client, and what follows what."""
        return {"latest": self.latest, "follows": self.follows}

    def restore(self, state: State) -> None:
        """Load what `state` returned."""
        self.latest, self.follows = state["latest"], state["follows"]

    def fold_in_users(self, users: Interactions) -> Self:
        """Know the clients by what they took last."""
        model = copy(self)
        model.latest = _weigh_latest(*_sort_by_time(users), len(users.clients), len(users.items))
        return model

    def add_items(self, words: FeatureMatrix) -> None:
        """Add the items without pairs: words say nothing here."""
        self.follows = append_empty(self.follows, len(words), len(words))


def _sort_by_time(interactions: Interactions) -> tuple[Ints, Ints]:
    """Return client and item of each interaction, by client and time; equal moments keep their order."""
    order = np.lexsort((np.arange(len(interactions)), interactions.at, interactions.client))
    return interactions.client[order], interactions.item[order]


def _weigh_latest(client: Ints, item: Ints, clients: int, n: int) -> Any:
    """Weigh the last items of each client; rows are in order of client and time."""
    from scipy import sparse  # noqa: PLC0415

    ends = np.cumsum(np.bincount(client, minlength=clients))
    back = ends[client] - np.arange(len(client))
    late = back <= LATEST
    weight: Floats = 1.0 / back[late]
    return sparse.coo_matrix((weight.astype(np.float32), (client[late], item[late])), (clients, n)).tocsr()
