"""Fit the weights of `Affinity`: one item of each bundle is hidden, and must be found among others."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.optimize import minimize

from algorithms.evaluation.bundles.goods import Bundles
from algorithms.evaluation.bundles.model import LIKENESSES, Affinity, ItemVectors
from algorithms.evaluation.bundles.texts import Matrix
from domain.arrays import Floats, Ints
from errors import BadInput

FOLDS: Final = 5
OTHERS: Final = 300
"""Items that the hidden one competes with while fitting: half drawn, half those most alike to the rest of the
bundle."""
NEAR_BY: Final = 4
"""The first NEAR_BY of LIKENESSES say which items are most alike."""
RIDGE: Final = 1.0
FEWEST: Final = 20


def fit_affinity(item_vectors: ItemVectors, bundles: Bundles, seed: int = 42) -> Affinity:
    """Fit the affinity to all `bundles`. Raises BadInput when they are too few.

    While the weights are fitted, the pairs of a bundle's own fold count as unseen: else the pairs would give the hidden
    item away.
    """
    n = len(bundles.members)
    if n < FEWEST:
        raise BadInput(f"are {n}; to learn from, there must be {FEWEST} or more", "bundles")
    rng = np.random.default_rng(seed)
    fold = rng.permutation(n) % FOLDS
    questions = []
    for number in range(FOLDS):
        together = item_vectors.count_pairs(select_bundles(bundles, np.flatnonzero(fold != number)))
        for index in np.flatnonzero(fold == number):
            questions.append(
                _build_question(item_vectors, together, bundles.members[index], bundles.intents[index], rng)
            )
    return Affinity(item_vectors, item_vectors.count_pairs(bundles), _fit_weights(questions))


def select_bundles(bundles: Bundles, indices: Ints) -> Bundles:
    """Select some of the bundles."""
    return Bundles(tuple(bundles.members[i] for i in indices), tuple(bundles.intents[i] for i in indices))


def _build_question(
    item_vectors: ItemVectors, together: Matrix, members: Ints, intent: str, rng: np.random.Generator
) -> Floats:
    """Compute the likenesses of the hidden item, first, and of those that it competes with."""
    hidden, everything = rng.integers(len(members)), np.arange(len(item_vectors.goods.ids))
    likeness = item_vectors.compute_likenesses(together, np.delete(members, hidden), everything, intent)
    half = min(OTHERS // 2, len(everything))
    near = np.argpartition(-likeness[:, :NEAR_BY].sum(axis=1), half - 1)[:half]
    others = np.setdiff1d(np.concatenate([near, rng.choice(everything, half, replace=False)]), members)
    return np.asarray(likeness[np.concatenate([members[hidden : hidden + 1], others])])


def _fit_weights(questions: list[Floats]) -> Floats:
    """Fit the most likely weights of a conditional logit (McFadden 1974), held at 0 by a ridge on standardised
    columns."""
    rows = np.concatenate(questions)
    width = np.maximum(rows.std(axis=0), 1e-9)
    rows = rows / width
    counts = np.array([len(question) for question in questions])
    first = np.concatenate([[0], counts.cumsum()[:-1]])

    def loss(weights: Floats) -> tuple[float, Floats]:
        utility = rows @ weights
        utility -= np.repeat(np.maximum.reduceat(utility, first), counts)
        odds = np.exp(utility)
        total = np.add.reduceat(odds, first)
        missed = float((np.log(total) - utility[first]).sum()) + RIDGE / 2 * float(weights @ weights)
        slope = rows.T @ (odds / np.repeat(total, counts)) - rows[first].sum(axis=0) + RIDGE * weights
        return missed, np.asarray(slope)

    solution = minimize(loss, np.zeros(len(LIKENESSES)), jac=True, method="L-BFGS-B")
    return np.asarray(solution.x / width)
