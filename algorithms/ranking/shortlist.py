"""Which items are worth scoring for some clients, where a catalogue is too large to score all of it: the front of every
popularity, new items first among them by their words, and what lies nearest to the clients' vectors."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Final

import numpy as np

from algorithms.ranking.candidates import Candidates
from algorithms.ranking.data import Singles
from domain.arrays import Ints

LARGE: Final = 8_000
"""Up to so many items all are scored."""
FRONT: Final = 1_000
"""Of each popularity in each context."""
NEAR: Final = 40
"""Of each client."""


class Shortlist:
    """`vectors`: of the items, (n, d). `front`: places of items that are always scored."""

    def __init__(self, vectors: Singles, front: Ints) -> None:
        self.vectors, self.front = vectors, front

    @cached_property
    def search(self) -> Candidates:
        """Built when first needed."""
        return Candidates.of(self.vectors)

    def of(self, clients: Singles) -> Ints:
        """For clients with these vectors (t, d), in order; all items of a small catalogue."""
        if len(self.vectors) <= LARGE:
            return np.arange(len(self.vectors))
        near = self.search.nearest(clients, NEAR)[0] if len(clients) else self.front
        return np.union1d(self.front, near[near >= 0])


def front(trends: Mapping[str, Singles], names: list[str]) -> Ints:
    """Places of the FRONT highest of each row of the trends named."""
    most = min(FRONT, next(iter(trends.values())).shape[1])
    heads = [np.argpartition(-trends[name], most - 1, axis=1)[:, :most].ravel() for name in names]
    return np.unique(np.concatenate(heads))
