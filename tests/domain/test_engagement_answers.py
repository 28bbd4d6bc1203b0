"""An algorithm's engagement score: its band, when the client is looked at again, and together with churn risk."""

from __future__ import annotations

from datetime import timedelta

from domain.assessment import AssessmentRules, AssessmentSnapshot, score_snapshot
from domain.churn_risk import ChurnRisk
from domain.eligibility import MailFacts
from domain.engagement import FORMULA, Engagement, EngagementRules
from domain.engagement_answers import PluggedScore, answer_by_formula, apply_answer
from domain.phases import PhaseState
from models.base import utc
from models.slots import EngagementAnswer
from models.states import Band, Phase

NOW = utc(2026, 6, 1, 12)
RULES = EngagementRules()
FRESH = Engagement().add_event(RULES, "order_placed", NOW - timedelta(days=1), 5_000)
SOON, LATER = NOW + timedelta(days=3), NOW + timedelta(days=30)


def test_the_formula_gives_the_crossing_time() -> None:
    answer = answer_by_formula(RULES, FRESH, NOW)
    assert answer.score > RULES.active_from
    assert answer.crosses_at is not None
    assert answer.crosses_at > NOW
    assert answer_by_formula(RULES, Engagement(), NOW).crosses_at is None


def test_the_band_follows_the_score_and_moves_up_only_beyond_the_margin() -> None:
    for score, held, band in (
        (50.0, None, Band.ACTIVE),
        (10.0, Band.ACTIVE, Band.AT_RISK),
        (RULES.active_from * 1.05, Band.COOLING, Band.COOLING),
        (RULES.active_from * 1.2, Band.COOLING, Band.ACTIVE),
    ):
        assert apply_answer(RULES, FRESH, EngagementAnswer(score=score), NOW, held, 7).band is band


def test_without_a_crossing_the_client_is_looked_at_again_after_the_interval() -> None:
    said = apply_answer(RULES, FRESH, EngagementAnswer(score=50, crosses_at=LATER), NOW, None, 7)
    assert (said.crosses_at, said.look_again_at) == (LATER, None)
    unsaid = apply_answer(RULES, FRESH, EngagementAnswer(score=50), NOW, None, 7)
    assert (unsaid.crosses_at, unsaid.look_again_at) == (None, NOW + timedelta(days=7))
    assert unsaid.order_moves


def build_snapshot() -> AssessmentSnapshot:
    return AssessmentSnapshot(
        client_id="c1",
        now=NOW,
        signed_up_at=NOW - timedelta(days=400),
        facts=MailFacts(consent=True),
        engagement=FRESH,
        band=Band.ACTIVE,
        phase_state=PhaseState(phase=Phase.ACTIVE, since=NOW - timedelta(days=30)),
    )


def test_a_plugged_score_drives_band_phase_and_name() -> None:
    plugged = PluggedScore(EngagementAnswer(score=10.0), "early/3")
    score = score_snapshot(build_snapshot(), AssessmentRules(recheck_days=2), None, "a1", plugged)
    assert (score.engagement.band, score.state.phase, score.algorithm) == (Band.AT_RISK, Phase.AT_RISK, "early/3")
    assert score.engagement.crosses_at == NOW + timedelta(days=2)
    assert score_snapshot(build_snapshot(), AssessmentRules(), None, "a1").algorithm == FORMULA


def test_churn_risk_counts_with_the_algorithm_s_crossing() -> None:
    risk = ChurnRisk(
        algorithm="r", version="1", horizon_days=90, orders=4, p_alive=0.9, expected_orders=1.0, gone_at=NOW,
        falls_at=NOW,
    )  # fmt: skip
    fading = PluggedScore(EngagementAnswer(score=10.0, crosses_at=SOON), "early/3")
    score = score_snapshot(build_snapshot(), AssessmentRules(), risk, "a1", fading)
    assert (score.engagement.band, score.engagement.crosses_at) == (Band.AT_RISK, SOON)
    unsaid = PluggedScore(EngagementAnswer(score=1.0), "early/3")
    gone = score_snapshot(build_snapshot(), AssessmentRules(), risk, "a1", unsaid)
    assert (gone.engagement.band, gone.engagement.crosses_at) == (Band.LAPSED, NOW + timedelta(days=7))
