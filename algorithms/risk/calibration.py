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
    """Clients of like chances: how many, the mean that was foretold, and the share in whom it came true."""

    clients: int
    foretold: float
    came: float


def reliability(came: NDArray[np.bool_], chance: Floats, bins: int = BINS) -> list[Bin]:
    """Clients by rising chance, in bins of equal count. Clients of one chance share bins evenly: ties stand by what
    came true nowhere, only by their place in the input."""
    order = np.argsort(chance, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return [Bin(len(part), float(chance[part].mean()), float(came[part].mean())) for part in parts]


def calibration_error(came: NDArray[np.bool_], chance: Floats, bins: int = BINS) -> float:
    """Expected calibration error: the mean distance of foretold from came, by bins of equal count."""
    return sum(each.clients * abs(each.foretold - each.came) for each in reliability(came, chance, bins)) / len(came)


def auc(came: NDArray[np.bool_], score: Floats) -> float:
    """The chance that one in whom it came true was scored above one in whom it did not; NaN when all were alike."""
    from scipy.stats import rankdata  # noqa: PLC0415  (slow to import, and a worker does without it)

    yes, no = int(came.sum()), int((~came).sum())
    if not yes or not no:
        return float("nan")
    return float((rankdata(score)[came].sum() - yes * (yes + 1) / 2) / (yes * no))


def moved_to(log_odds: Floats, mean: float) -> Floats:
    """Chances in the same order, all log odds moved alike so that their mean is `mean` (over 0, under 1)."""
    low, high = logit(mean) - float(log_odds.max()) - 1, logit(mean) - float(log_odds.min()) + 1
    return np.asarray(expit(log_odds + brentq(lambda by: float(expit(log_odds + by).mean()) - mean, low, high)))
