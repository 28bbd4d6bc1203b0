"""What networks learn from: each interaction beside a draw of the client's others, and what was popular before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from algorithms.ranking.data import Log, Singles
from algorithms.ranking.trends import item_signals
from domain.arrays import Floats, Ints

DRAWN: Final = 20
"""Of the client's interactions stand for their history, drawn with replacement and anew each time."""
BATCH: Final = 512
WINDOWS: Final = 8
"""Popularity is counted at the beginning of so many stretches of equal size, of what came before each."""
BEGIN: Final = 0.1
"""Of the interactions come before the first stretch: they are learnt from as history alone."""
MOST: Final = 12_000_000
"""Values of popularity held at once; large tables get fewer stretches."""
HALF_LIFE_DAYS: Final = 365.0
"""An old liking teaches less than a new one."""
UNKNOWN: Final = 0.1
"""Of the clients are met as if they were new, and of the items."""


class Batch(NamedTuple):
    """b interactions. `history`: (b, DRAWN) places of items, of which those flagged in `there` count."""

    client: Ints
    item: Ints
    context: Ints
    window: Ints
    weight: Singles
    history: Ints
    there: Singles
    took: Singles
    """How many others the client has; 0 for clients who are met as if they were new."""
    known: Singles
    """0 for items that are met as if they were new."""


class Examples:
    """Of a log: those of the earliest BEGIN left out, as nothing was popular before them."""

    def __init__(self, log: Log) -> None:
        self.log = log.part(np.lexsort((np.arange(len(log)), log.at, log.client)))
        self.counts = np.bincount(log.client, minlength=len(log.clients))
        self.starts = np.cumsum(self.counts) - self.counts
        self.names = tuple(item_signals(log))
        cells = len(log.items) * (len(log.contexts) + 1) * len(self.names)
        at = log.at if len(log) else np.zeros(1)
        edges = np.quantile(at, np.linspace(BEGIN, 1.0, min(max(MOST // cells, 1), WINDOWS) + 1)[:-1])
        self.trends = np.stack([signals(log.part(log.at <= edge)) for edge in edges])
        """Shape (windows, contexts + 1, n, signals)."""
        self.window = np.searchsorted(edges, self.log.at) - 1
        asked = np.flatnonzero(self.window >= 0)
        self.rows = asked if len(asked) else np.arange(len(log))
        self.weight = np.exp2(-self.log.age / HALF_LIFE_DAYS).astype(np.float32)

    @property
    def often(self) -> Singles:
        """The log of each item's share of the examples, shape (n,)."""
        share = np.bincount(self.log.item[self.rows], minlength=len(self.log.items)) / max(len(self.rows), 1)
        return np.asarray(np.log(np.maximum(share, 1e-9)), np.float32)

    def batches(self, rng: np.random.Generator) -> Iterator[Batch]:
        """All of them once, in an order of their own; the last few that fill no batch are left out."""
        size = min(BATCH, len(self.rows))
        order = rng.permutation(self.rows)
        for begin in range(0, len(order) - size + 1, size):
            yield self._batch(order[begin : begin + size], rng)

    def _batch(self, rows: Ints, rng: np.random.Generator) -> Batch:
        client, item = self.log.client[rows], self.log.item[rows]
        drawn: Floats = rng.random((len(rows), DRAWN)) * self.counts[client][:, None]
        history = self.log.item[self.starts[client][:, None] + drawn.astype(np.int64)]
        old, known = rng.random((2, len(rows))) >= UNKNOWN
        there = (history != item[:, None]) & old[:, None]
        window = np.maximum(self.window[rows], 0)
        took = (self.counts[client] - 1) * old
        plain = (there.astype(np.float32), took.astype(np.float32), known.astype(np.float32))
        return Batch(client, item, self.log.context[rows], window, self.weight[rows], history, *plain)


def signals(log: Log) -> Singles:
    """All that is known of the items by themselves, shape (contexts + 1, n, signals)."""
    return np.stack([*item_signals(log).values()], axis=-1)
