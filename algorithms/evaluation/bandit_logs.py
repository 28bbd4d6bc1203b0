"""Logs of two policies that recommended to the same visitors: each policy's value is estimated from the other's log.

A log holds, for each recommendation, the item, the position on the page, the propensity (how likely the policy was to
choose that item there) and whether it was clicked, as in the Open Bandit Dataset (Saito, Aihara, Matsutani, Narita
2020, arXiv 2008.07146). It tests the estimators of `domain/statistics/off_policy.py` on data of others: the true value
of the other policy is in the other log.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot
from typing import Any, Final

import numpy as np

from domain.arrays import Floats, Ints
from domain.statistics.off_policy import Estimate, doubly_robust, ips, snips

FOLDS: Final = 5
PRIOR_ROWS: Final = 200.0
"""Rows at the mean click rate that are added to each item's own at each position."""


@dataclass(frozen=True)
class BanditLog:
    """n recommendations, each of shape (n,): numbers of item and position, `click` 0 or 1, and the `propensity` of the
    item there."""

    item: Ints
    position: Ints
    click: Floats
    propensity: Floats


def estimate_policy(log: BanditLog, items: int, positions: int) -> Floats:
    """Estimate how often the policy showed each item at each position, shape (items, positions); each position sums to
    1.

    A policy that learns as it goes is thereby represented by its mean.
    """
    counts = _sum_by_cell(log, np.ones(len(log.item)), items, positions)
    return np.asarray(counts / np.maximum(counts.sum(axis=0), 1.0))


def estimate_value(log: BanditLog, target: Floats, seed: int = 42) -> dict[str, Estimate]:
    """Estimate by three estimators what the policy `target`, shape (items, positions), would have earned a
    recommendation."""
    aim = target[log.item, log.position]
    q_logged, v_target = _predict_rewards(log, target, seed)
    return {
        "ips": ips(log.click, log.propensity, aim),
        "snips": snips(log.click, log.propensity, aim),
        "doubly_robust": doubly_robust(log.click, log.propensity, aim, q_logged, v_target),
    }


def cross_estimate(logs: dict[str, BanditLog], seed: int = 42) -> dict[str, Any]:
    """Compare, for each of two logs, the value that it shows with the estimate of it from the other log.

    `holds`: the shown value lies in the estimate's interval. `apart`: their difference with an interval that covers the
    noise in both (Zou, Donner 2008); `agree` says whether 0 lies in it.
    """
    items, positions = (
        int(max(getattr(log, name).max() for log in logs.values())) + 1 for name in ("item", "position")
    )
    report = {}
    for name, log in logs.items():
        other = next(log for log in logs if log != name)
        shown = ips(log.click, np.ones(len(log.click)), np.ones(len(log.click)))
        estimates = estimate_value(logs[other], estimate_policy(log, items, positions), seed)
        report[name] = {
            "shown": _figures(shown) | {"clicks": int(log.click.sum())},
            "estimated_from": other,
            "estimates": {
                estimator: _figures(estimate) | _compare(estimate, shown) for estimator, estimate in estimates.items()
            },
        }
    return report


def _predict_rewards(log: BanditLog, target: Floats, seed: int) -> tuple[Floats, Floats]:
    """Predict click rates by item and position, for what was shown and on average under the target; cross-fitted."""
    fold = np.random.default_rng(seed).integers(0, FOLDS, len(log.item))
    q_logged, v_target = np.zeros(len(fold)), np.zeros(len(fold))
    for number in range(FOLDS):
        held_out, rest = fold == number, fold != number
        known = BanditLog(log.item[rest], log.position[rest], log.click[rest], log.propensity[rest])
        shown, clicked = (_sum_by_cell(known, of, *target.shape) for of in (np.ones(int(rest.sum())), known.click))
        rate = (clicked + PRIOR_ROWS * known.click.mean()) / (shown + PRIOR_ROWS)
        q_logged[held_out] = rate[log.item[held_out], log.position[held_out]]
        v_target[held_out] = (target * rate).sum(axis=0)[log.position[held_out]]
    return q_logged, v_target


def _sum_by_cell(log: BanditLog, values: Floats, items: int, positions: int) -> Floats:
    flat = np.bincount(log.item * positions + log.position, values, minlength=items * positions)
    return np.asarray(flat.reshape(items, positions))


def _figures(of: Estimate) -> dict[str, Any]:
    return {
        "value": round(of.value, 6),
        "interval": [round(of.low, 6), round(of.high, 6)],
        "n": of.n,
        "effective_n": round(of.effective_n, 1),
        "effective_rewards": round(of.effective_rewards, 1),
        "enough": of.enough,
    }


def _compare(estimate: Estimate, shown: Estimate) -> dict[str, Any]:
    gap = estimate.value - shown.value
    low = gap - hypot(estimate.value - estimate.low, shown.high - shown.value)
    high = gap + hypot(estimate.high - estimate.value, shown.value - shown.low)
    return {
        "holds": estimate.low <= shown.value <= estimate.high,
        "apart": [round(gap, 6), round(low, 6), round(high, 6)],
        "agree": low <= 0 <= high,
    }
