"""Curves by their definition; learners by what is true; the choice by what it must not do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algorithms.uplift.columns import UpliftFeature, build_matrix, choose_features, parse_number
from algorithms.uplift.curves import (
    UpliftTrial,
    compute_areas,
    compute_deciles,
    compute_gain_curve,
    draw_bootstrap_weights,
)
from algorithms.uplift.evaluation import evaluate
from algorithms.uplift.learners import LEARNERS
from algorithms.uplift.policy_choice import SingleFeatureRule, choose_policy, fit_policy
from errors import BadInput
from tests.algorithms.uplift.trials import build_trial

ONCE = np.ones((1, 400))
FEATURES = tuple(UpliftFeature(name) for name in "abcde")


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 5)), min_size=2, max_size=30))
def test_the_curve_is_what_treating_the_first_would_add(clients) -> None:
    score = np.array([float(client[0]) for client in clients])
    trial = UpliftTrial(np.array([client[1] for client in clients]), np.array([float(client[2]) for client in clients]))
    share, gain = compute_gain_curve(score, trial, np.ones((1, len(clients))))
    for at, (s, g) in enumerate(zip(share[0, 1:], gain[0, 1:], strict=True)):
        top = score >= sorted(set(score), reverse=True)[at]
        assert s == pytest.approx(top.mean())
        means = [
            trial.outcome[top & arm].mean() if (top & arm).any() else 0.0 for arm in (trial.treated, ~trial.treated)
        ]
        assert g == pytest.approx(s * (means[0] - means[1]))


def test_qini_is_an_eighth_of_the_uplift_when_half_are_moved_and_first() -> None:
    moved = np.repeat([1.0, 0.0], 200)
    treated = np.tile([True, False], 200)
    trial = UpliftTrial(treated, moved * treated * 0.4)
    assert compute_areas(moved, trial, ONCE).qini[0] == pytest.approx(0.4 / 8)
    assert compute_areas(-moved, trial, ONCE).qini[0] == pytest.approx(-0.4 / 8)
    assert compute_areas(np.zeros(400), trial, ONCE).qini[0] == pytest.approx(0.0)
    assert compute_areas(np.zeros(400), trial, ONCE).auuc[0] == pytest.approx(0.4 / 4)


def test_intervals_of_a_random_ranking_hold_nought() -> None:
    held = 0
    for seed in range(60):
        _, trial, _ = build_trial(600, seed)
        found = compute_areas(
            np.random.default_rng(900 + seed).random(600), trial, draw_bootstrap_weights(600, 700 + seed)
        ).qini[1:]
        low, high = np.percentile(found, [2.5, 97.5])
        held += low <= 0 <= high
    assert held >= 53


def test_tenths_tell_the_uplift_of_those_who_were_promised_most() -> None:
    _, trial, uplift = build_trial(40_000)
    deciles = compute_deciles(uplift, trial)
    assert [n for n, _, _ in deciles] == [4_000] * 10
    assert deciles[0][2] > deciles[5][2] > deciles[-1][2]
    assert deciles[0][2] == pytest.approx(deciles[0][1], abs=0.05)


@pytest.mark.parametrize("name", LEARNERS)
def test_every_learner_finds_the_clients_who_are_moved(name: str) -> None:
    rows, trial, uplift = build_trial(12_000, 2, two=True)
    found = LEARNERS[name](rows, trial).predict(rows)
    assert np.corrcoef(found, uplift)[0, 1] > 0.9
    amount = UpliftTrial(trial.treated, trial.outcome * 40.0)
    by_amount = LEARNERS[name](rows, amount).predict(rows)
    assert np.corrcoef(by_amount, uplift)[0, 1] > 0.9
    assert by_amount.mean() == pytest.approx(40 * uplift.mean(), rel=0.15)


def test_a_learner_is_chosen_where_two_features_tell_and_the_rule_where_one_does() -> None:
    rows, trial, _ = build_trial(8_000, 3, two=True)
    assert choose_policy(rows, trial).name != "rule"
    rows, trial, _ = build_trial(8_000, 3)
    single = choose_policy(rows, trial)
    assert (single.name, single.rule) == ("rule", SingleFeatureRule(0, 1.0))
    assert single.rule.describe(FEATURES) == "more a first"


def test_the_chosen_is_not_worse_than_the_rule_on_clients_it_has_not_seen() -> None:
    worse = 0
    for seed in range(6):
        rows, trial, _ = build_trial(3_000, 10 + seed, flat=seed % 2 == 0)
        found, _ = evaluate(FEATURES, rows, trial, seed=seed)
        worse += found["policies"][found["chosen"]]["qini_over_rule"] < -0.001
    assert worse <= 1


def test_a_rule_foretells_in_the_unit_of_the_outcome() -> None:
    rows, trial, uplift = build_trial(20_000, 4)
    policy = fit_policy("rule", SingleFeatureRule(0, 1.0), rows, trial)
    assert policy.predict(rows).mean() == pytest.approx(uplift.mean(), abs=0.02)
    assert (np.diff(policy.predict(rows)[np.argsort(rows[:, 0])]) >= 0).all()
    against = fit_policy("rule", SingleFeatureRule(0, -1.0), rows, trial)
    assert np.ptp(against.predict(rows)) < 1e-6  # what the data deny is not acted on


def test_figures_are_those_of_the_seed_and_small_halves_are_refused() -> None:
    rows, trial, _ = build_trial(1_000)
    found, _ = evaluate(FEATURES, rows, trial, seed=5)
    assert found == evaluate(FEATURES, rows, trial, seed=5)[0]
    assert found["effect"]["difference"][1] <= found["effect"]["difference_by_cuped"][0]
    assert sum(tenth["clients"] for tenth in found["deciles"]) == found["unseen"] == 500
    with pytest.raises(BadInput):
        evaluate(FEATURES, rows[:300], trial.select(slice(300)))


def test_columns_become_numbers() -> None:
    known: dict[str, list[object]] = {
        "history": ["29.99", "41.5", "38", "2900"],
        "newbie": [True, 0, 1, False],
        "zip": ["Urban", "Rural", "Urban", "Rural"],
        "same": ["x"] * 4,
        "name": [*"abc", ""],
        "gap": ["1", "", "3", "2"],
    }
    many: list[object] = [f"v{n}" for n in range(4)]
    found = choose_features(known | {"many": many})
    assert {feature.name for feature in found} >= {"history", "newbie", "zip = Rural", "zip = Urban"}
    assert not any(feature.column == "same" for feature in found)
    rows = build_matrix(found, known | {"many": [""] * 4})
    indices = [index for index, feature in enumerate(found) if feature.column != "many"]
    assert rows[:, indices].mean(axis=0) == pytest.approx(0.0, abs=1e-9)
    assert rows[:, indices].std(axis=0) == pytest.approx(1.0)
    assert np.isnan(parse_number("12 kg"))
    assert np.isnan(parse_number("inf"))
    logged = next(feature for feature in found if feature.column == "history")
    assert logged.standardise(["", "none"]).tolist() == [0.0, 0.0]
