"""Which items are worth scoring where a catalogue is too large to score all: the most popular by every signal (new
items among them, by their words), and those nearest to the clients' vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from algorithms.ranking.candidates import Candidates
from algorithms.ranking.data import Singles, State
from domain.arrays import Ints

LARGE: Final = 8_000
"""Up to this many items all are scored."""
FRONT: Final = 1_000
"""Most popular items that are always scored, of each popularity in each context."""
NEAR: Final = 40
"""Items nearest to each client that are scored too."""


class Shortlist:
    """Items worth scoring of a catalogue of `n`: `front`, indices that are always scored, and what `search` finds for a
    client."""

    def __init__(self, n: int, front: Ints, search: Candidates | None) -> None:
        self.n, self.front, self.search = n, front, search
        self.ahead = np.zeros(n, np.bool_)
        self.ahead[front] = True

    @classmethod
    def build(cls, vectors: Singles, front: Ints) -> Shortlist:
        """Build the shortlist over item vectors (n, d); a small catalogue needs no search."""
        n = len(vectors)
        return cls(n, front, Candidates.of(vectors) if n > LARGE else None)

    def of(self, clients: Singles) -> Ints:
        """Select the items for clients with these vectors (t, d), in order; all items of a small catalogue."""
        if self.search is None:
            return np.arange(self.n)
        near = self.search.nearest(clients, NEAR)[0].ravel() if len(clients) else self.front[:0]
        near = np.unique(near[near >= 0])
        return np.sort(np.concatenate([self.front, near[~self.ahead[near]]]))

    def with_items(self, best_first: Ints) -> Shortlist:
        """Return the shortlist with items added, of which the FRONT best join the front. They have no vectors."""
        return Shortlist(self.n + len(best_first), np.union1d(self.front, self.n + best_first[:FRONT]), self.search)

    def state(self) -> State:
        """Return the front, and the search index where there is one."""
        return {"n": self.n, "front": self.front} | ({"index": self.search.state()} if self.search else {})

    @classmethod
    def from_state(cls, state: State) -> Shortlist:
        """Build the shortlist from what `state` returned."""
        return cls(state["n"], state["front"], Candidates.from_state(state["index"]) if "index" in state else None)


def select_front(trends: Mapping[str, Singles], names: list[str]) -> Ints:
    """Select the FRONT highest of each row of the trends named; return their indices."""
    most = min(FRONT, next(iter(trends.values())).shape[1])
    heads = [np.argpartition(-trends[name], most - 1, axis=1)[:, :most].ravel() for name in names]
    return np.unique(np.concatenate(heads))
