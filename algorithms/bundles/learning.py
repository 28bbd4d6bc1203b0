"""The weights of `Affinity`: one item of each bundle is hidden, and must be found among others."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.optimize import minimize

from algorithms.bundles.goods import Bundles
from algorithms.bundles.model import LIKENESSES, Affinity, Shelf
from algorithms.bundles.texts import Matrix
from domain.arrays import Floats, Ints
from errors import BadInput

FOLDS: Final = 5
OTHERS: Final = 300
"""Items that the hidden one competes with in learning: half drawn, half those that are likest to the rest."""
NEAR_BY: Final = 4
"""So many of LIKENESSES, the first, say which are likest."""
RIDGE: Final = 1.0
FEWEST: Final = 20


def learn(shelf: Shelf, bundles: Bundles, seed: int = 42) -> Affinity:
    """From all `bundles`. While the weights are learnt, the pairs of a bundle's own fold count as unseen: else what it
    was bundled with would give the hidden item away. Raises BadInput."""
    n = len(bundles.members)
    if n < FEWEST:
        raise BadInput(f"are {n}; to learn from, there must be {FEWEST} or more", "bundles")
    rng = np.random.default_rng(seed)
    fold = rng.permutation(n) % FOLDS
    questions = []
    for each in range(FOLDS):
        together = shelf.bundled(part(bundles, np.flatnonzero(fold != each)))
        for place in np.flatnonzero(fold == each):
            questions.append(_question(shelf, together, bundles.members[place], bundles.intents[place], rng))
    return Affinity(shelf, shelf.bundled(bundles), _weights(questions))


def part(bundles: Bundles, places: Ints) -> Bundles:
    """Some of the bundles."""
    return Bundles(tuple(bundles.members[i] for i in places), tuple(bundles.intents[i] for i in places))


def _question(shelf: Shelf, together: Matrix, members: Ints, intent: str, rng: np.random.Generator) -> Floats:
    """The likenesses of the hidden item, first, and of those that it competes with."""
    hidden, everything = rng.integers(len(members)), np.arange(len(shelf.goods.ids))
    likeness = shelf.likenesses(together, np.delete(members, hidden), everything, intent)
    half = min(OTHERS // 2, len(everything))
    near = np.argpartition(-likeness[:, :NEAR_BY].sum(axis=1), half - 1)[:half]
    others = np.setdiff1d(np.concatenate([near, rng.choice(everything, half, replace=False)]), members)
    return np.asarray(likeness[np.concatenate([members[hidden : hidden + 1], others])])


def _weights(questions: list[Floats]) -> Floats:
    """The most likely weights of a conditional logit (McFadden 1974), held at 0 by a ridge on standardised columns."""
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

    found = minimize(loss, np.zeros(len(LIKENESSES)), jac=True, method="L-BFGS-B")
    return np.asarray(found.x / width)
