"""p(keep): learnt from what was kept, calibrated in each role, and never far off where little was said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from domain.arrays import Floats
from domain.fixes.keep_model import NAMES, PRIOR, USUAL_FIT, KeepFacts, KeepModel, fit_keep_model, standardise
from models.box_roles import BoxRole

ROLES = (BoxRole.TOP, BoxRole.SHOES, BoxRole.ACCESSORY)
RATES = {BoxRole.TOP: 0.8, BoxRole.SHOES: -0.6, BoxRole.ACCESSORY: -0.2}


@dataclass
class Outcomes:
    facts: KeepFacts
    kept: Floats


def simulate(n: int, slope: float = 0.6, price: float = -0.8, seed: int = 1) -> Outcomes:
    """Feedback on pieces of three roles with rates of their own; the accessories have no size."""
    rng = np.random.default_rng(seed)
    roles = [ROLES[index] for index in rng.integers(0, len(ROLES), n)]
    sized = np.array([role is not BoxRole.ACCESSORY for role in roles])
    liking, p_fit = rng.normal(0.8, 1, n), np.where(sized, rng.uniform(0.4, 0.95, n), USUAL_FIT)
    reach = rng.normal(0, 0.5, n)
    z = np.array([RATES[role] for role in roles]) + slope * liking + price * np.maximum(reach, 0)
    chance = p_fit / (1 + np.exp(-z))
    facts = KeepFacts(roles, [role.value for role in roles], liking, p_fit, np.zeros(n), reach, np.zeros(n))
    return Outcomes(facts, (rng.random(n) < chance).astype(float))


def describe(n: int, role: BoxRole = BoxRole.TOP, category: str = "shirt", **columns: float) -> KeepFacts:
    """So many pieces alike."""
    given = {"liking": 0.0, "p_fit": USUAL_FIT, "price": 0.0, "reach": 0.0, "answered": 0.0} | columns
    return KeepFacts([role] * n, [category] * n, *(np.full(n, value) for value in given.values()))


def test_each_role_is_calibrated_with_and_without_sizes():
    learnt = fit_keep_model(*vars(simulate(12_000)).values())
    fresh = simulate(60_000, seed=2)
    predicted, roles = learnt.predict(fresh.facts), np.array(fresh.facts.role)
    for role in ROLES:
        own = np.flatnonzero(roles == role)
        for part in np.array_split(own[np.argsort(predicted[own])], 5):
            assert fresh.kept[part].mean() == pytest.approx(predicted[part].mean(), abs=0.04)


def test_a_piece_without_a_size_is_no_safer_than_others():
    sized, unsized = describe(1, p_fit=0.95), describe(1, BoxRole.ACCESSORY, "scarf")
    assert KeepModel().predict(unsized)[0] < KeepModel().predict(sized)[0]
    assert KeepModel().predict(unsized)[0] == pytest.approx(0.5)


def test_price_reach_and_wishes_enter():
    learnt = fit_keep_model(*vars(simulate(12_000)).values())
    assert learnt.predict(describe(1, reach=1.0)) < learnt.predict(describe(1)) - 0.1
    assert KeepModel().predict(describe(1, answered=2.0)) > KeepModel().predict(describe(1))
    assert KeepModel().predict(describe(1, price=0.8)) < KeepModel().predict(describe(1))


def test_little_feedback_on_a_category_leaves_it_near_its_role():
    many = simulate(6_000)
    named = ["new" if index < 3 else name for index, name in enumerate(many.facts.category)]
    few = many.facts._replace(category=named)
    kept = many.kept.copy()
    kept[:3] = 0.0
    learnt = fit_keep_model(few, kept)
    role = few.role[0]
    near = learnt.predict(describe(1, role, "new")), learnt.predict(describe(1, role, role.value))
    assert near[0] == pytest.approx(near[1], abs=0.1)
    never_seen = learnt.predict(describe(1, BoxRole.BAG, "bag"))[0]
    assert 0.2 < never_seen < 0.8


def test_without_feedback_the_prior_stands_and_little_moves_it_little():
    assert KeepModel().shared == tuple(mean for _, mean, _ in PRIOR)
    one = fit_keep_model(describe(1, liking=2.0), np.zeros(1))
    assert abs(one.shared[NAMES.index("liking")] - 0.5) < 0.4
    assert one.outcomes == 1
    assert one.predict(describe(1))[0] == pytest.approx(0.5, abs=0.2)


@pytest.mark.parametrize("kept", [0.0, 1.0])
@pytest.mark.parametrize("p_fit", [0.0, 1e-12, 1.0])
def test_extremes_stay_finite(kept, p_fit):
    model = fit_keep_model(describe(3_000, liking=3.0, p_fit=p_fit, price=50.0, reach=-50.0), np.full(3_000, kept))
    assert np.isfinite(model.shared).all()
    assert (model.predict(describe(2, liking=-3.0)) > 0).all()
    assert (model.predict(describe(2, liking=3.0)) < 1).all()


def test_it_is_the_highest_point():
    data = simulate(300)
    model = fit_keep_model(data.facts, data.kept)
    p = model.predict(data.facts)
    pull = ((data.kept - p) * data.facts.liking).sum()
    mean, spread = next((mean, spread) for name, mean, spread in PRIOR if name == "liking")
    assert pull == pytest.approx((model.shared[NAMES.index("liking")] - mean) / spread**2, abs=1e-3)


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
