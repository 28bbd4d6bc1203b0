"""Learners of uplift, each one function from feature rows and a trial to an `UpliftPolicy`.

T-learner: an outcome model for each arm, and their difference. X-learner and DR-learner: Künzel, Sekhon, Bickel, Yu
2019; Kennedy 2023. Class transformation: Jaskowski, Jaroszewicz 2012, as regression on the transformed outcome, so that
it takes amounts too. All are ridge regressions: uplift is small beside the noise, and trees fitted noise
(docs/outcomes.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from scipy.special import expit

from algorithms.uplift.curves import UpliftTrial
from algorithms.uplift.regressions import fit_linear, fit_logistic
from domain.arrays import Flags, Floats

LIGHT: Final = 10.0
HEAVY: Final = 1_000.0
FOLDS: Final = 5


class RegressionTerm(NamedTuple):
    """`sign` times a regression's prediction; `logistic`: the prediction is of log odds."""

    sign: float
    logistic: bool
    weights: Floats


@dataclass(frozen=True)
class UpliftPolicy:
    """Regression terms whose sum is the expected uplift of a client, in the unit of the outcome."""

    terms: tuple[RegressionTerm, ...]

    def predict(self, rows: Floats) -> Floats:
        """Predict the uplift of rows (n, features), shape (n,)."""
        total = np.zeros(len(rows))
        for sign, chance, weights in self.terms:
            answer = weights[0] + rows @ weights[1:]
            total += sign * (expit(answer) if chance else answer)
        return total


Learner = Callable[[Floats, UpliftTrial], UpliftPolicy]


def t_learner(rows: Floats, trial: UpliftTrial, ridge: float = LIGHT) -> UpliftPolicy:
    """Fit one model for each arm, logistic where outcomes are 0 or 1."""
    return UpliftPolicy(
        (_fit_arm(rows, trial, trial.treated, ridge, 1.0), _fit_arm(rows, trial, ~trial.treated, ridge, -1.0))
    )


def t_learner_held(rows: Floats, trial: UpliftTrial) -> UpliftPolicy:
    """Fit a T-learner with a heavy penalty of a thousand rows: clients are taken to differ little."""
    return t_learner(rows, trial, HEAVY)


def x_learner(rows: Floats, trial: UpliftTrial) -> UpliftPolicy:
    """Fit each arm's outcomes less the other arm's prediction; the larger the control arm, the more the treated
    count."""
    treated, share = trial.treated, float(trial.treated.mean())
    of_treated, of_control = (UpliftPolicy((_fit_arm(rows, trial, arm, LIGHT, 1.0),)) for arm in (treated, ~treated))
    gained = fit_linear(rows[treated], trial.outcome[treated] - of_control.predict(rows[treated]), HEAVY)
    missed = fit_linear(rows[~treated], of_treated.predict(rows[~treated]) - trial.outcome[~treated], HEAVY)
    return UpliftPolicy((RegressionTerm(1.0, False, (1 - share) * gained + share * missed),))


def dr_learner(rows: Floats, trial: UpliftTrial) -> UpliftPolicy:
    """Fit a regression on doubly robust outcomes, whose models are learnt from other clients."""
    share, pseudo = float(trial.treated.mean()), np.zeros(len(rows))
    fold = np.arange(len(rows)) % FOLDS
    for number in range(FOLDS):
        test, train = fold == number, fold != number
        pseudo[test] = _compute_doubly_robust(rows[train], trial.select(train), rows[test], trial.select(test), share)
    return UpliftPolicy((RegressionTerm(1.0, False, fit_linear(rows, pseudo, HEAVY)),))


def class_transformation(rows: Floats, trial: UpliftTrial) -> UpliftPolicy:
    """Fit a regression on an outcome whose mean is the uplift."""
    return UpliftPolicy((RegressionTerm(1.0, False, fit_linear(rows, transform_outcome(trial), HEAVY)),))


def transform_outcome(trial: UpliftTrial) -> Floats:
    """Compute y / p for the treated and -y / (1 - p) for the control: its mean among like clients is their uplift."""
    share = float(trial.treated.mean())
    return np.asarray(np.where(trial.treated, trial.outcome / share, -trial.outcome / (1 - share)))


LEARNERS: Final[dict[str, Learner]] = {
    learner.__name__: learner for learner in (t_learner, t_learner_held, x_learner, dr_learner, class_transformation)
}


def _fit_arm(rows: Floats, trial: UpliftTrial, arm: Flags, ridge: float, sign: float) -> RegressionTerm:
    outcome = trial.outcome[arm]
    chance = bool(np.isin(trial.outcome, (0.0, 1.0)).all())
    return RegressionTerm(sign, chance, (fit_logistic if chance else fit_linear)(rows[arm], outcome, ridge))


def _compute_doubly_robust(
    rows: Floats, train: UpliftTrial, test_rows: Floats, test: UpliftTrial, share: float
) -> Floats:
    of_treated, of_control = (
        UpliftPolicy((_fit_arm(rows, train, arm, LIGHT, 1.0),)).predict(test_rows)
        for arm in (train.treated, ~train.treated)
    )
    gained = test.treated * (test.outcome - of_treated) / share
    missed = ~test.treated * (test.outcome - of_control) / (1 - share)
    return np.asarray(of_treated - of_control + gained - missed)
