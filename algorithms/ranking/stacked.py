"""`champion`: recent popularity by context and age, and what a client's history, cohort and habits say, weighed by what
earlier stretches of the same log show (stacking; weights of clients with and without a history are learnt apart)."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Final, Self

import numpy as np

from algorithms.ranking import inner, stacking
from algorithms.ranking.data import NONE, Asked, FeatureMatrix, Log, Singles, State, columns
from algorithms.ranking.inner import Inner
from algorithms.ranking.signals import Signals
from algorithms.ranking.splits import Held
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
"""Weights before any evidence: near what the public sets of docs/ranking.md taught."""
ASKED: Final = 3_000
"""Targets learnt from in each inner split, drawn by the seed."""
CANDIDATES: Final = 200
"""So many of a target's best by each signal compete in learning: with fewer, those who took most of what is popular
meet too little of the rest."""
NO_CANDIDATES: Final = ("age", "silence", "new", "words", "cohort words", "own words")
"""Signals that say too little by themselves to name any."""
BLOCK: Final = 100
ITEM: Final = "item"


class Champion:
    """`repeats`: what a client took before is a candidate too. `splits`: what the weights are learnt from."""

    def __init__(self, repeats: bool = False, splits: Inner = inner.by_time) -> None:
        self.repeats, self.splits = repeats, splits
        self.signals = Signals(repeats)
        self.weights: dict[str, dict[str, float]] = {}
        self.tables: dict[str, Singles] = {}

    def fit(self, log: Log, seed: int) -> None:
        """Learn the weights on inner splits, then everything they weigh from the whole log."""
        found: dict[str, list[Choices]] = {"warm": [], "cold": []}
        for held in self.splits(log, self.repeats, seed):
            signals = Signals(self.repeats).fit(held.past, seed, rough=True)
            drawn = np.random.default_rng(seed).permutation(len(held.asked))[:ASKED]
            some = held.part(np.sort(drawn))
            for name, rows in _groups(signals.warm, some.asked).items():
                found[name] += _choices(signals, some.part(rows), name == "warm", self.repeats)
        self.signals.fit(log, seed)
        names = self.signals.names
        begin = np.array([BEGIN.get(name, 0.0) for name in names])
        for group, choices in found.items():
            learnt = stacking.learn(Choices.joined(choices), begin) if choices else begin
            self.weights[group] = dict(zip(names, learnt.tolist(), strict=True))
            self.tables[group] = self.signals.tabled(self.weights[group])

    def scores(self, asked: Asked, items: Ints) -> Singles:
        """Shape (t, len(items))."""
        found = np.zeros((len(asked), len(items)), np.float32)
        for group, rows in _groups(self.signals.warm, asked).items():
            if rows.any():
                found[rows] = self._scores(asked.part(rows), items, group)
        return found

    def shortlist(self, asked: Asked) -> Ints:
        """Items worth scoring for these targets."""
        return self.signals.shortlist(asked)

    def group_of(self, client: int) -> str:
        """Whose weights count for a client: of those with a history, `warm`, or of those without, `cold`."""
        return "warm" if self.signals.warm[client] else "cold"

    def parts(self, asked: Asked, items: Ints, group: str) -> Iterator[tuple[str, Singles]]:
        """What each signal adds to the scores of targets of one group, each (t, len(items)); first, as ITEM, all that
        is known of the items by themselves."""
        yield ITEM, self.tables[group][:, items][asked.context]
        for name, value in self.signals.personal(asked, items, group == "warm"):
            yield name, np.float32(self.weights[group][name]) * value

    def _scores(self, asked: Asked, items: Ints, group: str) -> Singles:
        parts = self.parts(asked, items, group)
        total = next(parts)[1]
        for _, value in parts:
            total += value
        return total

    def state(self) -> State:
        """Weights, the items' own scores, and what speaks of clients."""
        tables = {f"table_{group}": table for group, table in self.tables.items()}
        return {"weights": self.weights, "repeats": self.repeats} | tables | self.signals.state()

    def restore(self, state: State) -> None:
        """See `state`."""
        self.weights, self.repeats = state["weights"], state["repeats"]
        self.tables = {group: state[f"table_{group}"] for group in self.weights}
        self.signals = Signals(self.repeats)
        self.signals.restore(state)

    def met(self, people: Log) -> Self:
        """Clients without a history now are weighed as those without one were."""
        mine = copy(self)
        mine.signals = self.signals.met(people)
        return mine

    def widen(self, words: FeatureMatrix) -> None:
        """They count as items that nobody took."""
        more = np.arange(len(self.signals.seen), len(self.signals.seen) + len(words))
        self.signals.widen(words)
        for group, weights in self.weights.items():
            self.tables[group] = np.hstack([self.tables[group], self.signals.untaken(weights, more)])
        best_first = np.argsort(-self.tables["cold"][NONE, more], kind="stable")
        self.signals.listed = self.signals.listed.widened(best_first)


def _groups(warm: Flags, asked: Asked) -> dict[str, Flags]:
    mine = np.asarray(warm[asked.client])
    return {"warm": mine, "cold": ~mine}


def _choices(signals: Signals, held: Held, warm: bool, repeats: bool) -> list[Choices]:
    """Of each target that took one of its candidates: the candidates, and which were taken."""
    found: list[Choices] = []
    tables = np.stack([*signals.trends.values()])
    known = [place for place, name in enumerate(signals.trends) if name not in NO_CANDIDATES]
    leaders = [_heads(tables[known, context]) for context in range(tables.shape[1])]
    for begin in range(0, len(held.asked), BLOCK):
        asked = held.asked.part(slice(begin, begin + BLOCK))
        items = signals.shortlist(asked)
        own = dict(signals.personal(asked, items, warm))
        heads = [_heads(value) for name, value in own.items() if name not in NO_CANDIDATES]
        leading = [np.flatnonzero(np.isin(items, leader)) for leader in leaders]
        wanted = columns(held.wanted[begin : begin + BLOCK], items).toarray() > 0
        free = repeats | ~(columns(held.past.taken[asked.client], items).toarray() > 0)
        for row, context in enumerate(asked.context.tolist()):
            mine = np.unique(np.concatenate([leading[context], *(head[row] for head in heads)]))
            mine = mine[free[row, mine]]
            if wanted[row, mine].any():
                values = {name: value[row, mine] for name, value in own.items()}
                values |= dict(zip(signals.trends, tables[:, context, items[mine]], strict=True))
                block = np.stack([values.get(name, np.zeros(len(mine))) for name in signals.names], axis=1)
                found.append(Choices(block.astype(np.float32), wanted[row, mine], np.zeros(1, np.int64)))
    return found


def _heads(values: Singles) -> Ints:
    """Places of the CANDIDATES highest of each row."""
    most = min(CANDIDATES, values.shape[1])
    return np.argpartition(-values, most - 1, axis=1)[:, :most]
