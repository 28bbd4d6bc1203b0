"""CUPED: reduce the variance of an outcome by what was known of each client before (Deng, Xu, Kohavi, Walker 2013,
WSDM)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from domain.arrays import Floats
from errors import BadInput


@dataclass(frozen=True, slots=True)
class AdjustedOutcome:
    """An adjusted `outcome`, shape (n,), with its mean unchanged; `removed` is the share of variance that is gone.

    Intervals shrink by the square root of 1 - `removed`, and sample sizes by 1 - `removed`.
    """

    outcome: Floats
    removed: float


def adjust(outcome: Floats, before: Floats) -> AdjustedOutcome:
    """Subtract from `outcome`, shape (n,), what `before`, shape (n,) or (n, k), predicts by least squares. Raises
    BadInput.

    Pass treated and control together, so that one rule adjusts both, and only data from before the treatment.
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
    return AdjustedOutcome(left, 1 - float(left.var()) / whole if whole > 0 else 0.0)
