"""Whether probabilities mean what they say, and whether they rank: reliability, its error, and AUC."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit

Floats = NDArray[np.float64]

BINS: Final = 10


class Bin(NamedTuple):
    """Clients of about equal chances: how many, the mean chance predicted, and the share in whom it came true."""

    clients: int
    predicted: float
    observed: float


def reliability(came: NDArray[np.bool_], chance: Floats, bins: int = BINS) -> list[Bin]:
    """Sort clients by rising chance into bins of equal count.

    Ties keep the order of the input, so the outcome has no part in it.
    """
    order = np.argsort(chance, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return [Bin(len(part), float(chance[part].mean()), float(came[part].mean())) for part in parts]


def calibration_error(came: NDArray[np.bool_], chance: Floats, bins: int = BINS) -> float:
    """Compute the expected calibration error: the mean distance of predicted from observed, by bins of equal count."""
    return sum(bin_.clients * abs(bin_.predicted - bin_.observed) for bin_ in reliability(came, chance, bins)) / len(
        came
    )


def auc(came: NDArray[np.bool_], score: Floats) -> float:
    """Compute the AUC: the chance that a positive is scored above a negative; NaN where either is missing."""
    from scipy.stats import rankdata  # noqa: PLC0415  (slow to import, and a worker does without it)

    yes, no = int(came.sum()), int((~came).sum())
    if not yes or not no:
        return float("nan")
    return float((rankdata(score)[came].sum() - yes * (yes + 1) / 2) / (yes * no))


def shift_to_mean(log_odds: Floats, mean: float) -> Floats:
    """Shift all log odds alike so that the mean chance is `mean` (over 0, under 1); return the chances."""
    low, high = logit(mean) - float(log_odds.max()) - 1, logit(mean) - float(log_odds.min()) + 1
    return np.asarray(expit(log_odds + brentq(lambda by: float(expit(log_odds + by).mean()) - mean, low, high)))
