"""A planned test has the power that was asked for: played out by chance."""

from __future__ import annotations

import numpy as np
import pytest

from domain.statistics import lift, planning, sequential
from domain.statistics.planning import ExperimentDesign
from errors import BadInput

ROUNDS = 1_500


def test_so_many_clients_show_the_lift_as_often_as_asked() -> None:
    plan = planning.plan_for_shares(0.1, 0.2, ExperimentDesign(power=0.8, control_share=0.3))
    rng = np.random.default_rng(1)
    treated, control = rng.binomial(plan.treated, 0.12, ROUNDS), rng.binomial(plan.control, 0.10, ROUNDS)
    seen = [
        lift.compare_shares(int(a), plan.treated, int(b), plan.control).p_value < 0.05
        for a, b in zip(treated, control, strict=True)
    ]
    assert np.mean(seen) == pytest.approx(0.8, abs=0.03)
    assert plan.control / plan.clients == pytest.approx(0.3, abs=0.001)


def test_a_watched_test_is_planned_for_its_last_look() -> None:
    plan = planning.plan_for_shares(0.1, 0.3, ExperimentDesign(power=0.8, watched=True))
    rng, seen = np.random.default_rng(2), 0
    for _ in range(ROUNDS):
        arms = [
            sequential.sample_share(int(rng.binomial(n, p)), n) for n, p in ((plan.treated, 0.13), (plan.control, 0.1))
        ]
        seen += sequential.compare_arms(arms[0], arms[1], narrowest_at=plan.clients).difference.low > 0
    assert seen / ROUNDS == pytest.approx(0.8, abs=0.03)


def test_the_smallest_difference_needs_the_clients_that_it_was_asked_for() -> None:
    for design in (ExperimentDesign(), ExperimentDesign(power=0.95, control_share=0.1, removed=0.4, watched=True)):
        least = planning.compute_smallest_effect(30_000, 9.0, 4.0, design)
        assert planning.plan_for_means(least, 9.0, 4.0, design).clients == pytest.approx(30_000, abs=2)


def test_cuped_halves_the_clients_where_it_halves_the_variance() -> None:
    whole, half = (
        planning.plan_for_means(0.1, 1.0, 1.0, ExperimentDesign(removed=gone)).clients for gone in (0.0, 0.5)
    )
    assert half == pytest.approx(whole / 2, abs=2)
    assert planning.plan_for_means(0.1, 1.0, 1.0).clients == 3140  # 2 (1.96 + .8416)^2 / .1^2 in each arm


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("baseline", lambda: planning.plan_for_shares(0.0, 0.1)),
        ("lift", lambda: planning.plan_for_shares(0.5, 1.2)),
        ("lift", lambda: planning.plan_for_shares(0.5, 0.0)),
        ("power", lambda: planning.plan_for_shares(0.5, 0.1, ExperimentDesign(power=0.04))),
        ("control_share", lambda: planning.plan_for_shares(0.5, 0.1, ExperimentDesign(control_share=1.0))),
        ("removed", lambda: planning.plan_for_shares(0.5, 0.1, ExperimentDesign(removed=1.0))),
        ("clients", lambda: planning.compute_smallest_effect(2, 1.0, 1.0)),
    ],
)
def test_what_cannot_be_is_refused_by_name(field, asked) -> None:
    with pytest.raises(BadInput) as refused:
        asked()
    assert refused.value.field == field
