"""A policy's value from another policy's log: in a made-up shop whose truth is known, and on the real logs we carry."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from algorithms.bandit_logs import Log, crossed, estimates, policy_of

CARRIED = Path(__file__).parents[2] / "bench" / "data"
RATES = np.array([[0.02, 0.05], [0.10, 0.08], [0.01, 0.03], [0.06, 0.02]])
UNIFORM = np.full((4, 2), 0.25)
KEEN = np.array([[0.1, 0.3], [0.6, 0.5], [0.1, 0.1], [0.2, 0.1]])


def logged(policy: np.ndarray, n: int, seed: int) -> Log:
    rng = np.random.default_rng(seed)
    place = rng.integers(0, 2, n)
    item = (rng.random(n)[:, None] > policy.T[place].cumsum(axis=1)).sum(axis=1)
    click = (rng.random(n) < RATES[item, place]).astype(np.float64)
    return Log(item, place, click, policy[item, place])


def worth(policy: np.ndarray) -> float:
    return float((policy * RATES).sum(axis=0).mean())


def test_estimates_find_the_true_value_from_the_other_log() -> None:
    found = [estimates(logged(UNIFORM, 4_000, seed), KEEN) for seed in range(100)]
    for name in ("ips", "snips", "doubly_robust"):
        assert np.mean([each[name].value for each in found]) == pytest.approx(worth(KEEN), rel=0.03)
        assert np.mean([each[name].low <= worth(KEEN) <= each[name].high for each in found]) >= 0.89
        assert all(each[name].enough for each in found)


def test_a_policy_is_read_off_its_log() -> None:
    found = policy_of(logged(KEEN, 50_000, 1), 4, 2)
    assert found == pytest.approx(KEEN, abs=0.01)
    assert found.sum(axis=0) == pytest.approx([1.0, 1.0])


def test_logs_that_disagree_are_told_apart() -> None:
    lying = logged(KEEN, 20_000, 2)
    lying = Log(lying.item, lying.place, np.maximum(lying.click, lying.item == 2), lying.chance)
    found = crossed({"random": logged(UNIFORM, 20_000, 3), "bts": lying})
    assert not any(each["agree"] for each in found["bts"]["estimates"].values())


def carried(name: str) -> Log:
    with gzip.open(CARRIED / f"open_bandit_{name}.csv.gz", "rt", encoding="utf-8") as file:
        rows = np.array([[float(cell) for cell in row] for row in list(csv.reader(file))[1:]])
    return Log(rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64), rows[:, 2], rows[:, 3])


def test_on_the_open_bandit_logs_each_value_is_found_and_the_alarm_is_raised() -> None:
    found = crossed({name: carried(name) for name in ("random", "bts")})
    assert (found["random"]["shown"]["value"], found["bts"]["shown"]["value"]) == (0.0046, 0.0069)
    for each in found.values():
        for estimate in each["estimates"].values():
            assert estimate["holds"]
            assert estimate["agree"]
            assert not estimate["enough"]  # some fifteen clicks' worth
