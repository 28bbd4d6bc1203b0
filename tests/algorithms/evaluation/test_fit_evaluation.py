"""The measure and what it is measured against: honest folds, the same rows, figures that can be recomputed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from algorithms.evaluation.fit_boosting import predict_by_boosting
from algorithms.evaluation.fit_evaluation import _compute_aucs, _draw_clients, evaluate
from algorithms.fit.comparison import predict_by_item_rate
from algorithms.fit.rows import FIT, SMALL, Feedback, Rows
from algorithms.risk.calibration import auc
from bench.fit import RENTALS, read_rentals, simulate_feedback
from errors import BadInput

DATA = Path(os.environ.get("SELVEDGE_SCIENCE_DATA", "nowhere"))


@pytest.fixture(scope="module")
def feedback() -> Feedback:
    return simulate_feedback(4_000, seed=5)[0]


def test_figures_stand_beside_the_baselines_and_come_back(feedback: Feedback) -> None:
    messages: list[str] = []
    result = evaluate(feedback, 17_290, seed=7, progress=messages.append)
    assert result == evaluate(feedback, 17_290, seed=7)
    assert set(result["algorithms"]) == {"fit", "item_rate", "gradient_boosting"}
    assert result["learnt_from"] + result["held_out"] == len(feedback)
    for figures in result["algorithms"].values():
        low, high = figures["auc_interval"]
        assert low < figures["auc"] < high
        assert sum(clients for clients, _, _ in figures["reliability"]) == result["held_out"]
    of = result["algorithms"]
    assert of["fit"]["log_loss"] < of["gradient_boosting"]["log_loss"]
    assert of["fit"]["auc"] > of["item_rate"]["auc"]
    assert result["cold"]["clients"]["rows"] > 0
    assert len(messages) == 3


def test_nobody_learns_from_the_rows_held_out() -> None:
    """After the cut every item fits the other way round: whoever learnt only from before is wrong throughout."""
    item, turned = np.arange(1_000) % 2, np.arange(1_000) >= 400
    rows = Rows.of([f"c{k}" for k in range(1_000)], [f"i{k}" for k in item], ["M"] * 1_000, ["knit"] * 1_000)
    result = evaluate(Feedback(rows, np.where((item == 0) ^ turned, SMALL, FIT), np.arange(1_000)), 399)
    assert (result["learnt_from"], result["held_out"]) == (400, 600)
    assert {name: figures["auc"] for name, figures in result["algorithms"].items()} == {
        "fit": 0.0,
        "item_rate": 0.0,
        "gradient_boosting": 0.0,
    }


def test_encodings_of_rows_learnt_from_do_not_hold_their_own_verdict() -> None:
    """Verdicts by chance, on items tried twice: trees that saw their own verdict would foretell it and fail later."""
    rng = np.random.default_rng(1)
    rows = Rows.of([f"c{k}" for k in range(3_000)], [f"i{k // 2}" for k in range(3_000)], ["M"] * 3_000, ["x"] * 3_000)
    feedback = Feedback(rows, np.where(rng.random(3_000) < 0.3, SMALL, FIT))
    three = predict_by_boosting(feedback, rows, 1)
    assert auc(feedback.fit == SMALL, three[:, SMALL]) < 0.75
    assert three.shape == (3_000, 3)
    assert three.sum(axis=1) == pytest.approx(1)


def test_the_items_share_is_shrunk_to_that_of_all() -> None:
    rows = Rows.of(["c"] * 40, ["often"] * 39 + ["once"], ["M"] * 40, [None] * 40)
    feedback = Feedback(rows, np.array([FIT] * 20 + [SMALL] * 20))
    question = Rows.of(["d"] * 3, ["often", "once", "never"], ["M"] * 3, [None] * 3)
    assert predict_by_item_rate(feedback, question)[:, FIT] == pytest.approx([30 / 59, 10 / 21, 0.5])


def test_an_auc_of_a_draw_is_that_of_the_rows_drawn() -> None:
    rng = np.random.default_rng(2)
    wrong, score, client = rng.random(200) < 0.3, rng.integers(0, 20, 200) / 20, rng.integers(0, 50, 200)
    draws = _draw_clients(client, 3)
    for times, result in zip(draws[:5], _compute_aucs(wrong, score, draws[:5]), strict=True):
        assert result == pytest.approx(auc(np.repeat(wrong, times), np.repeat(score, times)))


def test_a_shop_in_which_everything_fitted_so_far_is_measured(feedback: Feedback) -> None:
    at = np.flatnonzero(feedback.fit == FIT)[:30]
    rows = np.append(at, np.flatnonzero(feedback.fit == SMALL)[:5])
    result = evaluate(Feedback(feedback.rows.select(rows), feedback.fit[rows], np.arange(35)), 19)
    assert result["algorithms"]["gradient_boosting"]["auc"] == 0.5
    assert result["algorithms"]["fit"]["log_loss"] < result["algorithms"]["gradient_boosting"]["log_loss"]


@pytest.mark.parametrize(("day", "what"), [(10, "nothing can be learnt"), (90_000, "nothing is held out")])
def test_a_cut_beyond_the_file_is_refused(feedback: Feedback, day: int, what: str) -> None:
    with pytest.raises(BadInput, match=f"until: .*{what}"):
        evaluate(feedback, day)


def test_feedback_without_days_is_refused(feedback: Feedback) -> None:
    with pytest.raises(BadInput, match="occurred_at"):
        evaluate(Feedback(feedback.rows, feedback.fit), 17_290)


@pytest.mark.skipif(not (DATA / RENTALS).exists(), reason="SELVEDGE_SCIENCE_DATA names no folder with the rentals")
def test_on_rentals_it_is_above_gradient_boosting_beyond_noise_and_calibrated() -> None:
    result = evaluate(read_rentals(DATA / RENTALS), 17_166)
    assert result["gain_over_boosting"][0] > 0.002
    assert result["algorithms"]["fit"]["calibration_error"] <= 0.02
