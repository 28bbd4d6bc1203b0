"""What speaks for an item in the champion's score, beyond what speaks for the average of the most taken ones."""

from __future__ import annotations

from typing import Final

import numpy as np

from algorithms.blending.contracts import Kind
from algorithms.ranking.data import NONE, Asked, FeatureMatrix, Log, Singles
from algorithms.ranking.stacked import ITEM, Champion
from domain.arrays import Ints

FAMILIES: Final[dict[str, Kind]] = {
    "ease": "history",
    "als": "history",
    "cosine": "history",
    "transitions": "history",
    "own words": "words",
    "cohort": "cohort",
    "cohort words": "cohort",
    ITEM: "popular",
}
LATEST: Final = 30
"""Items of a client among which the one is looked for that speaks most for another."""


def leading(made: Champion, items: Ints) -> list[tuple[Kind, ...]]:
    """Of the first client met, of each item: the families of signals that add to it more than to the average, those
    that add most first. An item that nobody took is not popular."""
    asked, head = Asked(np.zeros(1, np.int64), np.full(1, NONE)), made.signals.head
    total: dict[Kind, Singles] = {}
    for name, (values,) in made.parts(asked, np.concatenate([items, head]), made.group_of(0)):
        if name in FAMILIES:
            beyond = values[: len(items)] - values[len(items) :].mean()
            total[FAMILIES[name]] = total.get(FAMILIES[name], 0.0) + beyond
    total["popular"] = np.where(made.signals.seen[items], total["popular"], 0.0)
    best_first = np.argsort(-np.stack([*total.values()]), axis=0, kind="stable").T.tolist()
    names = [*total]
    return [
        tuple(names[each] for each in some if total[names[each]][place] > 0) for place, some in enumerate(best_first)
    ]


def nearest(made: Champion, known: Log, items: Ints) -> Ints:
    """Of each item, the item that this one client took that speaks most for it; NONE where nobody took both."""
    own = np.unique(known.item[np.argsort(known.at, kind="stable")][-LATEST:])
    if not len(own):
        return np.full(len(items), NONE)
    asked = Asked(np.arange(len(own)), np.full(len(own), NONE))
    models = made.signals.met(_each_alone(own, known.items)).models
    both, weights = np.concatenate([items, made.signals.head]), made.weights["warm"]
    total = np.zeros((len(own), len(items)))
    for name, model in models.items():
        values = model.scores(asked, both)
        total += weights[name] * values[:, : len(items)] / (values[:, len(items) :].std() + 1e-6)
    total[models["cosine"].scores(asked, items) <= 0] = -np.inf
    return np.where(np.isinf(total).all(axis=0), NONE, own[total.argmax(axis=0)])


def _each_alone(own: Ints, items: tuple[str, ...]) -> Log:
    """A client for each of these items, who took that one alone."""
    n, none = len(own), FeatureMatrix.none(len(own))
    return Log(("",) * n, items, (), np.arange(n), own, np.zeros(n), np.full(n, NONE), None, none, none)
