"""A hierarchical ordinal ridge regression: two scores a row, three chances, and penalties learnt from the data.

A row's `lean` says to which side it errs, its `spread` how likely it errs at all, however it leans:
p(small) : p(fit) : p(large) = exp(spread - lean) : 1 : exp(spread + lean). Both are sums over the row's columns. A
column's weight is normal around 0 with a variance of its block; variances are learnt by MacKay's fixed point ("Bayesian
interpolation", 1992), the curvature taken as diagonal. So a client with one rental hardly moves from the mean, an item
with a thousand has its own share, and a young shop gets the usual shares.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import sparse
from scipy.optimize import minimize

from algorithms.fit.sides import Cells
from domain.arrays import Floats, Ints

USUAL: Final = (-1.735, 0.0)
"""Spread and lean where nothing is known: 74 % fit, as many small as large."""
ROUNDS: Final = (12, 12, 12, 60)
"""Steps of each round, the last the longest; between them the variances move."""
STEADY: Final = 5.0
LEAST: Final = 1e-5
FARTHEST: Final = 30.0


def compute_chances(weights: Floats, cells: Cells) -> Floats:
    """Compute the chances (n, 3) of small, fit and large; `weights` (columns, 2) are of spread and lean."""
    total = np.einsum("nkd,nk->nd", weights[np.maximum(cells.column, 0)], cells.weight)
    return _normalise_scores(total)


def fit_weights(cells: Cells, outcome: Ints, block: Ints, start: Floats) -> Floats:
    """Fit the weights (columns, 2).

    Args:
        outcome: shape (n,); 0, 1, 2 for small, fit, large.
        block: shape (columns,); the group of each column.
        start: shape (blocks, 2); standard deviations to start from. The first block keeps its own.
    """
    matrix = _build_matrix(cells, len(block))
    deviation, weights = start.copy(), np.zeros((len(block), 2))
    for last, steps in zip((False, False, False, True), ROUNDS, strict=True):
        penalty = 1 / deviation[block] ** 2
        weights, curve = _solve(matrix, outcome, weights, penalty, steps)
        if not last:
            deviation = _update_deviations(weights, curve, penalty, block, start)
    return weights


def _solve(
    matrix: sparse.csr_matrix, outcome: Ints, start: Floats, penalty: Floats, steps: int
) -> tuple[Floats, Floats]:
    """Find the most likely weights by L-BFGS, scaled by the curvature at the start.

    Returns them and the diagonal curvature of the likelihood (columns, 2) there, without `penalty`.
    """
    across = matrix.T.tocsr()
    squared = sparse.csr_matrix((across.data**2, across.indices, across.indptr), across.shape)
    rows = np.arange(len(outcome))
    came = np.stack([outcome != 1, (outcome == 2) - 1.0 * (outcome == 0)], axis=1)

    def curve(weights: Floats) -> Floats:
        p = _normalise_scores(matrix @ weights)
        return np.asarray(
            squared @ np.stack([p[:, 1] * (1 - p[:, 1]), p[:, 0] + p[:, 2] - (p[:, 2] - p[:, 0]) ** 2], 1)
        )

    scale = 1 / np.sqrt(curve(start) + penalty)

    def badness(point: Floats) -> tuple[float, Floats]:
        weights = point.reshape(scale.shape) * scale
        p = _normalise_scores(matrix @ weights)
        slope = across @ (came - np.stack([p[:, 0] + p[:, 2], p[:, 2] - p[:, 0]], 1)) - penalty * weights
        value = float(np.log(p[rows, outcome]).sum()) - float((penalty * weights**2).sum()) / 2
        return -value, -(slope * scale).ravel()

    options = {"maxiter": steps, "maxcor": 15}
    result = minimize(badness, (start / scale).ravel(), jac=True, method="L-BFGS-B", options=options)
    weights = result.x.reshape(scale.shape) * scale
    return weights, curve(weights)


def _update_deviations(weights: Floats, curve: Floats, penalty: Floats, block: Ints, start: Floats) -> Floats:
    """Update the deviation of each block: the root of the squares of its weights over how many the data determine.

    `start` counts as STEADY determined weights.
    """
    new = start.copy()
    determined = curve / (curve + penalty)
    for one in range(1, len(start)):
        group = block == one
        square = (weights[group] ** 2).sum(axis=0) + STEADY * start[one] ** 2
        new[one] = np.sqrt(np.clip(square / (determined[group].sum(axis=0) + STEADY), LEAST, 1.0))
    return new


def _build_matrix(cells: Cells, width: int) -> sparse.csr_matrix:
    filled = cells.column >= 0
    rows = np.nonzero(filled)[0]
    return sparse.csr_matrix((cells.weight[filled], (rows, cells.column[filled])), (len(cells.column), width))


def _normalise_scores(scores: Floats) -> Floats:
    """Turn spread and lean (n, 2), each relative to USUAL, into chances (n, 3)."""
    spread, lean = scores[:, 0] + USUAL[0], scores[:, 1] + USUAL[1]
    odds = np.stack([spread - lean, np.zeros(len(scores)), spread + lean], axis=1)
    odds = np.exp(np.clip(odds, -FARTHEST, FARTHEST))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))
