"""Evaluation of uplift policies: learnt and chosen on one half of an experiment's clients, measured on the other."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from algorithms.uplift.columns import UpliftFeature
from algorithms.uplift.curves import CurveAreas, UpliftTrial, compute_areas, compute_deciles, draw_bootstrap_weights
from algorithms.uplift.learners import LEARNERS
from algorithms.uplift.policy_choice import PolicyChoice, SingleFeatureRule, choose_policy, fit_policy
from domain.arrays import Floats
from domain.statistics.cuped import adjust
from domain.statistics.lift import compare_means
from errors import BadInput

FEWEST: Final = 100
"""Clients an arm in each half."""


def evaluate(
    features: tuple[UpliftFeature, ...],
    rows: Floats,
    trial: UpliftTrial,
    rule: SingleFeatureRule | None = None,
    seed: int = 42,
) -> tuple[dict[str, Any], PolicyChoice]:
    """Measure every policy on the unseen half and return the figures with the choice made on the learning half. Raises
    BadInput.

    `rows` of shape (n, features). Qini and AUUC are in the unit of the outcome, for each client (see `curves`);
    intervals are the middle 95 % over clients of the unseen half drawn with replacement, the policies held fixed.
    """
    learning = np.random.default_rng(seed).permutation(len(rows)) < len(rows) // 2
    for half in (learning, ~learning):
        arms = trial.treated[half]
        if (fewest := min(arms.sum(), (~arms).sum())) < FEWEST:
            raise BadInput(
                f"too few: each arm takes {FEWEST} clients to learn from and {FEWEST} to judge by; one has {fewest}",
                "file",
            )
    learning_trial, unseen_trial = trial.select(learning), trial.select(~learning)
    choice = choose_policy(rows[learning], learning_trial, rule, seed)
    policies = {name: fit_policy(name, choice.rule, rows[learning], learning_trial) for name in ("rule", *LEARNERS)}
    scores = {name: policy.predict(rows[~learning]) for name, policy in policies.items()}
    scores["rule"] = choice.rule.rank(rows[~learning])
    scores["random"] = np.random.default_rng([seed, 1]).random(len(unseen_trial.outcome))
    weight = draw_bootstrap_weights(len(unseen_trial.outcome), seed)
    areas_by_policy = {name: compute_areas(score, unseen_trial, weight) for name, score in scores.items()}
    return {
        "clients": len(rows),
        "unseen": len(unseen_trial.outcome),
        "features": len(features),
        "effect": _summarise_effect(rows, trial),
        "rule": choice.rule.describe(features),
        "chosen": choice.name,
        "learning_half": {
            "qini": {name: round(value, 6) for name, value in choice.qini.items()},
            "best_learner_over_rule": round(choice.gain, 6),
            "standard_error": round(choice.error, 6),
        },
        "policies": {name: _summarise_areas(areas, areas_by_policy["rule"]) for name, areas in areas_by_policy.items()},
        "deciles": [
            {"clients": n, "foretold": _round(predicted), "uplift": _round(uplift)}
            for n, predicted, uplift in compute_deciles(policies[choice.name].predict(rows[~learning]), unseen_trial)
        ],
        "seed": seed,
    }, choice


def _summarise_effect(rows: Floats, trial: UpliftTrial) -> dict[str, Any]:
    """Summarise the average effect of the treatment, plain and with what was known before removed (CUPED)."""
    plain = compare_means(trial.outcome[trial.treated], trial.outcome[~trial.treated])
    calm = adjust(trial.outcome, rows)
    clear = compare_means(calm.outcome[trial.treated], calm.outcome[~trial.treated])
    return {
        "treated": round(plain.treated, 6),
        "control": round(plain.control, 6),
        "difference": [_round(value) for value in plain.difference],
        "lift": [_round(value) for value in plain.relative],
        "p_value": round(plain.p_value, 6),
        "difference_by_cuped": [_round(value) for value in clear.difference],
        "variance_removed_by_cuped": round(calm.removed, 6),
    }


def _summarise_areas(of: CurveAreas, rule: CurveAreas) -> dict[str, Any]:
    apart = of.qini - rule.qini
    return {
        "qini": _round(of.qini[0]),
        "qini_interval": _compute_interval(of.qini[1:]),
        "auuc": _round(of.auuc[0]),
        "auuc_interval": _compute_interval(of.auuc[1:]),
        "qini_over_rule": _round(apart[0]),
        "qini_over_rule_interval": _compute_interval(apart[1:]),
    }


def _compute_interval(drawn_again: Floats) -> list[float | None]:
    return [_round(value) for value in np.percentile(drawn_again, [2.5, 97.5])]


def _round(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None
