"""CUPED: less noise in an outcome by what was known of each client before (Deng, Xu, Kohavi, Walker 2013, WSDM)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from domain.arrays import Floats
from errors import BadInput


@dataclass(frozen=True, slots=True)
class Adjusted:
    """`outcome`, shape (n,), has the mean that it had; `removed` is the share of its variance that is gone.

    Intervals and sample sizes shrink by the square root of 1 - `removed`, and by 1 - `removed`.
    """

    outcome: Floats
    removed: float


def adjusted(outcome: Floats, before: Floats) -> Adjusted:
    """`outcome` of shape (n,) less what `before`, shape (n,) or (n, k), foretells by least squares. Raises BadInput.

    Hand over treated and control together, so that both are moved by one rule, and only what the treatment cannot have
    touched: facts from before it.
    """
    known = before.reshape(len(before), -1)
    if outcome.ndim != 1 or len(known) != len(outcome) or len(outcome) < known.shape[1] + 2:
        raise BadInput(
            f"must hold a row for each of {len(outcome)} outcomes, which are more than its columns", "before"
        )
    if not (np.isfinite(known).all() and np.isfinite(outcome).all()):
        raise BadInput("must be finite numbers", "before")
    centred = known - known.mean(axis=0)
    weights = np.linalg.lstsq(centred, outcome - outcome.mean(), rcond=None)[0]
    left = outcome - centred @ weights
    whole = float(outcome.var())
    return Adjusted(left, 1 - float(left.var()) / whole if whole > 0 else 0.0)
