"""All signals that `stacked` weighs: those of items by themselves (`trends`), and those of a client with an item."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from typing import Any, Final, Self

import numpy as np

from algorithms.ranking import deep, own_signals
from algorithms.ranking.cohorts import Cohorts
from algorithms.ranking.contexts import count_contexts, mix_contexts
from algorithms.ranking.data import (
    FeatureMatrix,
    Interactions,
    Progress,
    RankingAlgorithm,
    Singles,
    State,
    Targets,
    append_empty,
    ignore,
    is_everything,
    select_substate,
)
from algorithms.ranking.model_sizes import ModelSizes
from algorithms.ranking.own_signals import build_own_signals, iterate_own_signals
from algorithms.ranking.shortlist import Shortlist, select_front
from algorithms.ranking.trends import compute_item_signals, default_signal
from algorithms.ranking.two_tower import TwoTower
from algorithms.ranking.word_preferences import WordPreferences
from domain.arrays import Flags, Ints

TOWERS: Final = "towers"
ENOUGH: Final = 20_000
"""From this many interactions on a network is a signal too, where the extra `deep` is installed. It needs words of
clients or contexts: without, it repeats what the models say (docs/decisions/0024)."""
ROUGH: Final = 2
"""Epochs of the network on inner splits."""
DEFAULT_SIZES: Final = ModelSizes()
PLAIN: Final = ("head", "seen", "warm", "counts", "spoken", "alone", "habits")
HEAD: Final = 500
"""The most taken items, over which the spread of a client's scores is measured."""


