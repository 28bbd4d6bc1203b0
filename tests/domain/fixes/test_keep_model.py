"""p(keep): learnt from what was kept, and never far off where little was said."""

from __future__ import annotations

import numpy as np
import pytest

from domain.fixes.keep_model import PRIOR, KeepModel, fit_keep_parameters, standardise


def outcomes(n: int, slope: float, intercept: float, seed: int = 1):
    rng = np.random.default_rng(seed)
    liking, p_fit = rng.normal(1, 1, n), rng.uniform(0.5, 1, n)
    kept = rng.random(n) < p_fit * KeepModel(slope=slope, intercept=intercept).p_like(liking)
    return liking, p_fit, kept.astype(float)


@pytest.mark.parametrize(("slope", "intercept"), [(1.2, -0.8), (0.1, 1.5), (-0.5, 0.3)])
def test_much_feedback_finds_what_it_was_made_from(slope, intercept):
    model = fit_keep_parameters(*outcomes(40_000, slope, intercept))
    assert model.slope == pytest.approx(slope, abs=0.08)
    assert model.intercept == pytest.approx(intercept, abs=0.12)
    assert model.outcomes == 40_000


def test_what_is_learnt_is_calibrated():
    liking, p_fit, kept = outcomes(40_000, 0.9, -0.4)
    keep = fit_keep_parameters(liking[:20_000], p_fit[:20_000], kept[:20_000])
    predicted = (p_fit * keep.p_like(liking))[20_000:]
    for part in np.array_split(np.argsort(predicted), 10):
        assert kept[20_000:][part].mean() == pytest.approx(predicted[part].mean(), abs=0.04)


def test_without_feedback_the_prior_stands_and_little_moves_it_little():
    nothing = np.zeros(0)
    assert (
        fit_keep_parameters(nothing, nothing, nothing).slope,
        fit_keep_parameters(nothing, nothing, nothing).intercept,
    ) == PRIOR
    one = fit_keep_parameters(np.array([2.0]), np.array([0.8]), np.array([0.0]))
    assert abs(one.slope - PRIOR[0]) < 0.4
    assert -0.5 < one.intercept < 0.0


def test_it_is_the_highest_point():
    liking, p_fit, kept = outcomes(60, 1.0, 0.0)
    model = fit_keep_parameters(liking, p_fit, kept)

    def height(slope: float, intercept: float) -> float:
        keep = p_fit * KeepModel(slope=slope, intercept=intercept).p_like(liking)
        fit = (kept * np.log(keep) + (1 - kept) * np.log(1 - keep)).sum()
        return float(fit - ((slope - 0.5) / 0.5) ** 2 / 2 - intercept**2 / 2)

    best = height(model.slope, model.intercept)
    assert all(height(model.slope + a, model.intercept + b) < best for a in (-0.02, 0.02) for b in (-0.02, 0.0, 0.02))


@pytest.mark.parametrize("liked", [-3.0, 0.0, 2.0])
@pytest.mark.parametrize("p_fit", [0.01, 0.1, 0.9])
@pytest.mark.parametrize("share", [0.05, 0.5, 1.0])
def test_where_a_whole_step_leads_down_it_is_still_the_highest_point(liked, p_fit, share):
    liking, kept = np.append(np.full(60, liked), [-1.0, 1.0]), (np.arange(62) < 62 * share).astype(float)
    model = fit_keep_parameters(liking, np.full(62, p_fit), kept)
    z = model.slope * liking + model.intercept
    like = 1 / (1 + np.exp(-z))
    slopes = (kept - p_fit * like) / (1 - p_fit * like) * (1 - like)  # of log p(kept) by z
    assert (slopes * liking).sum() == pytest.approx((model.slope - 0.5) / 0.25, abs=0.01)
    assert slopes.sum() == pytest.approx(model.intercept, abs=0.01)


@pytest.mark.parametrize("kept", [0.0, 1.0])
@pytest.mark.parametrize("p_fit", [0.0, 1e-12, 1.0])
def test_extremes_stay_finite(kept, p_fit):
    model = fit_keep_parameters(np.full(5_000, 3.0), np.full(5_000, p_fit), np.full(5_000, kept))
    assert np.isfinite([model.slope, model.intercept]).all()
    assert 0 < model.p_like(np.array([-3.0, 3.0])).min() <= model.p_like(np.array([-3.0, 3.0])).max() < 1


def test_scores_of_any_scale_are_standardised():
    scores = np.random.default_rng(2).normal(size=300)
    plain = standardise(scores.tolist())
    assert plain == pytest.approx(standardise((1e250 * scores + 3e250).tolist()), abs=1e-6)
    assert plain.mean() == pytest.approx(0, abs=0.05)
    assert plain.std() == pytest.approx(1, abs=0.05)
    assert np.abs(plain).max() <= 3
    assert list(np.argsort(plain)) == list(np.argsort(scores))


def test_a_score_far_out_counts_as_three_standard_deviations():
    assert standardise([0.0] * 99 + [1.0])[-1] == 3.0
    assert standardise([0.0] * 99 + [-1.0])[-1] == -3.0


@pytest.mark.parametrize("scores", [[], [7.0], [2.0, 2.0, 2.0]])
def test_scores_that_say_nothing_are_all_alike(scores):
    assert standardise(scores).tolist() == [0.0] * len(scores)
