"""`stacked`: recent popularity by context and age, and what a client's history, cohort and habits say, weighted by what
earlier windows of the same data show (stacking). Clients with and without a history have weights of their own."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Final, Self

import numpy as np

from algorithms.ranking import inner, stacking
from algorithms.ranking.data import NONE, FeatureMatrix, Interactions, Singles, State, Targets, select_columns
from algorithms.ranking.inner import Inner
from algorithms.ranking.signals import Signals
from algorithms.ranking.splits import HoldoutSplit
from algorithms.ranking.stacking import Choices
from domain.arrays import Flags, Ints

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
    "own share": 0.7,
}
"""Weights before any evidence: near what the public sets of docs/ranking.md gave."""
MOST_TARGETS: Final = 3_000
"""Most targets of each inner split, drawn by the seed."""
CANDIDATES: Final = 200
"""A target's best items by each signal that compete while fitting. With fewer, clients who took most of what is popular
would meet too little of the rest."""
NO_CANDIDATES: Final = ("age", "silence", "new", "words", "cohort words", "own words")
"""Signals that say too little by themselves to name candidates."""
BLOCK: Final = 100
ITEM: Final = "item"


class Stacked:
    """A weighted sum of signals. `repeats`: what a client took before is a candidate too. `splits`: what the weights
    are learnt from."""

    def __init__(self, repeats: bool = False, splits: Inner = inner.split_by_time) -> None:
        self.repeats, self.splits = repeats, splits
        self.signals = Signals(repeats)
        self.weights: dict[str, dict[str, float]] = {}
        self.tables: dict[str, Singles] = {}

    def fit(self, interactions: Interactions, seed: int) -> None:
        """Fit the weights on inner splits, then every signal on all interactions."""
        choices: dict[str, list[Choices]] = {"warm": [], "cold": []}
        for held in self.splits(interactions, self.repeats, seed):
            signals = Signals(self.repeats).fit(held.past, seed, rough=True)
            sampled = np.random.default_rng(seed).permutation(len(held.targets))[:MOST_TARGETS]
            sample = held.part(np.sort(sampled))
            for name, rows in _group_targets(signals.warm, sample.targets).items():
                choices[name] += _collect_choices(signals, sample.part(rows), name == "warm", self.repeats)
        self.signals.fit(interactions, seed)
        names = self.signals.names
        begin = np.array([BEGIN.get(name, 0.0) for name in names])
        for group, group_choices in choices.items():
            weights = stacking.fit_weights(Choices.concatenate(group_choices), begin) if group_choices else begin
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
        yield ITEM, self.tables[group][:, items][targets.context]
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


def _group_targets(warm: Flags, targets: Targets) -> dict[str, Flags]:
    is_warm = np.asarray(warm[targets.client])
    return {"warm": is_warm, "cold": ~is_warm}


def _collect_choices(signals: Signals, held: HoldoutSplit, warm: bool, repeats: bool) -> list[Choices]:
    """Collect, of each target that took one of its candidates, the candidates and which were taken."""
    collected: list[Choices] = []
    tables = np.stack([*signals.trends.values()])
    naming = [index for index, name in enumerate(signals.trends) if name not in NO_CANDIDATES]
    leaders = [_select_heads(tables[naming, context]) for context in range(tables.shape[1])]
    for begin in range(0, len(held.targets), BLOCK):
        targets = held.targets.part(slice(begin, begin + BLOCK))
        items = signals.shortlist(targets)
        own = dict(signals.compute_client_signals(targets, items, warm))
        heads = [_select_heads(value) for name, value in own.items() if name not in NO_CANDIDATES]
        leading = [np.flatnonzero(np.isin(items, leader)) for leader in leaders]
        wanted = select_columns(held.wanted[begin : begin + BLOCK], items).toarray() > 0
        free = repeats | ~(select_columns(held.past.taken[targets.client], items).toarray() > 0)
        for row, context in enumerate(targets.context.tolist()):
            candidates = np.unique(np.concatenate([leading[context], *(head[row] for head in heads)]))
            candidates = candidates[free[row, candidates]]
            if wanted[row, candidates].any():
                values = {name: value[row, candidates] for name, value in own.items()}
                values |= dict(zip(signals.trends, tables[:, context, items[candidates]], strict=True))
                block = np.stack([values.get(name, np.zeros(len(candidates))) for name in signals.names], axis=1)
                collected.append(Choices(block.astype(np.float32), wanted[row, candidates], np.zeros(1, np.int64)))
    return collected


def _select_heads(values: Singles) -> Ints:
    """Select the CANDIDATES highest of each row; return their indices."""
    most = min(CANDIDATES, values.shape[1])
    return np.argpartition(-values, most - 1, axis=1)[:, :most]