class Signals:
    """Signals learnt from one set of interactions. `repeats`: what a client took before counts too."""

    def __init__(self, repeats: bool, sizes: ModelSizes = DEFAULT_SIZES) -> None:
        self.repeats = repeats
        self.trends: dict[str, Singles] = {}
        self.models: dict[str, RankingAlgorithm] = sizes.make_models()
        self.cohorts = Cohorts(lift_only=True)
        self.words = WordPreferences()
        self.towers: TwoTower | None = None
        self.head: Ints = np.zeros(0, np.int64)
        self.shortlist_index = Shortlist(0, self.head, None)
        self.spoken: list[str] = []
        self.alone: list[str] = []
        """Names of the trends; the trends themselves are not saved."""
        self.seen: Flags = np.zeros(0, np.bool_)
        self.warm: Flags = np.zeros(0, np.bool_)
        self.counts: Any = None
        self.own: list[Any] = []
        self.habits: Any = None
        """How often each client took something in each context, sparse (c, contexts)."""

    def fit(self, interactions: Interactions, seed: int, rough: bool = False, progress: Progress = ignore) -> Self:
        """Fit all parts; `rough` trains the network in half the time."""
        self.trends = compute_item_signals(interactions)
        enough = (
            deep.INSTALLED
            and len(interactions) >= ENOUGH
            and bool(interactions.client_words.names or interactions.contexts)
        )
        self.towers = TwoTower(ROUGH if rough else deep.EPOCHS) if enough else None
        if self.towers:
            self.towers.progress = progress
        with ThreadPoolExecutor(1) as pool:  # the network takes as long as all others: it gets its own core
            network = pool.submit(self.towers.fit, interactions, seed) if self.towers else None
            for name, part in self.parts.items():
                if name != TOWERS:
                    progress(f"learning {name}")
                    part.fit(interactions, seed)
            if network:
                network.result()
        if interactions.item_words.names:
            contexts = Targets(
                np.zeros(len(interactions.contexts) + 1, np.int64), np.arange(len(interactions.contexts) + 1)
            )
            self.trends["words"] = self.words.trends(contexts, np.arange(len(interactions.items)))
        self.spoken, self.alone = _list_word_signals(interactions), [*self.trends]
        takers = np.bincount(interactions.item, minlength=len(interactions.items))
        ahead = select_front(self.trends, [name for name in self.trends if name not in ("age", "silence", "new")])
        self.shortlist_index = Shortlist.build(self.models["als"].state()["items"], ahead)
        self.head = np.sort(np.argsort(-takers, kind="stable")[:HEAD])
        self.seen, self.warm, self.counts = interactions.seen, interactions.warm, interactions.counts
        self.own = build_own_signals(interactions) if self.repeats else []
        self.habits = count_contexts(interactions, len(interactions.contexts))
        return self

    @property
    def parts(self) -> dict[str, RankingAlgorithm]:
        """All that learn, by name."""
        towers: dict[str, RankingAlgorithm] = {TOWERS: self.towers} if self.towers else {}
        return self.models | {"cohort": self.cohorts, "words": self.words} | towers

    @property
    def names(self) -> tuple[str, ...]:
        """Of all signals."""
        towers = (TOWERS,) if self.towers else ()
        return (*self.trends, *self.spoken, *towers, *self.models, *(own_signals.NAMES if self.repeats else ()))

    def compute_item_signals(self, targets: Targets, items: Ints) -> Iterator[tuple[str, Singles]]:
        """Yield the signals of items by themselves by name, in each target's context, each (t, len(items))."""
        shares = mix_contexts(targets, self.habits)
        for name, trend in self.trends.items():
            yield name, np.asarray(shares @ trend[:, items], np.float32)

    def compute_client_signals(self, targets: Targets, items: Ints, warm: bool) -> Iterator[tuple[str, Singles]]:
        """Yield the signals of clients with items by name, each (t, len(items)).

        All `targets` are warm, or none is. Of cold clients only the cohort is known, and what the network makes of
        their words.
        """
        if self.towers:
            yield TOWERS, self.towers.scores(targets, items)
        if "cohort" in self.spoken:
            yield "cohort", self.cohorts.scores(targets, items)
        if "cohort words" in self.spoken:
            yield "cohort words", self.words.lift_of_cohort(targets, items)
        if not warm:
            return
        if "own words" in self.spoken:
            yield "own words", self.words.lift_of_client(targets, items)
        for name, model in self.models.items():
            if is_everything(items, len(self.seen)):
                values = model.scores(targets, items)
                head = values[:, self.head]
            else:
                both = model.scores(targets, np.concatenate([items, self.head]))
                values, head = both[:, : len(items)], both[:, len(items) :]
            yield name, _compress(values / (head.std(axis=1, keepdims=True) + 1e-6))
        if self.repeats:
            yield from iterate_own_signals(self.own, targets.client, items)

    def shortlist(self, targets: Targets) -> Ints:
        """Select the items worth scoring for these targets, in order."""
        warm = targets.client[self.warm[targets.client]]
        als = self.models["als"].state()
        nearest = self.shortlist_index.of(als["clients"][warm])
        if not self.repeats or len(nearest) == len(self.seen):
            return nearest
        return np.union1d(nearest, self.counts[warm].indices)

    def fold_in_users(self, users: Interactions) -> Self:
        """Return a copy that knows these clients, in place of those it was trained on."""
        signals = copy(self)
        signals.models = {name: model.fold_in_users(users) for name, model in self.models.items()}
        signals.cohorts, signals.words = self.cohorts.fold_in_users(users), self.words.fold_in_users(users)
        signals.towers = self.towers and self.towers.fold_in_users(users)
        signals.warm, signals.counts = users.warm, users.counts
        signals.own = build_own_signals(users) if self.repeats else []
        signals.habits = count_contexts(users, self.habits.shape[1])
        return signals

    def add_items(self, words: FeatureMatrix) -> None:
        """Add items that are newer than the training."""
        for part in self.parts.values():
            part.add_items(words)
        self.seen = np.concatenate([self.seen, np.zeros(len(words), np.bool_)])
        self.counts = append_empty(self.counts, 0, len(words))
        self.own = [append_empty(matrix, 0, len(words)) for matrix in self.own]

    def score_new_items(self, weights: dict[str, float], items: Ints) -> Singles:
        """Compute what `sum_item_signals` would give for items that nobody took, shape (contexts + 1, len(items))."""
        contexts = self.words.trend.shape[0]
        plain = sum(weights[name] * default_signal(name) for name in weights if name in self.alone and name != "words")
        scores = np.full((contexts, len(items)), plain, np.float32)
        if "words" in self.alone:
            targets = Targets(np.zeros(contexts, np.int64), np.arange(contexts))
            scores += np.float32(weights["words"]) * self.words.trends(targets, items)
        return scores

    def sum_item_signals(self, weights: dict[str, float]) -> Singles:
        """Compute the weighted sum of what is known of the items by themselves, shape (contexts + 1, n)."""
        vector = np.array([weights[name] for name in self.trends], np.float32)
        return np.asarray(np.tensordot(vector, np.stack([*self.trends.values()]), 1), np.float32)

    def state(self) -> State:
        """Return the states of all parts, each under its name."""
        inner = {f"{part}-{name}": value for part, of in self.parts.items() for name, value in of.state().items()}
        listed = {f"listed-{name}": value for name, value in self.shortlist_index.state().items()}
        own = {f"again-{index}": matrix for index, matrix in enumerate(self.own)}
        return inner | listed | own | {name: getattr(self, name) for name in PLAIN}

    def restore(self, state: State) -> None:
        """Load what `state` returned; the trends are not part of it."""
        self.towers = TwoTower() if f"{TOWERS}-items" in state else None
        for part, of in self.parts.items():
            of.restore(select_substate(state, part))
        self.shortlist_index = Shortlist.from_state(select_substate(state, "listed"))
        own = select_substate(state, "again")
        self.own = [own[str(index)] for index in range(len(own))]
        for name in PLAIN:
            setattr(self, name, state[name])


def _list_word_signals(interactions: Interactions) -> list[str]:
    """List the signals of words for which these interactions have words."""
    items, clients = bool(interactions.item_words.names), bool(interactions.client_words.names)
    has = {"cohort": clients, "cohort words": clients and items, "own words": items}
    return [name for name, present in has.items() if present]


def _compress(values: Singles) -> Singles:
    """Compress scores: differences among good items shrink, and bad ones are cut off."""
    good = np.maximum(values, 0.0)
    return np.asarray(np.log1p(good) + 0.2 * np.maximum(values - good, -3.0), np.float32)
