"""The choice of the policy that serves: the best single-feature rule, unless a learnt policy ranks better beyond noise.

Only the learning half is used: rules as they stand, learners by their out-of-fold predictions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from algorithms.uplift.columns import UpliftFeature
from algorithms.uplift.curves import CurveAreas, UpliftTrial, compute_areas, draw_bootstrap_weights
from algorithms.uplift.learners import FOLDS, LEARNERS, RegressionTerm, UpliftPolicy, transform_outcome
from algorithms.uplift.regressions import fit_linear
from domain.arrays import Floats

ERRORS_TO_BEAT: Final = 2.0
"""Standard errors by which a learnt policy must beat the rule."""
ERROR_DRAWS: Final = 60
"""Bootstrap draws, which give a standard error to a tenth of itself."""


@dataclass(frozen=True)
class SingleFeatureRule:
    """A ranking of clients by one feature: the most (`sign` 1) or the least (-1) of it first."""

    column: int
    sign: float

    def rank(self, rows: Floats) -> Floats:
        """Score each client, shape (n,)."""
        return np.asarray(self.sign * rows[:, self.column])

    def describe(self, features: tuple[UpliftFeature, ...]) -> str:
        """Describe the rule for people."""
        return f"{'more' if self.sign > 0 else 'less'} {features[self.column].name} first"


@dataclass(frozen=True)
class PolicyChoice:
    """The chosen policy. `name` is `rule` or a learner's; `qini` of each on the learning half; `gain` of the best
    learner over the rule, and its standard error."""

    name: str
    rule: SingleFeatureRule
    qini: dict[str, float]
    gain: float
    error: float


def choose_policy(
    rows: Floats, trial: UpliftTrial, rule: SingleFeatureRule | None = None, seed: int = 42
) -> PolicyChoice:
    """Choose the policy that serves. `rule`: the rule to beat; the best single feature if none is given."""
    weight = draw_bootstrap_weights(len(rows), seed, ERROR_DRAWS)
    if rule is None:
        rule = find_best_rule(rows, trial)
    baseline = compute_areas(rule.rank(rows), trial, weight)
    areas_by_learner = {
        name: compute_areas(_score_out_of_fold(name, rows, trial, seed), trial, weight) for name in LEARNERS
    }
    best = max(areas_by_learner, key=lambda name: areas_by_learner[name].qini[0])
    gain, error = _compute_gain(areas_by_learner[best], baseline)
    qini = {"rule": float(baseline.qini[0])} | {name: float(areas.qini[0]) for name, areas in areas_by_learner.items()}
    return PolicyChoice(best if gain > ERRORS_TO_BEAT * error else "rule", rule, qini, gain, error)


def find_best_rule(rows: Floats, trial: UpliftTrial) -> SingleFeatureRule:
    """Find the single feature, most or least of it first, with the highest Qini on these clients."""
    once = np.ones((1, len(rows)))
    rules = [SingleFeatureRule(column, sign) for column in range(rows.shape[1]) for sign in (1.0, -1.0)]
    return max(rules, key=lambda candidate: float(compute_areas(candidate.rank(rows), trial, once).qini[0]))


def fit_policy(name: str, rule: SingleFeatureRule, rows: Floats, trial: UpliftTrial) -> UpliftPolicy:
    """Fit the policy of that name. A rule is fitted too, by regression on its one feature, so that it predicts
    amounts."""
    if name != "rule":
        return LEARNERS[name](rows, trial)
    slope = fit_linear(rows[:, [rule.column]], transform_outcome(trial), 1e-9)
    weights = np.zeros(1 + rows.shape[1])
    weights[0], weights[1 + rule.column] = slope[0], rule.sign * max(rule.sign * slope[1], 1e-12)
    return UpliftPolicy((RegressionTerm(1.0, False, weights),))


def _score_out_of_fold(name: str, rows: Floats, trial: UpliftTrial, seed: int) -> Floats:
    fold = np.random.default_rng(seed).permutation(len(rows)) % FOLDS
    score = np.zeros(len(rows))
    for number in range(FOLDS):
        known = fold != number
        score[~known] = LEARNERS[name](rows[known], trial.select(known)).predict(rows[~known])
    return score


def _compute_gain(areas: CurveAreas, baseline: CurveAreas) -> tuple[float, float]:
    apart = areas.qini - baseline.qini
    return float(apart[0]), float(apart[1:].std(ddof=1))
