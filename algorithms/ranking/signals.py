"""All that the champion weighs: signals of items by themselves (`trends`), and of a client with an item."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, Self

import numpy as np

from algorithms.ranking.als import Als
from algorithms.ranking.cohorts import Cohorts
from algorithms.ranking.data import Algorithm, Asked, Log, Singles, State, columns
from algorithms.ranking.ease import Ease
from algorithms.ranking.item_cosine import ItemCosine
from algorithms.ranking.transitions import Transitions
from algorithms.ranking.trends import item_signals
from algorithms.ranking.word_taste import WordTaste
from domain.arrays import Flags, Ints

MODELS: Final[dict[str, Callable[[], Algorithm]]] = {
    "ease": Ease,
    "als": lambda: Als(32, 10.0),
    "cosine": ItemCosine,
    "transitions": Transitions,
}
"""What speaks from a client's history."""
ANYBODY: Final = ("cohort", "words", "cohort words")
HISTORY: Final = ("own words",)
OWN: Final = ("own", "own count", "own share")
HEAD: Final = 500
"""The most taken items, over which the spread of a client's scores is told."""


class Signals:
    """Learnt from one log. `repeats`: what a client took before counts too."""

    def __init__(self, repeats: bool) -> None:
        self.repeats = repeats
        self.trends: dict[str, Singles] = {}
        self.models: dict[str, Algorithm] = {name: make() for name, make in MODELS.items()}
        self.cohorts = Cohorts(lift_only=True)
        self.words = WordTaste()
        self.head: Ints = np.zeros(0, np.int64)
        self.warm: Flags = np.zeros(0, np.bool_)
        self.counts: Any = None

    def fit(self, log: Log, seed: int) -> Self:
        """Learn all of them."""
        self.trends = item_signals(log)
        for model in (*self.models.values(), self.cohorts, self.words):
            model.fit(log, seed)
        takers = np.bincount(log.item, minlength=len(log.items))
        self.head = np.sort(np.argsort(-takers, kind="stable")[:HEAD])
        self.warm, self.counts = log.warm, log.counts
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """In the order of `block`."""
        return (*self.trends, *ANYBODY, *self.models, *HISTORY, *(OWN if self.repeats else ()))

    def personal(self, asked: Asked, items: Ints, warm: bool) -> Iterator[tuple[str, Singles]]:
        """Signals of clients with items, each (t, len(items)). All `asked` are warm, or none is; of those who are not,
        only context and cohort are known."""
        yield "cohort", self.cohorts.scores(asked, items)
        yield "words", self.words.trends(asked, items)
        yield "cohort words", self.words.of_cohort(asked, items)
        if not warm:
            return
        yield "own words", self.words.of_client(asked, items)
        for name, model in self.models.items():
            spread = model.scores(asked, self.head).std(axis=1, keepdims=True) + 1e-6
            yield name, _bent(model.scores(asked, items) / spread)
        if self.repeats:
            own = self.counts[asked.client]
            total = np.asarray(own.sum(axis=1))
            count = columns(own, items).toarray()
            yield from zip(OWN, (np.sign(count), np.log1p(count), np.log1p(100 * count / total)), strict=True)

    def block(self, asked: Asked, items: Ints, warm: bool) -> Singles:
        """All signals, shape (t, len(items), f)."""
        found = np.zeros((len(asked), len(items), len(self.names)), np.float32)
        for place, table in enumerate(self.trends.values()):
            found[:, :, place] = table[asked.context][:, items]
        for name, value in self.personal(asked, items, warm):
            found[:, :, self.names.index(name)] = value
        return found

    def tabled(self, weights: dict[str, float]) -> Singles:
        """The weighed sum of what is known of the items by themselves, shape (contexts + 1, n)."""
        some = np.array([weights[name] for name in self.trends], np.float32)
        return np.asarray(np.tensordot(some, np.stack([*self.trends.values()]), 1), np.float32)

    def state(self) -> State:
        """Of every part, by its name."""
        parts = {**self.models, "cohort": self.cohorts, "words": self.words}
        inner = {f"{part}-{name}": value for part, of in parts.items() for name, value in of.state().items()}
        return inner | {"head": self.head, "warm": self.warm, "counts": self.counts}

    def restore(self, state: State) -> None:
        """See `state`; the trends are no part of it."""
        for part, of in {**self.models, "cohort": self.cohorts, "words": self.words}.items():
            mine = {name.partition("-")[2]: v for name, v in state.items() if name.startswith(f"{part}-")}
            of.restore(mine)
        self.head, self.warm, self.counts = state["head"], state["warm"], state["counts"]


def _bent(values: Singles) -> Singles:
    """The good told from the best less than the middling from the good."""
    return np.asarray(np.where(values > 0, np.log1p(np.maximum(values, 0)), 0.2 * np.maximum(values, -3)), np.float32)
