"""Gain curves: how well a ranking finds the clients whom a treatment moves.

The gain curve g(s) is what treating the share s of clients who are ranked first adds, in the unit of the outcome and
for each client there is: s times the mean outcome of the treated among them less that of the control among them. AUUC
is the area under g for s from 0 to 1. Qini is that area less the one under the straight line to g(1), which is what a
random ranking gains: Qini = AUUC - g(1) / 2 (Radcliffe 2007, with the curve for each client in place of in all).
Clients of one score are treated together or at random, so that the curve is straight between the ends of ties.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from domain.arrays import Flags, Floats

DRAWS: Final = 200


@dataclass(frozen=True)
class UpliftTrial:
    """n clients of a randomised experiment, arrays of shape (n,): who was treated, and the outcome of each."""

    treated: Flags
    outcome: Floats

    def select(self, rows: Any) -> UpliftTrial:
        """Return the trial of some rows only."""
        return UpliftTrial(self.treated[rows], self.outcome[rows])


@dataclass(frozen=True)
class CurveAreas:
    """AUUC and Qini, each of shape (draws,): first of the trial itself, then of clients drawn with replacement."""

    auuc: Floats
    qini: Floats


def draw_bootstrap_weights(n: int, seed: int, draws: int = DRAWS) -> Any:
    """Draw how often each client counts, shape (1 + draws, n); the first row is the trial itself."""
    rng = np.random.default_rng(seed)
    counts = np.stack([np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(draws)])
    return np.concatenate([np.ones((1, n), np.int64), counts]).astype(np.float64)


def compute_areas(score: Floats, trial: UpliftTrial, weight: Any) -> CurveAreas:
    """Compute the areas for the ranking by `score`, shape (n,), highest first; `weight` comes from
    `draw_bootstrap_weights`."""
    share, gain = compute_gain_curve(score, trial, weight)
    auuc = np.trapezoid(gain, share, axis=1)
    return CurveAreas(auuc, auuc - gain[:, -1] / 2)


def compute_gain_curve(score: Floats, trial: UpliftTrial, weight: Any) -> tuple[Any, Any]:
    """Compute shares and gains at the ends of ties, each of shape (rows of `weight`, ends + 1), from (0, 0) on."""
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    treated, outcome, weight = trial.treated[order], trial.outcome[order], weight[:, order]

    def until(values: Any) -> Any:
        return (weight * values).cumsum(axis=1)[:, ends]

    n_treated, n_control = until(treated), until(~treated)
    mean_treated = until(treated * outcome) / np.maximum(n_treated, 1)
    mean_control = until(~treated * outcome) / np.maximum(n_control, 1)
    share = (n_treated + n_control) / weight.sum(axis=1, keepdims=True)
    start = np.zeros((len(weight), 1))
    return np.hstack([start, share]), np.hstack([start, share * (mean_treated - mean_control)])


def compute_deciles(score: Floats, trial: UpliftTrial, parts: int = 10) -> list[tuple[int, float, float]]:
    """Compute clients, mean score and measured uplift of each tenth, highest scores first; NaN where an arm is
    empty."""
    deciles = []
    for rows in np.array_split(np.argsort(-score, kind="stable"), parts):
        selected = trial.select(rows)
        both = len(rows) > 0 and selected.treated.any() and not selected.treated.all()
        uplift = (
            selected.outcome[selected.treated].mean() - selected.outcome[~selected.treated].mean() if both else np.nan
        )
        deciles.append((len(rows), float(score[rows].mean()) if len(rows) else np.nan, float(uplift)))
    return deciles
