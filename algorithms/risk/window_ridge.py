"""The ridge over all training windows, shrunk by how well the windows agree.

Windows of one shop differ by season and by its new clients. What holds in all of them is likelier to hold in the next.
So the ridge's moves are scaled by a share between 0 and 1: how well a ridge fitted on the other windows predicts each
window. Shops differ much in that share (docs/decisions, 15).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from algorithms.risk import ridge
from algorithms.risk.calibration import shift_to_mean
from algorithms.risk.forms import LEAST
from algorithms.risk.ridge import Ridge
from algorithms.risk.windows import TrainingWindow
from domain.arrays import Floats

SHARES: Final = np.linspace(0.0, 1.0, 9)
SINGLE_WINDOW_SHARE: Final = 2 / 3
"""The share where there is one window alone: about the average of shops with several."""


def fit_windows(windows: Sequence[TrainingWindow], features: Sequence[Floats]) -> Ridge:
    """Fit the ridge over all windows and scale it by their agreement.

    `features` holds one array for each window, shape (clients, k).
    """
    return fit_all_windows(windows, features).scale(compute_agreement(windows, features))


def compute_agreement(windows: Sequence[TrainingWindow], features: Sequence[Floats]) -> float:
    """Compute the share, 0 to 1, of the ridge's moves that holds across windows.

    It is the mean of SHARES, each weighted by the likelihood of every window when moved by that share of the ridge of
    the other windows; the mean chance is given. As windows overlap, all of them count as one.
    """
    if len(windows) < 2:
        return SINGLE_WINDOW_SHARE
    likely = np.mean([_score_window(windows, features, index) for index in range(len(windows))], axis=0)
    weight = np.exp(likely - likely.max())
    return float(weight @ SHARES / weight.sum())


def _score_window(windows: Sequence[TrainingWindow], features: Sequence[Floats], index: int) -> Floats:
    """Compute the log-likelihood of one window, moved by the ridge of the others, for each of SHARES."""
    window = windows[index]
    others = fit_all_windows([*windows[:index], *windows[index + 1 :]], [*features[:index], *features[index + 1 :]])
    moves, came = others.predict_moves(features[index]), window.came > 0
    chances = (shift_to_mean(window.snapshot.log_odds + share * moves, float(came.mean())) for share in SHARES)
    return np.array([np.log(np.clip(np.where(came, chance, 1 - chance), LEAST, 1)).sum() for chance in chances])


def fit_all_windows(windows: Sequence[TrainingWindow], features: Sequence[Floats]) -> Ridge:
    """Fit the ridge over all windows, not scaled."""
    came = np.concatenate([window.came > 0 for window in windows])
    log_odds = np.concatenate([window.snapshot.log_odds for window in windows])
    return ridge.fit(np.concatenate(features), came, log_odds, 1 / len(windows))
