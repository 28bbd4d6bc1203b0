"""A hierarchical ordinal ridge regression: two figures a row, three chances, and ridges learnt from the data.

A row's `lean` says to which side it errs, its `spread` how likely it errs at all, however it leans:
p(small) : p(fit) : p(large) = exp(spread - lean) : 1 : exp(spread + lean). Both are sums over the row's columns. A
column's weight is normal around 0 with a variance of its block; variances are learnt by MacKay's fixed point ("Bayesian
interpolation", 1992), the curvature taken as diagonal. So a client of one rental hardly moves, an item of a thousand
stands for itself, and in a young shop what is usual everywhere holds.
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


def chances(weights: Floats, cells: Cells) -> Floats:
    """(n, 3): small, fit, large; `weights` (columns, 2) are of spread and lean."""
    total = np.einsum("nkd,nk->nd", weights[np.maximum(cells.column, 0)], cells.weight)
    return _three(total)


def learnt(cells: Cells, said: Ints, block: Ints, start: Floats) -> Floats:
    """The weights (columns, 2). `said` (n,): 0, 1, 2 for small, fit, large; `block` (columns,): the group of each
    column; `start` (blocks, 2): standard deviations to start from. The first block keeps its own."""
    matrix = _matrix(cells, len(block))
    deviation, weights = start.copy(), np.zeros((len(block), 2))
    for last, steps in zip((False, False, False, True), ROUNDS, strict=True):
        held = 1 / deviation[block] ** 2
        weights, curve = _solved(matrix, said, weights, held, steps)
        if not last:
            deviation = _deviations(weights, curve, held, block, start)
    return weights


def _solved(matrix: sparse.csr_matrix, said: Ints, start: Floats, held: Floats, steps: int) -> tuple[Floats, Floats]:
    """The most likely weights by L-BFGS, scaled by the curvature where it starts; and the diagonal curvature of the
    likelihood (columns, 2) where it ends, without `held`."""
    across = matrix.T.tocsr()
    squared = sparse.csr_matrix((across.data**2, across.indices, across.indptr), across.shape)
    rows = np.arange(len(said))
    came = np.stack([said != 1, (said == 2) - 1.0 * (said == 0)], axis=1)

    def curve(weights: Floats) -> Floats:
        p = _three(matrix @ weights)
        return np.asarray(
            squared @ np.stack([p[:, 1] * (1 - p[:, 1]), p[:, 0] + p[:, 2] - (p[:, 2] - p[:, 0]) ** 2], 1)
        )

    scale = 1 / np.sqrt(curve(start) + held)

    def badness(point: Floats) -> tuple[float, Floats]:
        weights = point.reshape(scale.shape) * scale
        p = _three(matrix @ weights)
        slope = across @ (came - np.stack([p[:, 0] + p[:, 2], p[:, 2] - p[:, 0]], 1)) - held * weights
        value = float(np.log(p[rows, said]).sum()) - float((held * weights**2).sum()) / 2
        return -value, -(slope * scale).ravel()

    options = {"maxiter": steps, "maxcor": 15}
    found = minimize(badness, (start / scale).ravel(), jac=True, method="L-BFGS-B", options=options)
    weights = found.x.reshape(scale.shape) * scale
    return weights, curve(weights)


def _deviations(weights: Floats, curve: Floats, held: Floats, block: Ints, start: Floats) -> Floats:
    """Of each block, the root of the summed squares of its weights over how many of them the data determine; `start`
    counts as STEADY determined ones."""
    new = start.copy()
    determined = curve / (curve + held)
    for one in range(1, len(start)):
        mine = block == one
        square = (weights[mine] ** 2).sum(axis=0) + STEADY * start[one] ** 2
        new[one] = np.sqrt(np.clip(square / (determined[mine].sum(axis=0) + STEADY), LEAST, 1.0))
    return new


def _matrix(cells: Cells, width: int) -> sparse.csr_matrix:
    some = cells.column >= 0
    rows = np.nonzero(some)[0]
    return sparse.csr_matrix((cells.weight[some], (rows, cells.column[some])), (len(cells.column), width))


def _three(scores: Floats) -> Floats:
    """Chances (n, 3) from spread and lean (n, 2), each above what is usual."""
    spread, lean = scores[:, 0] + USUAL[0], scores[:, 1] + USUAL[1]
    odds = np.stack([spread - lean, np.zeros(len(scores)), spread + lean], axis=1)
    odds = np.exp(np.clip(odds, -FARTHEST, FARTHEST))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))
