"""Logs of two policies that recommended to the same visitors: each policy's value estimated from the other's log.

A log holds, for each recommendation, the item, the place on the page, how likely the policy was to choose that item
there, and whether it was clicked, as in the Open Bandit Dataset (Saito, Aihara, Matsutani, Narita 2020,
arXiv 2008.07146). It tests the estimators of `domain/statistics/off_policy.py` on data that are not ours: the truth,
what the other policy really earned, stands in the other log.
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
"""Rows of the mean click rate that are added to each item's own at each place."""


@dataclass(frozen=True)
class Log:
    """n recommendations, each of shape (n,): numbers of item and place, `click` 0 or 1, `chance` of the item there."""

    item: Ints
    place: Ints
    click: Floats
    chance: Floats


def policy_of(log: Log, items: int, places: int) -> Floats:
    """How often the policy showed each item at each place over the log, shape (items, places); each place sums to 1.

    A policy that learns as it goes is thereby taken for its mean.
    """
    counts = _sums(log, np.ones(len(log.item)), items, places)
    return np.asarray(counts / np.maximum(counts.sum(axis=0), 1.0))


def estimates(log: Log, target: Floats, seed: int = 42) -> dict[str, Estimate]:
    """What the policy `target`, shape (items, places), would have earned a recommendation, by three estimators."""
    aim = target[log.item, log.place]
    q_logged, v_target = _foretold(log, target, seed)
    return {
        "ips": ips(log.click, log.chance, aim),
        "snips": snips(log.click, log.chance, aim),
        "doubly_robust": doubly_robust(log.click, log.chance, aim, q_logged, v_target),
    }


def crossed(logs: dict[str, Log], seed: int = 42) -> dict[str, Any]:
    """For each of two logs: the value that it shows, and that the other log estimates for it.

    `holds`: the shown value lies in the estimate's interval. `apart`: their difference with an interval that knows of
    the noise in both (Zou, Donner 2008); `agree` says whether 0 lies in it.
    """
    items, places = (int(max(getattr(log, name).max() for log in logs.values())) + 1 for name in ("item", "place"))
    told = {}
    for name, log in logs.items():
        other = next(log for log in logs if log != name)
        shown = ips(log.click, np.ones(len(log.click)), np.ones(len(log.click)))
        found = estimates(logs[other], policy_of(log, items, places), seed)
        told[name] = {
            "shown": _figures(shown) | {"clicks": int(log.click.sum())},
            "estimated_from": other,
            "estimates": {each: _figures(of) | _apart(of, shown) for each, of in found.items()},
        }
    return told


def _foretold(log: Log, target: Floats, seed: int) -> tuple[Floats, Floats]:
    """Click rates by item and place, of what was shown and on average under the target; learnt from other rows."""
    fold = np.random.default_rng(seed).integers(0, FOLDS, len(log.item))
    q_logged, v_target = np.zeros(len(fold)), np.zeros(len(fold))
    for each in range(FOLDS):
        asked, rest = fold == each, fold != each
        known = Log(log.item[rest], log.place[rest], log.click[rest], log.chance[rest])
        shown, clicked = (_sums(known, of, *target.shape) for of in (np.ones(int(rest.sum())), known.click))
        rate = (clicked + PRIOR_ROWS * known.click.mean()) / (shown + PRIOR_ROWS)
        q_logged[asked] = rate[log.item[asked], log.place[asked]]
        v_target[asked] = (target * rate).sum(axis=0)[log.place[asked]]
    return q_logged, v_target


def _sums(log: Log, values: Floats, items: int, places: int) -> Floats:
    flat = np.bincount(log.item * places + log.place, values, minlength=items * places)
    return np.asarray(flat.reshape(items, places))


def _figures(of: Estimate) -> dict[str, Any]:
    return {
        "value": round(of.value, 6),
        "interval": [round(of.low, 6), round(of.high, 6)],
        "n": of.n,
        "effective_n": round(of.effective_n, 1),
        "effective_rewards": round(of.effective_rewards, 1),
        "enough": of.enough,
    }


def _apart(found: Estimate, shown: Estimate) -> dict[str, Any]:
    gap = found.value - shown.value
    low = gap - hypot(found.value - found.low, shown.high - shown.value)
    high = gap + hypot(found.high - found.value, shown.value - shown.low)
    return {
        "holds": found.low <= shown.value <= found.high,
        "apart": [round(gap, 6), round(low, 6), round(high, 6)],
        "agree": low <= 0 <= high,
    }
