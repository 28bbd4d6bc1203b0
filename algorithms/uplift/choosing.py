"""Which policy serves: the best plain rule, unless a learnt one ranks better beyond noise.

Judged on the learning half alone: rules as they stand, learners by what they say of clients they did not learn from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from algorithms.uplift.columns import Feature
from algorithms.uplift.curves import Areas, Trial, areas, drawn
from algorithms.uplift.learners import FOLDS, LEARNERS, Part, Policy, transformed
from algorithms.uplift.regressions import linear
from domain.arrays import Floats

BEYOND: Final = 2.0
"""Standard errors by which a learnt policy must beat the rule."""
FOR_ERROR: Final = 60
"""Draws of clients, which tell a standard error to a tenth of itself."""


@dataclass(frozen=True)
class Rule:
    """Clients with the most (`sign` 1) or the least (-1) of one feature first."""

    place: int
    sign: float

    def rank(self, rows: Floats) -> Floats:
        """The score of each client, shape (n,)."""
        return np.asarray(self.sign * rows[:, self.place])

    def words(self, features: tuple[Feature, ...]) -> str:
        """As people read it."""
        return f"{'more' if self.sign > 0 else 'less'} {features[self.place].name} first"


@dataclass(frozen=True)
class Choice:
    """`name` is `rule` or a learner's; `qini` of each by the learning half, `gain` of the best learner over the rule
    and its standard error."""

    name: str
    rule: Rule
    qini: dict[str, float]
    gain: float
    error: float


def choose(rows: Floats, trial: Trial, rule: Rule | None = None, seed: int = 42) -> Choice:
    """`rule`: the one to be beaten; the best single feature if none is named."""
    weight = drawn(len(rows), seed, FOR_ERROR)
    if rule is None:
        rule = best_rule(rows, trial)
    baseline = areas(rule.rank(rows), trial, weight)
    found = {name: areas(_out_of_fold(name, rows, trial, seed), trial, weight) for name in LEARNERS}
    best = max(found, key=lambda name: found[name].qini[0])
    gain, error = _gain(found[best], baseline)
    qini = {"rule": float(baseline.qini[0])} | {name: float(each.qini[0]) for name, each in found.items()}
    return Choice(best if gain > BEYOND * error else "rule", rule, qini, gain, error)


def best_rule(rows: Floats, trial: Trial) -> Rule:
    """The single feature, most or least of it first, with the highest Qini on these clients."""
    once = np.ones((1, len(rows)))
    rules = [Rule(place, sign) for place in range(rows.shape[1]) for sign in (1.0, -1.0)]
    return max(rules, key=lambda each: float(areas(each.rank(rows), trial, once).qini[0]))


def fitted(name: str, rule: Rule, rows: Floats, trial: Trial) -> Policy:
    """The policy by its name. A rule says how much, too: by regression on its one feature."""
    if name != "rule":
        return LEARNERS[name](rows, trial)
    slope = linear(rows[:, [rule.place]], transformed(trial), 1e-9)
    weights = np.zeros(1 + rows.shape[1])
    weights[0], weights[1 + rule.place] = slope[0], rule.sign * max(rule.sign * slope[1], 1e-12)
    return Policy((Part(1.0, False, weights),))


def _out_of_fold(name: str, rows: Floats, trial: Trial, seed: int) -> Floats:
    fold = np.random.default_rng(seed).permutation(len(rows)) % FOLDS
    score = np.zeros(len(rows))
    for each in range(FOLDS):
        known = fold != each
        score[~known] = LEARNERS[name](rows[known], trial.part(known)).uplift(rows[~known])
    return score


def _gain(found: Areas, baseline: Areas) -> tuple[float, float]:
    apart = found.qini - baseline.qini
    return float(apart[0]), float(apart[1:].std(ddof=1))
