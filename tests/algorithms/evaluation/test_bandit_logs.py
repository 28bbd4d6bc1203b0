"""A policy's value from another policy's log: in a made-up shop whose truth is known, and on the real logs we carry."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from algorithms.evaluation.bandit_logs import BanditLog, cross_estimate, estimate_policy, estimate_value

DATA = Path(__file__).parents[3] / "bench" / "data"
RATES = np.array([[0.02, 0.05], [0.10, 0.08], [0.01, 0.03], [0.06, 0.02]])
UNIFORM = np.full((4, 2), 0.25)
KEEN = np.array([[0.1, 0.3], [0.6, 0.5], [0.1, 0.1], [0.2, 0.1]])


def simulate_log(policy: np.ndarray, n: int, seed: int) -> BanditLog:
    rng = np.random.default_rng(seed)
    place = rng.integers(0, 2, n)
    item = (rng.random(n)[:, None] > policy.T[place].cumsum(axis=1)).sum(axis=1)
    click = (rng.random(n) < RATES[item, place]).astype(np.float64)
    return BanditLog(item, place, click, policy[item, place])


def true_value(policy: np.ndarray) -> float:
    return float((policy * RATES).sum(axis=0).mean())


def test_estimates_find_the_true_value_from_the_other_log() -> None:
    draws = [estimate_value(simulate_log(UNIFORM, 4_000, seed), KEEN) for seed in range(100)]
    for name in ("ips", "snips", "doubly_robust"):
        assert np.mean([estimates[name].value for estimates in draws]) == pytest.approx(true_value(KEEN), rel=0.03)
        assert np.mean([estimates[name].low <= true_value(KEEN) <= estimates[name].high for estimates in draws]) >= 0.89
        assert all(estimates[name].enough for estimates in draws)


def test_a_policy_is_read_off_its_log() -> None:
    found = estimate_policy(simulate_log(KEEN, 50_000, 1), 4, 2)
    assert found == pytest.approx(KEEN, abs=0.01)
    assert found.sum(axis=0) == pytest.approx([1.0, 1.0])


def test_logs_that_disagree_are_told_apart() -> None:
    lying = simulate_log(KEEN, 20_000, 2)
    lying = BanditLog(lying.item, lying.position, np.maximum(lying.click, lying.item == 2), lying.propensity)
    report = cross_estimate({"random": simulate_log(UNIFORM, 20_000, 3), "bts": lying})
    assert not any(estimate["agree"] for estimate in report["bts"]["estimates"].values())


def load_log(name: str) -> BanditLog:
    with gzip.open(DATA / f"open_bandit_{name}.csv.gz", "rt", encoding="utf-8") as file:
        rows = np.array([[float(cell) for cell in row] for row in list(csv.reader(file))[1:]])
    return BanditLog(rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64), rows[:, 2], rows[:, 3])


def test_on_the_open_bandit_logs_each_value_is_found_and_the_alarm_is_raised() -> None:
    report = cross_estimate({name: load_log(name) for name in ("random", "bts")})
    assert (report["random"]["shown"]["value"], report["bts"]["shown"]["value"]) == (0.0046, 0.0069)
    for figures in report.values():
        for estimate in figures["estimates"].values():
            assert estimate["holds"]
            assert estimate["agree"]
            assert not estimate["enough"]  # some fifteen clicks' worth
