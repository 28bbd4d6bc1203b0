"""An uplift policy is learnt and chosen on one half of an experiment's clients, and judged on the other."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from algorithms.uplift.choosing import Choice, Rule, choose, fitted
from algorithms.uplift.columns import Feature
from algorithms.uplift.curves import Areas, Trial, areas, by_decile, drawn
from algorithms.uplift.learners import LEARNERS
from domain.arrays import Floats
from domain.statistics.cuped import adjusted
from domain.statistics.lift import of_means
from errors import BadInput

FEWEST: Final = 100
"""Clients an arm in each half."""


def evaluate(
    features: tuple[Feature, ...], rows: Floats, trial: Trial, rule: Rule | None = None, seed: int = 42
) -> tuple[dict[str, Any], Choice]:
    """The figures of every policy on the unseen half, and what was chosen on the other. Raises BadInput.

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
    known, unseen = trial.part(learning), trial.part(~learning)
    choice = choose(rows[learning], known, rule, seed)
    policies = {name: fitted(name, choice.rule, rows[learning], known) for name in ("rule", *LEARNERS)}
    scores = {name: policy.uplift(rows[~learning]) for name, policy in policies.items()}
    scores["rule"] = choice.rule.rank(rows[~learning])
    scores["random"] = np.random.default_rng([seed, 1]).random(len(unseen.outcome))
    weight = drawn(len(unseen.outcome), seed)
    found = {name: areas(score, unseen, weight) for name, score in scores.items()}
    return {
        "clients": len(rows),
        "unseen": len(unseen.outcome),
        "features": len(features),
        "effect": _effect(rows, trial),
        "rule": choice.rule.words(features),
        "chosen": choice.name,
        "learning_half": {
            "qini": {name: round(each, 6) for name, each in choice.qini.items()},
            "best_learner_over_rule": round(choice.gain, 6),
            "standard_error": round(choice.error, 6),
        },
        "policies": {name: _figures(each, found["rule"]) for name, each in found.items()},
        "deciles": [
            {"clients": n, "foretold": _round(foretold), "uplift": _round(uplift)}
            for n, foretold, uplift in by_decile(policies[choice.name].uplift(rows[~learning]), unseen)
        ],
        "seed": seed,
    }, choice


def _effect(rows: Floats, trial: Trial) -> dict[str, Any]:
    """What the treatment did on average, as it is and with what was known before taken out (CUPED)."""
    plain = of_means(trial.outcome[trial.treated], trial.outcome[~trial.treated])
    calm = adjusted(trial.outcome, rows)
    clear = of_means(calm.outcome[trial.treated], calm.outcome[~trial.treated])
    return {
        "treated": round(plain.treated, 6),
        "control": round(plain.control, 6),
        "difference": [_round(each) for each in plain.difference],
        "lift": [_round(each) for each in plain.relative],
        "p_value": round(plain.p_value, 6),
        "difference_by_cuped": [_round(each) for each in clear.difference],
        "variance_removed_by_cuped": round(calm.removed, 6),
    }


def _figures(of: Areas, rule: Areas) -> dict[str, Any]:
    apart = of.qini - rule.qini
    return {
        "qini": _round(of.qini[0]),
        "qini_interval": _middle(of.qini[1:]),
        "auuc": _round(of.auuc[0]),
        "auuc_interval": _middle(of.auuc[1:]),
        "qini_over_rule": _round(apart[0]),
        "qini_over_rule_interval": _middle(apart[1:]),
    }


def _middle(drawn_again: Floats) -> list[float | None]:
    return [_round(each) for each in np.percentile(drawn_again, [2.5, 97.5])]


def _round(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None
