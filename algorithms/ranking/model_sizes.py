"""The sizes of the models of a client's history, by what each size alone would have listed in the latest window of the
shop's past."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np

from algorithms.ranking.als import Als
from algorithms.ranking.data import NONE, RankingAlgorithm, Targets, contains_pairs
from algorithms.ranking.ease import Ease
from algorithms.ranking.item_cosine import ItemCosine
from algorithms.ranking.splits import HoldoutSplit
from algorithms.ranking.top import recommend
from algorithms.ranking.transitions import Transitions
from domain.arrays import Floats

RIDGES: Final = (200.0, 20.0, 70.0, 600.0, 2_000.0)
ALS_SIZES: Final = ((32, 10.0), (32, 1.0), (64, 1.0), (64, 10.0))
"""Factors and ridge. The first of each stands where there is too little to choose by."""
SWEEPS: Final = 8
TRIAL_SWEEPS: Final = 5
TRIAL_CAP: Final = 1_500
"""The most taken items, which stand for all when ridges are tried."""
MOST_TARGETS: Final = 400
FEWEST: Final = 30
DEPTH: Final = 10
Size = TypeVar("Size")


@dataclass(frozen=True)
class ModelSizes:
    """The ridge of `ease`; the factors and the ridge of `als`."""

    ease: float = RIDGES[0]
    als: tuple[int, float] = ALS_SIZES[0]

    def make_models(self) -> dict[str, RankingAlgorithm]:
        """Make the models of a client's history, untrained, by name."""
        return {
            "ease": Ease(self.ease),
            "als": Als(*self.als, sweeps=SWEEPS),
            "cosine": ItemCosine(),
            "transitions": Transitions(),
        }


def choose_sizes(held: HoldoutSplit, seed: int) -> ModelSizes:
    """Choose each size by the NDCG of what it lists for clients with a history, of what they had not taken before."""
    sample = _draw_returning(held, seed)
    if len(sample.targets) < FEWEST:
        return ModelSizes()
    ease = _choose_best(RIDGES, lambda ridge: Ease(ridge, TRIAL_CAP), sample, seed)
    return ModelSizes(ease, _choose_best(ALS_SIZES, lambda size: Als(*size, sweeps=TRIAL_SWEEPS), sample, seed))


def _draw_returning(held: HoldoutSplit, seed: int) -> HoldoutSplit:
    """Draw targets of clients with a history who took something new to them; that alone stays wanted."""
    wanted = held.wanted.tocoo()
    fresh = ~contains_pairs(held.past.taken, held.targets.client[wanted.row], wanted.col)
    new = _keep_cells(wanted, fresh)
    rows = np.flatnonzero((np.diff(new.indptr) > 0) & held.past.warm[held.targets.client])
    drawn = np.sort(np.random.default_rng(seed).permutation(rows)[:MOST_TARGETS])
    targets = Targets(held.targets.client[drawn], np.full(len(drawn), NONE))
    return HoldoutSplit(held.past, targets, new[drawn])


def _keep_cells(matrix: Any, kept: Any) -> Any:
    from scipy import sparse  # noqa: PLC0415

    cells = (matrix.data[kept], (matrix.row[kept], matrix.col[kept]))
    return sparse.coo_matrix(cells, matrix.shape).tocsr()


def _choose_best(
    sizes: Sequence[Size], make: Callable[[Size], RankingAlgorithm], held: HoldoutSplit, seed: int
) -> Size:
    gains = []
    for size in sizes:
        model = make(size)
        model.fit(held.past, seed)
        gains.append(float(_measure_gains(model, held).mean()))
    return sizes[int(np.argmax(gains))]


def _measure_gains(model: RankingAlgorithm, held: HoldoutSplit) -> Floats:
    lists, _ = recommend(model, held.past, held.targets, DEPTH)
    rows = np.repeat(np.arange(len(lists)), DEPTH)
    hits = contains_pairs(held.wanted, rows, np.maximum(lists, 0).ravel()).reshape(lists.shape) & (lists != NONE)
    worth = 1.0 / np.log2(np.arange(DEPTH) + 2.0)
    return np.asarray(hits @ worth / np.cumsum(worth)[np.minimum(np.diff(held.wanted.indptr), DEPTH) - 1])
