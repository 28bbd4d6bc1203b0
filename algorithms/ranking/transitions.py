"""`transitions`: what clients took right after an item, and what else in the same visit. It is meant for sessions.

What has the same moment is one visit, and has no order.
"""

from __future__ import annotations

from copy import copy
from typing import Any, Final, Self

import numpy as np

from algorithms.ranking.data import FeatureMatrix, Interactions, Singles, State, Targets, append_empty, multiply_columns
from algorithms.ranking.item_cosine import keep_nearest
from domain.arrays import Ints

REACH: Final = 5
"""Pairs up to this many visits apart in a client's history count, at d visits 1/d."""
MOST_PAIRS: Final = 4_000_000
"""Where visits are large, the reach ends before there are more pairs."""
LATEST: Final = 5
"""The client's latest visits count, the d-th last 1/d."""
FORWARD: Final = 1.0
BACKWARD: Final = 0.5
TOGETHER: Final = 0.75


class Transitions:
    """The weighted sum of what follows the client's latest items; zeros for a client without interactions."""

    def __init__(self) -> None:
        self.follows: Any = None
        self.latest: Any = None

    def fit(self, interactions: Interactions, seed: int) -> None:
        """Count pairs; `seed` changes nothing."""
        from scipy import sparse  # noqa: PLC0415

        owner, items = _group_visits(interactions)
        total = _count_pairs(owner, items)
        often = np.sqrt(np.asarray(items.sum(axis=0)).ravel() + 1.0).astype(np.float32)
        self.follows = keep_nearest((sparse.diags(1 / often) @ total @ sparse.diags(1 / often)).tocsr(), 0)
        self.latest = _weigh_latest(owner, items, len(interactions.clients))

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
        model.latest = _weigh_latest(*_group_visits(users), len(users.clients))
        return model

    def add_items(self, words: FeatureMatrix) -> None:
        """Add the items without pairs: words say nothing here."""
        self.follows = append_empty(self.follows, len(words), len(words))


def _group_visits(interactions: Interactions) -> tuple[Ints, Any]:
    """Group interactions into visits by client and moment, each client's in order of time.

    Returns:
        Whose each visit is, shape (v,), and what was taken in it, sparse (v, n) of ones.
    """
    from scipy import sparse  # noqa: PLC0415

    order = np.lexsort((interactions.at, interactions.client))
    client, at = interactions.client[order], interactions.at[order]
    begins = np.append(True, (client[1:] != client[:-1]) | (at[1:] != at[:-1]))[: len(client)]
    visit = np.cumsum(begins) - 1
    shape = (int(begins.sum()), len(interactions.items))
    items = sparse.coo_matrix((np.ones(len(visit), np.float32), (visit, interactions.item[order])), shape).tocsr()
    items.data[:] = 1.0
    return client[begins], items


def _count_pairs(owner: Ints, items: Any) -> Any:
    """Count what was taken together and what after what, sparse (n, n); a visit's partners share one vote."""
    from scipy import sparse  # noqa: PLC0415

    size = np.asarray(items.sum(axis=1)).ravel()
    shared = (sparse.diags((1.0 / np.maximum(size, 1.0)).astype(np.float32)) @ items).tocsr()
    total: Any = sparse.csr_matrix((items.shape[1], items.shape[1]), dtype=np.float32)
    pairs = 0.0
    for step in range(REACH + 1):
        before = np.flatnonzero(owner[step:] == owner[: len(owner) - step])
        pairs += float(size[before] @ size[before + step])
        if pairs > MOST_PAIRS:
            break
        followed = (items[before].T @ shared[before + step]).tocsr()
        total = total + (TOGETHER * followed if not step else (FORWARD * followed + BACKWARD * followed.T) / step)
    return total


def _weigh_latest(owner: Ints, items: Any, clients: int) -> Any:
    """Weigh the items of each client's last visits, sparse (clients, n)."""
    from scipy import sparse  # noqa: PLC0415

    back = np.cumsum(np.bincount(owner, minlength=clients))[owner] - np.arange(len(owner))
    size = np.asarray(items.sum(axis=1)).ravel()
    weight = np.where(back <= LATEST, 1.0 / (np.maximum(back, 1) * np.maximum(size, 1.0)), 0.0).astype(np.float32)
    cells = (weight, (owner, np.arange(len(owner))))
    latest = (sparse.coo_matrix(cells, (clients, len(owner))).tocsr() @ items).tocsr()
    latest.eliminate_zeros()
    return latest
