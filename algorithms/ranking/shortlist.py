"""Which items are worth scoring for some clients, where a catalogue is too large to score all of it: the front of every
popularity, new items first among them by their words, and what lies nearest to the clients' vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from algorithms.ranking.candidates import Candidates
from algorithms.ranking.data import Singles, State
from domain.arrays import Ints

LARGE: Final = 8_000
"""Up to so many items all are scored."""
FRONT: Final = 1_000
"""Of each popularity in each context."""
NEAR: Final = 40
"""Of each client."""


class Shortlist:
    """Of a catalogue of `n` items: `front`, places of those that are always scored, and what `search` finds."""

    def __init__(self, n: int, front: Ints, search: Candidates | None) -> None:
        self.n, self.front, self.search = n, front, search
        self.ahead = np.zeros(n, np.bool_)
        self.ahead[front] = True

    @classmethod
    def over(cls, vectors: Singles, front: Ints) -> Shortlist:
        """`vectors`: of the items, (n, d)."""
        n = len(vectors)
        return cls(n, front, Candidates.of(vectors) if n > LARGE else None)

    def of(self, clients: Singles) -> Ints:
        """For clients with these vectors (t, d), in order; all items of a small catalogue."""
        if self.search is None:
            return np.arange(self.n)
        near = self.search.nearest(clients, NEAR)[0].ravel() if len(clients) else self.front[:0]
        near = np.unique(near[near >= 0])
        return np.sort(np.concatenate([self.front, near[~self.ahead[near]]]))

    def widened(self, best_first: Ints) -> Shortlist:
        """With so many more items, of which the FRONT best come into the front. They have no vectors."""
        return Shortlist(self.n + len(best_first), np.union1d(self.front, self.n + best_first[:FRONT]), self.search)

    def state(self) -> State:
        """The front, and the index where there is one."""
        return {"n": self.n, "front": self.front} | ({"index": self.search.state()} if self.search else {})

    @classmethod
    def restored(cls, state: State) -> Shortlist:
        """From what `state` gave."""
        return cls(state["n"], state["front"], Candidates.restored(state["index"]) if "index" in state else None)


def front(trends: Mapping[str, Singles], names: list[str]) -> Ints:
    """Places of the FRONT highest of each row of the trends named."""
    most = min(FRONT, next(iter(trends.values())).shape[1])
    heads = [np.argpartition(-trends[name], most - 1, axis=1)[:, :most].ravel() for name in names]
    return np.unique(np.concatenate(heads))
