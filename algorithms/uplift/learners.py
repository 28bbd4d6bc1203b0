"""Learners of uplift, each one function: rows of features and a trial in, a `Policy` out.

T-learner: an outcome model for each arm, and their difference. X-learner and DR-learner: Künzel, Sekhon, Bickel, Yu
2019; Kennedy 2023. Class transformation: Jaskowski, Jaroszewicz 2012, as regression on the transformed outcome, so that
it takes amounts too. All are ridge regressions: uplift is small beside the noise, and trees found noise
(docs/outcomes.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from scipy.special import expit

from algorithms.uplift.curves import Trial
from algorithms.uplift.regressions import linear, logistic
from domain.arrays import Flags, Floats

LIGHT: Final = 10.0
HEAVY: Final = 1_000.0
FOLDS: Final = 5


class Part(NamedTuple):
    """`sign` times a regression's answer; `chance`: of log odds."""

    sign: float
    chance: bool
    weights: Floats


@dataclass(frozen=True)
class Policy:
    """The sum of its parts is the expected uplift of a client, in the unit of the outcome."""

    parts: tuple[Part, ...]

    def uplift(self, rows: Floats) -> Floats:
        """Of rows of shape (n, features), shape (n,)."""
        total = np.zeros(len(rows))
        for sign, chance, weights in self.parts:
            answer = weights[0] + rows @ weights[1:]
            total += sign * (expit(answer) if chance else answer)
        return total


Learner = Callable[[Floats, Trial], Policy]


def t_learner(rows: Floats, trial: Trial, ridge: float = LIGHT) -> Policy:
    """Logistic where outcomes are 0 or 1."""
    return Policy((_arm(rows, trial, trial.treated, ridge, 1.0), _arm(rows, trial, ~trial.treated, ridge, -1.0)))


def t_learner_held(rows: Floats, trial: Trial) -> Policy:
    """The same with weights held at 0 by a thousand rows: clients are taken to differ little."""
    return t_learner(rows, trial, HEAVY)


def x_learner(rows: Floats, trial: Trial) -> Policy:
    """Each arm's outcomes less what the other arm's model expects; the larger control, the more treated count."""
    treated, share = trial.treated, float(trial.treated.mean())
    of_treated, of_control = (Policy((_arm(rows, trial, arm, LIGHT, 1.0),)) for arm in (treated, ~treated))
    gained = linear(rows[treated], trial.outcome[treated] - of_control.uplift(rows[treated]), HEAVY)
    missed = linear(rows[~treated], of_treated.uplift(rows[~treated]) - trial.outcome[~treated], HEAVY)
    return Policy((Part(1.0, False, (1 - share) * gained + share * missed),))


def dr_learner(rows: Floats, trial: Trial) -> Policy:
    """Regression on doubly robust outcomes, whose models are learnt from other clients."""
    share, pseudo = float(trial.treated.mean()), np.zeros(len(rows))
    fold = np.arange(len(rows)) % FOLDS
    for each in range(FOLDS):
        asked, known = fold == each, fold != each
        pseudo[asked] = _doubly_robust(rows[known], trial.part(known), rows[asked], trial.part(asked), share)
    return Policy((Part(1.0, False, linear(rows, pseudo, HEAVY)),))


def class_transformation(rows: Floats, trial: Trial) -> Policy:
    """Regression on an outcome whose mean is the uplift."""
    return Policy((Part(1.0, False, linear(rows, transformed(trial), HEAVY)),))


def transformed(trial: Trial) -> Floats:
    """y / p of the treated, -y / (1 - p) of the control: its mean among like clients is their uplift."""
    share = float(trial.treated.mean())
    return np.asarray(np.where(trial.treated, trial.outcome / share, -trial.outcome / (1 - share)))


LEARNERS: Final[dict[str, Learner]] = {
    each.__name__: each for each in (t_learner, t_learner_held, x_learner, dr_learner, class_transformation)
}


def _arm(rows: Floats, trial: Trial, arm: Flags, ridge: float, sign: float) -> Part:
    outcome = trial.outcome[arm]
    chance = bool(np.isin(trial.outcome, (0.0, 1.0)).all())
    return Part(sign, chance, (logistic if chance else linear)(rows[arm], outcome, ridge))


def _doubly_robust(rows: Floats, known: Trial, asked_rows: Floats, asked: Trial, share: float) -> Floats:
    of_treated, of_control = (
        Policy((_arm(rows, known, arm, LIGHT, 1.0),)).uplift(asked_rows) for arm in (known.treated, ~known.treated)
    )
    gained = asked.treated * (asked.outcome - of_treated) / share
    missed = ~asked.treated * (asked.outcome - of_control) / (1 - share)
    return np.asarray(of_treated - of_control + gained - missed)
