"""What networks learn from: each interaction with a sample of the client's others, and what was popular before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from algorithms.ranking.data import Interactions, Singles
from algorithms.ranking.trends import compute_item_signals
from domain.arrays import Floats, Ints

HISTORY_SIZE: Final = 20
"""Interactions that stand for a client's history, drawn with replacement, again for each batch."""
BATCH: Final = 512
WINDOWS: Final = 8
"""Most windows of equal size; popularity is counted at the beginning of each, over what came before."""
BEGIN: Final = 0.1
"""Share of the interactions before the first window: they are history alone, not examples."""
MOST: Final = 12_000_000
"""Values of popularity held at once; large tables get fewer windows."""
HALF_LIFE_DAYS: Final = 365.0
"""An old interaction weighs less than a new one."""
UNKNOWN: Final = 0.1
"""Share of the clients, and of the items, that are treated as new."""


class Batch(NamedTuple):
    """b interactions. `history`: (b, HISTORY_SIZE) indices of items, of which those flagged in `there` count."""

    client: Ints
    item: Ints
    context: Ints
    window: Ints
    weight: Singles
    history: Ints
    there: Singles
    took: Singles
    """How many others the client has; 0 for clients treated as new."""
    known: Singles
    """0 for items treated as new."""


class Examples:
    """Training examples from interactions. The earliest share BEGIN is left out, as nothing was popular before it."""

    def __init__(self, interactions: Interactions) -> None:
        self.interactions = interactions.part(
            np.lexsort((np.arange(len(interactions)), interactions.at, interactions.client))
        )
        self.counts = np.bincount(interactions.client, minlength=len(interactions.clients))
        self.starts = np.cumsum(self.counts) - self.counts
        self.names = tuple(compute_item_signals(interactions))
        cells = len(interactions.items) * (len(interactions.contexts) + 1) * len(self.names)
        at = interactions.at if len(interactions) else np.zeros(1)
        edges = np.quantile(at, np.linspace(BEGIN, 1.0, min(max(MOST // cells, 1), WINDOWS) + 1)[:-1])
        self.trends = np.stack([stack_item_signals(interactions.part(interactions.at <= edge)) for edge in edges])
        """Shape (windows, contexts + 1, n, signals)."""
        self.window = np.searchsorted(edges, self.interactions.at) - 1
        covered = np.flatnonzero(self.window >= 0)
        self.rows = covered if len(covered) else np.arange(len(interactions))
        self.weight = np.exp2(-self.interactions.age / HALF_LIFE_DAYS).astype(np.float32)

    @property
    def log_frequency(self) -> Singles:
        """The log of each item's share of the examples, shape (n,)."""
        share = np.bincount(self.interactions.item[self.rows], minlength=len(self.interactions.items)) / max(
            len(self.rows), 1
        )
        return np.asarray(np.log(np.maximum(share, 1e-9)), np.float32)

    def iterate_batches(self, rng: np.random.Generator) -> Iterator[Batch]:
        """Yield every example once, in random order; the last few that fill no batch are left out."""
        size = min(BATCH, len(self.rows))
        order = rng.permutation(self.rows)
        for begin in range(0, len(order) - size + 1, size):
            yield self._batch(order[begin : begin + size], rng)

    def _batch(self, rows: Ints, rng: np.random.Generator) -> Batch:
        client, item = self.interactions.client[rows], self.interactions.item[rows]
        drawn: Floats = rng.random((len(rows), HISTORY_SIZE)) * self.counts[client][:, None]
        history = self.interactions.item[self.starts[client][:, None] + drawn.astype(np.int64)]
        old, known = rng.random((2, len(rows))) >= UNKNOWN
        there = (history != item[:, None]) & old[:, None]
        window = np.maximum(self.window[rows], 0)
        took = (self.counts[client] - 1) * old
        plain = (there.astype(np.float32), took.astype(np.float32), known.astype(np.float32))
        return Batch(client, item, self.interactions.context[rows], window, self.weight[rows], history, *plain)


def stack_item_signals(interactions: Interactions) -> Singles:
    """Stack all that is known of the items by themselves, shape (contexts + 1, n, signals)."""
    return np.stack([*compute_item_signals(interactions).values()], axis=-1)
