"""Which events ask for an assessment: a score that passes its threshold, moves of the onboarding, some orders."""

from __future__ import annotations

import pytest

from domain.nudges import SLACK, needs_assessment
from models.states import Phase

ORDER, QUIZ, VIEW = {"order_placed"}, {"quiz_answered"}, {"item_viewed"}


@pytest.mark.parametrize(
    ("score", "lift_score", "needed"),
    [(22.0, 22.0, True), (22.0 - SLACK / 2, 22.0, True), (21.9, 22.0, False), (99.0, None, False)],
)
def test_a_score_that_reaches_its_threshold_is_looked_at(score: float, lift_score: float | None, needed: bool) -> None:
    assert needs_assessment(score, lift_score, Phase.COOLING, False, VIEW) is needed


@pytest.mark.parametrize(
    ("phase", "order_moves", "types", "needed"),
    [
        (Phase.ONBOARDING, False, QUIZ, True),
        (Phase.ONBOARDING, False, ORDER, True),
        (Phase.ONBOARDING, True, VIEW, False),
        (Phase.ACTIVE, False, QUIZ, False),
        (Phase.AT_RISK, True, ORDER, True),
        (Phase.AT_RISK, False, ORDER, False),
    ],
)
def test_a_quiz_moves_the_onboarding_and_an_order_whom_it_moves(
    phase: Phase, order_moves: bool, types: set[str], needed: bool
) -> None:
    assert needs_assessment(0.0, 50.0, phase, order_moves, types) is needed
