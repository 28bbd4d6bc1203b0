"""`stacked`: recent popularity by context and age, and what a client's history, cohort and habits say, weighted by what
earlier windows of the same data show (stacking). Clients with and without a history have weights of their own."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from functools import partial
from typing import Final, Self

import numpy as np

from algorithms.ranking import inner
from algorithms.ranking.choice_collection import NO_CANDIDATES, collect_choices, draw_targets
from algorithms.ranking.contexts import mix_contexts
from algorithms.ranking.data import NONE, FeatureMatrix, Interactions, Progress, Singles, State, Targets, ignore
from algorithms.ranking.inner import Inner
from algorithms.ranking.model_sizes import ModelSizes, choose_sizes
from algorithms.ranking.signals import Signals
from algorithms.ranking.stacking import Choices
from algorithms.ranking.weight_choice import choose_weights
from domain.arrays import Flags, Floats, Ints

BEGIN: Final = {
    "all 7": 0.2,
    "all 30": 0.2,
    "all 90": 0.1,
    "context 30": 0.2,
    "context 90": 0.2,
    "new": -1.0,
    "cohort": 0.2,
    "words": 0.2,
    "cohort words": 0.1,
    "own words": 0.1,
    "towers": 0.7,
    "ease": 0.7,
    "als": 0.3,
    "cosine": 0.1,
    "transitions": 0.1,
    "own": 0.3,
    "own inf": 0.4,
    "own 90": 0.4,
}
"""Weights before any evidence: near what the public sets of docs/ranking.md gave."""
TIE: Final = 1e-4
"""Weight of recent popularity beside a part alone: it orders what the part holds equal."""
ITEM: Final = "item"


class Stacked:
    """A weighted sum of signals. `repeats`: what a client took before is a candidate too. `splits`: what the weights
    are learnt from."""

    def __init__(self, repeats: bool = False, splits: Inner = inner.split_by_time) -> None:
        self.repeats, self.splits = repeats, splits
        self.signals = Signals(repeats)
        self.weights: dict[str, dict[str, float]] = {}
        self.tables: dict[str, Singles] = {}
        self.progress: Progress = ignore

    def fit(self, interactions: Interactions, seed: int) -> None:
        """Fit the weights on inner splits, then every signal on all interactions."""
        progress = self.progress
        folds: dict[str, list[Choices]] = {"warm": [], "cold": []}
        windows = self.splits(interactions, self.repeats, seed)
        progress("choosing the sizes of models")
        sizes = choose_sizes(windows[0], seed) if windows else ModelSizes()
        for number, held in enumerate(windows, 1):
            where = f"window {number} of {len(windows)}: "
            signals = Signals(self.repeats, sizes).fit(held.past, seed, True, partial(_tell, progress, where))
            sample = draw_targets(held, seed)
            progress(f"{where}what {len(sample.targets)} clients chose")
            for name, rows in _group_targets(signals.warm, sample.targets).items():
                choices = collect_choices(signals, sample.part(rows), name == "warm", self.repeats)
                folds[name] += [Choices.concatenate(choices)] if choices else []
        self.signals = Signals(self.repeats, sizes).fit(interactions, seed, False, partial(_tell, progress, "all: "))
        names = self.signals.names
        begin = np.array([BEGIN.get(name, 0.0) for name in names])
        for group, group_folds in folds.items():
            progress(f"weighing signals of {group} clients")
            weights = choose_weights(group_folds, begin, _list_alone(names))
            self.weights[group] = dict(zip(names, weights.tolist(), strict=True))
            self.tables[group] = self.signals.sum_item_signals(self.weights[group])

    def scores(self, targets: Targets, items: Ints) -> Singles:
        """Score items, shape (t, len(items))."""
        scores = np.zeros((len(targets), len(items)), np.float32)
        for group, rows in _group_targets(self.signals.warm, targets).items():
            if rows.any():
                scores[rows] = self._scores(targets.part(rows), items, group)
        return scores

    def shortlist(self, targets: Targets) -> Ints:
        """Select the items worth scoring for these targets."""
        return self.signals.shortlist(targets)

    def find_group(self, client: int) -> str:
        """Return whose weights count for a client: `warm` with a history, `cold` without."""
        return "warm" if self.signals.warm[client] else "cold"

    def iterate_parts(self, targets: Targets, items: Ints, group: str) -> Iterator[tuple[str, Singles]]:
        """Yield what each signal adds to the scores of targets of one group, each (t, len(items)).

        First comes, as ITEM, all that is known of the items by themselves.
        """
        shares = mix_contexts(targets, self.signals.habits)
        yield ITEM, np.asarray(shares @ self.tables[group][:, items], np.float32)
        for name, value in self.signals.compute_client_signals(targets, items, group == "warm"):
            yield name, np.float32(self.weights[group][name]) * value

    def _scores(self, targets: Targets, items: Ints, group: str) -> Singles:
        parts = self.iterate_parts(targets, items, group)
        total = next(parts)[1]
        for _, value in parts:
            total += value
        return total

    def state(self) -> State:
        """Return the weights, the items' own scores, and the signals."""
        tables = {f"table_{group}": table for group, table in self.tables.items()}
        return {"weights": self.weights, "repeats": self.repeats} | tables | self.signals.state()

    def restore(self, state: State) -> None:
        """Load what `state` returned."""
        self.weights, self.repeats = state["weights"], state["repeats"]
        self.tables = {group: state[f"table_{group}"] for group in self.weights}
        self.signals = Signals(self.repeats)
        self.signals.restore(state)

    def fold_in_users(self, users: Interactions) -> Self:
        """Know the clients as they are now: those without a history are weighted as cold ones."""
        stacked = copy(self)
        stacked.signals = self.signals.fold_in_users(users)
        return stacked

    def add_items(self, words: FeatureMatrix) -> None:
        """Add the items as ones that nobody took."""
        more = np.arange(len(self.signals.seen), len(self.signals.seen) + len(words))
        self.signals.add_items(words)
        for group, weights in self.weights.items():
            self.tables[group] = np.hstack([self.tables[group], self.signals.score_new_items(weights, more)])
        best_first = np.argsort(-self.tables["cold"][NONE, more], kind="stable")
        self.signals.shortlist_index = self.signals.shortlist_index.with_items(best_first)


def _tell(progress: Progress, where: str, what: str) -> None:
    progress(where + what)


def _group_targets(warm: Flags, targets: Targets) -> dict[str, Flags]:
    is_warm = np.asarray(warm[targets.client])
    return {"warm": is_warm, "cold": ~is_warm}


def _list_alone(names: tuple[str, ...]) -> list[Floats]:
    """List the weights of each signal that names candidates, by itself; what it holds equal goes by popularity."""
    alone = []
    for index, name in enumerate(names):
        if name not in NO_CANDIDATES:
            weights = np.array([TIE if other == "all 30" else 0.0 for other in names])
            weights[index] = 1.0
            alone.append(weights)
    return alone
