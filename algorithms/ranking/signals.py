"""All that the champion weighs: signals of items by themselves (`trends`), and of a client with an item."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from typing import Any, Final, Self

import numpy as np

from algorithms.ranking import deep
from algorithms.ranking.als import Als
from algorithms.ranking.cohorts import Cohorts
from algorithms.ranking.data import (
    Algorithm,
    Asked,
    FeatureMatrix,
    Log,
    Singles,
    State,
    columns,
    everything,
    grown,
    part_of,
)
from algorithms.ranking.ease import Ease
from algorithms.ranking.item_cosine import ItemCosine
from algorithms.ranking.shortlist import Shortlist, front
from algorithms.ranking.transitions import Transitions
from algorithms.ranking.trends import item_signals, untaken
from algorithms.ranking.two_tower import TwoTower
from algorithms.ranking.word_taste import WordTaste
from domain.arrays import Flags, Ints

MODELS: Final[dict[str, Callable[[], Algorithm]]] = {
    "ease": Ease,
    "als": lambda: Als(32, 10.0, sweeps=8),
    "cosine": ItemCosine,
    "transitions": Transitions,
}
"""What speaks from a client's history."""
TOWERS: Final = "towers"
ENOUGH: Final = 20_000
"""Interactions from which on a network is a signal too, where the extra `deep` is installed. It needs words of clients
or contexts: without, it repeats what the models say (docs/decisions/0024)."""
ROUGH: Final = 2
"""Epochs of the network where only weights are learnt from it."""
OWN: Final = ("own", "own count", "own share")
PLAIN: Final = ("head", "seen", "warm", "counts", "spoken", "alone")
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
        self.towers: TwoTower | None = None
        self.head: Ints = np.zeros(0, np.int64)
        self.listed = Shortlist(0, self.head, None)
        self.spoken: list[str] = []
        self.alone: list[str] = []
        """Names of the trends, which are not kept themselves."""
        self.seen: Flags = np.zeros(0, np.bool_)
        self.warm: Flags = np.zeros(0, np.bool_)
        self.counts: Any = None

    def fit(self, log: Log, seed: int, rough: bool = False) -> Self:
        """Learn all of them; `rough`: the network in half the time."""
        self.trends = item_signals(log)
        enough = deep.INSTALLED and len(log) >= ENOUGH and bool(log.client_words.names or log.contexts)
        self.towers = TwoTower(ROUGH if rough else deep.EPOCHS) if enough else None
        with ThreadPoolExecutor(1) as beside:  # the network takes as long as all others, on a core of its own
            network = beside.submit(self.towers.fit, log, seed) if self.towers else None
            for name, part in self.parts.items():
                if name != TOWERS:
                    part.fit(log, seed)
            if network:
                network.result()
        if log.item_words.names:
            contexts = Asked(np.zeros(len(log.contexts) + 1, np.int64), np.arange(len(log.contexts) + 1))
            self.trends["words"] = self.words.trends(contexts, np.arange(len(log.items)))
        self.spoken, self.alone = _spoken(log), [*self.trends]
        takers = np.bincount(log.item, minlength=len(log.items))
        ahead = front(self.trends, [name for name in self.trends if name not in ("age", "silence", "new")])
        self.listed = Shortlist.over(self.models["als"].state()["items"], ahead)
        self.head = np.sort(np.argsort(-takers, kind="stable")[:HEAD])
        self.seen, self.warm, self.counts = log.seen, log.warm, log.counts
        return self

    @property
    def parts(self) -> dict[str, Algorithm]:
        """All that learn, by name."""
        towers: dict[str, Algorithm] = {TOWERS: self.towers} if self.towers else {}
        return self.models | {"cohort": self.cohorts, "words": self.words} | towers

    @property
    def names(self) -> tuple[str, ...]:
        """Of all signals."""
        towers = (TOWERS,) if self.towers else ()
        return (*self.trends, *self.spoken, *towers, *self.models, *(OWN if self.repeats else ()))

    def personal(self, asked: Asked, items: Ints, warm: bool) -> Iterator[tuple[str, Singles]]:
        """Signals of clients with items, each (t, len(items)). All `asked` are warm, or none is; of those who are not,
        only the cohort is known, and what the network makes of their words."""
        if self.towers:
            yield TOWERS, self.towers.scores(asked, items)
        if "cohort" in self.spoken:
            yield "cohort", self.cohorts.scores(asked, items)
        if "cohort words" in self.spoken:
            yield "cohort words", self.words.of_cohort(asked, items)
        if not warm:
            return
        if "own words" in self.spoken:
            yield "own words", self.words.of_client(asked, items)
        for name, model in self.models.items():
            if everything(items, len(self.seen)):
                values = model.scores(asked, items)
                head = values[:, self.head]
            else:
                both = model.scores(asked, np.concatenate([items, self.head]))
                values, head = both[:, : len(items)], both[:, len(items) :]
            yield name, _bent(values / (head.std(axis=1, keepdims=True) + 1e-6))
        if self.repeats:
            own = self.counts[asked.client]
            total = np.asarray(own.sum(axis=1))
            count = columns(own, items).toarray()
            yield from zip(OWN, (np.sign(count), np.log1p(count), np.log1p(100 * count / total)), strict=True)

    def shortlist(self, asked: Asked) -> Ints:
        """Items worth scoring for these targets, in order."""
        warm = asked.client[self.warm[asked.client]]
        als = self.models["als"].state()
        found = self.listed.of(als["clients"][warm])
        if not self.repeats or len(found) == len(self.seen):
            return found
        return np.union1d(found, self.counts[warm].indices)

    def met(self, people: Log) -> Self:
        """A copy that knows these clients, in the place of those learnt from."""
        mine = copy(self)
        mine.models = {name: model.met(people) for name, model in self.models.items()}
        mine.cohorts, mine.words = self.cohorts.met(people), self.words.met(people)
        mine.towers = self.towers and self.towers.met(people)
        mine.warm, mine.counts = people.warm, people.counts
        return mine

    def widen(self, words: FeatureMatrix) -> None:
        """Take in items that came since."""
        for part in self.parts.values():
            part.widen(words)
        self.seen = np.concatenate([self.seen, np.zeros(len(words), np.bool_)])
        self.counts = grown(self.counts, 0, len(words))

    def untaken(self, weights: dict[str, float], items: Ints) -> Singles:
        """What `tabled` would say of items that nobody took, shape (contexts + 1, len(items))."""
        contexts = self.words.trend.shape[0]
        plain = sum(weights[name] * untaken(name) for name in weights if name in self.alone and name != "words")
        found = np.full((contexts, len(items)), plain, np.float32)
        if "words" in self.alone:
            asked = Asked(np.zeros(contexts, np.int64), np.arange(contexts))
            found += np.float32(weights["words"]) * self.words.trends(asked, items)
        return found

    def tabled(self, weights: dict[str, float]) -> Singles:
        """The weighed sum of what is known of the items by themselves, shape (contexts + 1, n)."""
        some = np.array([weights[name] for name in self.trends], np.float32)
        return np.asarray(np.tensordot(some, np.stack([*self.trends.values()]), 1), np.float32)

    def state(self) -> State:
        """Of every part, by its name."""
        inner = {f"{part}-{name}": value for part, of in self.parts.items() for name, value in of.state().items()}
        listed = {f"listed-{name}": value for name, value in self.listed.state().items()}
        return inner | listed | {name: getattr(self, name) for name in PLAIN}

    def restore(self, state: State) -> None:
        """See `state`; the trends are no part of it."""
        self.towers = TwoTower() if f"{TOWERS}-items" in state else None
        for part, of in self.parts.items():
            of.restore(part_of(state, part))
        self.listed = Shortlist.restored(part_of(state, "listed"))
        for name in PLAIN:
            setattr(self, name, state[name])


def _spoken(log: Log) -> list[str]:
    """The signals of words that this log has words for."""
    items, clients = bool(log.item_words.names), bool(log.client_words.names)
    has = {"cohort": clients, "cohort words": clients and items, "own words": items}
    return [name for name, there in has.items() if there]


def _bent(values: Singles) -> Singles:
    """The good told from the best less than the middling from the good."""
    good = np.maximum(values, 0.0)
    return np.asarray(np.log1p(good) + 0.2 * np.maximum(values - good, -3.0), np.float32)
