"""The fit model against the item's share of misfits, as each training states it."""

from __future__ import annotations

from typing import Final

import numpy as np

from algorithms.fit.model import FitModel
from algorithms.fit.names import Names
from algorithms.fit.rows import FIT, SMALL, Feedback, Rows
from algorithms.fit.wear import look_up
from algorithms.risk.calibration import auc, calibration_error
from domain.arrays import Floats, Ints

PRIOR: Final = 20.0
"""The weight, in rows, of the share of all in the share of one item, client or pair."""


def compare_models(past: Feedback, later: Feedback) -> dict[str, float | None]:
    """Compare the model with the item's share of misfits on `later`; trees take too long for this."""
    wrong, three = later.fit != FIT, FitModel.train(past).predict_rows(later.rows)
    return {
        "auc": round_known(auc(wrong, 1 - three[:, FIT])),
        "auc_item_rate": round_known(auc(wrong, 1 - predict_by_item_rate(past, later.rows)[:, FIT])),
        "log_loss": compute_log_loss(later.fit, three),
        "calibration_error": round_known(calibration_error(wrong, 1 - three[:, FIT])),
    }


def predict_by_item_rate(feedback: Feedback, rows: Rows) -> Floats:
    """Predict the chances (n, 3) of `rows` by the item's share of misfits, shrunk to the share of all items.

    Misfits divide into small and large as they do over all items.
    """
    names = Names.build(feedback.rows)
    wrong = (feedback.fit != FIT).astype(np.float64)
    indices, mean = names.find_indices(feedback.rows).item, float(wrong.mean())
    share = shrink_share(wrong, indices, names.find_indices(rows).item, mean)
    small = float((feedback.fit == SMALL).sum()) / max(float(wrong.sum()), 1.0)
    return np.stack([share * small, 1 - share, share * (1 - small)], axis=1)


def shrink_share(came: Floats, known: Ints, wanted: Ints, mean: float) -> Floats:
    """Compute the share of `came` at each wanted index, shrunk to the mean; an index of -1 has the mean."""
    valid = known >= 0
    size = int(max(known.max(initial=-1), wanted.max(initial=-1))) + 1
    total, count = np.bincount(known[valid], came[valid], size), np.bincount(known[valid], minlength=size)
    return look_up((total + PRIOR * mean) / (count + PRIOR) - mean, wanted) + mean


def compute_log_loss(outcome: Ints, three: Floats) -> float | None:
    """Compute the mean log-loss of the three outcomes; `three` are their chances (n, 3)."""
    return round_known(float(-np.log(np.clip(three[np.arange(len(outcome)), outcome], 1e-9, 1.0)).mean()))


def round_known(value: float) -> float | None:
    """Round to four digits; None for what is not known."""
    return None if np.isnan(value) else round(value, 4)
