"""What speaks for an item in the score of `stacked`, beyond what speaks for the average of the most taken items."""

from __future__ import annotations

from typing import Final

import numpy as np

from algorithms.blending.contracts import Kind
from algorithms.ranking.data import NONE, FeatureMatrix, Interactions, Singles, Targets
from algorithms.ranking.stacked import ITEM, Stacked
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
"""A client's latest items, among which the one is found that speaks most for another."""


def rank_families(stacked: Stacked, items: Ints) -> list[tuple[Kind, ...]]:
    """List for each item, for the first client: the families of signals that add more to it than to the average,
    largest first.

    An item that nobody took is not popular.
    """
    targets, head = Targets(np.zeros(1, np.int64), np.full(1, NONE)), stacked.signals.head
    total: dict[Kind, Singles] = {}
    for name, (values,) in stacked.iterate_parts(targets, np.concatenate([items, head]), stacked.find_group(0)):
        if name in FAMILIES:
            beyond = values[: len(items)] - values[len(items) :].mean()
            total[FAMILIES[name]] = total.get(FAMILIES[name], 0.0) + beyond
    total["popular"] = np.where(stacked.signals.seen[items], total["popular"], 0.0)
    best_first = np.argsort(-np.stack([*total.values()]), axis=0, kind="stable").T.tolist()
    names = [*total]
    return [
        tuple(names[family] for family in order if total[names[family]][index] > 0)
        for index, order in enumerate(best_first)
    ]


def find_nearest_owned(stacked: Stacked, interactions: Interactions, items: Ints) -> Ints:
    """Find for each item the item that this one client took that speaks most for it; NONE where nobody took both."""
    own = np.unique(interactions.item[np.argsort(interactions.at, kind="stable")][-LATEST:])
    if not len(own):
        return np.full(len(items), NONE)
    targets = Targets(np.arange(len(own)), np.full(len(own), NONE))
    models = stacked.signals.fold_in_users(_build_single_item_clients(own, interactions.items)).models
    both, weights = np.concatenate([items, stacked.signals.head]), stacked.weights["warm"]
    total = np.zeros((len(own), len(items)))
    for name, model in models.items():
        values = model.scores(targets, both)
        total += weights[name] * values[:, : len(items)] / (values[:, len(items) :].std() + 1e-6)
    total[models["cosine"].scores(targets, items) <= 0] = -np.inf
    return np.where(np.isinf(total).all(axis=0), NONE, own[total.argmax(axis=0)])


def _build_single_item_clients(own: Ints, items: tuple[str, ...]) -> Interactions:
    """Build a client for each of these items, who took that one alone."""
    n, none = len(own), FeatureMatrix.none(len(own))
    return Interactions(("",) * n, items, (), np.arange(n), own, np.zeros(n), np.full(n, NONE), None, none, none)
