"""Made-up experiments in which it is known whom the treatment moves."""

from __future__ import annotations

import numpy as np

from algorithms.uplift.curves import UpliftTrial
from domain.arrays import Floats


def build_trial(
    n: int = 4_000, seed: int = 1, *, two: bool = False, flat: bool = False
) -> tuple[Floats, UpliftTrial, Floats]:
    """Rows of five features, the trial, and each client's true uplift: by the first feature, with `two` by the second
    as much, with `flat` alike for all."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, 5))
    uplift = 0.12 + (0.0 if flat else 0.1) * np.clip(rows[:, 0] + (rows[:, 1] if two else 0.0), -1.1, 1.5)
    treated = rng.random(n) < 0.5
    chance = 0.15 + 0.05 * np.clip(rows[:, 2], -1, 1) + treated * uplift
    return rows, UpliftTrial(treated, (rng.random(n) < chance).astype(np.float64)), uplift
