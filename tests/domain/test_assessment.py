"""What an assessment decides from a snapshot: the phase, the mail, its number, the holdout, and calls of no use."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.assessment import (
    AssessmentDecision,
    AssessmentRules,
    AssessmentSnapshot,
    CallEnd,
    HoldoutExposure,
    NextMail,
    decide_next,
    score_snapshot,
)
from domain.eligibility import MailFacts
from domain.engagement import Engagement
from domain.holdouts import RE_ENGAGEMENT, assign_arm
from domain.next_actions import NoMailDecision, OpenCall
from domain.outreach import ClientMail
from domain.phases import PhaseState
from models.base import utc
from models.states import Arm, Band, CampaignState, OutreachState, Phase, TouchKind
from tests.support.sequences import SHIPPED

NOW = utc(2026, 6, 1, 12)
RULES = AssessmentRules()
AT_RISK = PhaseState(phase=Phase.AT_RISK, since=NOW)
FADED = Engagement(anchor_at=NOW - timedelta(days=130), frequency=1.0, last_order_at=NOW - timedelta(days=130))


def build_snapshot(**fields: Any) -> AssessmentSnapshot:
    defaults: dict[str, Any] = {
        "client_id": "c1",
        "now": NOW,
        "signed_up_at": NOW - timedelta(days=400),
        "facts": MailFacts(consent=True),
        "engagement": FADED,
        "band": Band.AT_RISK,
        "phase_state": AT_RISK,
        "sequences": SHIPPED,
    }
    return AssessmentSnapshot(**(defaults | fields))


def build_mail(n: int, state: OutreachState, **fields: Any) -> ClientMail:
    defaults: dict[str, Any] = {
        "reason_key": f"campaign:spring:{n}",
        "kind": TouchKind.CAMPAIGN,
        "campaign": "spring",
        "code": "",
        "epoch": 1,
        "priority": 50,
        "overdue": None,
        "created_at": NOW - timedelta(days=90),
        "updated_at": NOW - timedelta(days=90),
        "sent_at": None,
    }
    return ClientMail(n=n, state=state, **(defaults | fields))


def decide(snapshot: AssessmentSnapshot, rules: AssessmentRules = RULES) -> AssessmentDecision:
    return decide_next(snapshot, score_snapshot(snapshot, rules, None, "a1"), rules)


def test_a_newcomer_is_onboarding_and_gets_mail_number_one() -> None:
    newcomer = build_snapshot(signed_up_at=NOW, engagement=Engagement(), band=None, phase_state=None)
    assert score_snapshot(newcomer, RULES, None, "a1").state.phase is Phase.ONBOARDING
    assert decide(newcomer).mail == NextMail(1, TouchKind.WELCOME, "lifecycle-onboarding")


def test_a_new_mail_takes_the_next_number_and_a_begun_one_keeps_its_own() -> None:
    sent = build_mail(4, OutreachState.SENT)
    assert decide(build_snapshot(mails=[sent], next_n=7)).mail == NextMail(7, TouchKind.MISSED, "lifecycle-at-risk")
    stale = build_snapshot(mails=[sent], next_n=2)  # as read before another worker's mail was saved
    assert decide(stale).mail == NextMail(5, TouchKind.MISSED, "lifecycle-at-risk")


def test_a_mail_under_way_is_named_again_and_nothing_else_begins() -> None:
    decision = decide(build_snapshot(mails=[build_mail(3, OutreachState.DRAFTED)], next_n=4))
    assert decision.plan.start is None
    assert decision.mail == NextMail(3, TouchKind.CAMPAIGN, "spring")


def test_a_client_in_the_holdout_gets_no_drift_mail_and_both_arms_are_exposed() -> None:
    everybody, nobody = AssessmentRules(holdout_share=1.0), AssessmentRules(holdout_share=1e-9)
    held_out, mailed = decide(build_snapshot(), everybody), decide(build_snapshot(), nobody)
    assert held_out.mail is None
    assert [(answer.action, answer.at) for answer in held_out.answered] == [("held_out", NOW)]
    assert held_out.exposure == HoldoutExposure("re-engagement.1", Arm.CONTROL)
    assert mailed.mail is not None
    assert mailed.exposure is not None
    assert mailed.exposure.arm is Arm.TREATED
    assert mailed.answered == ()
    assert decide(build_snapshot()).exposure is None


def test_the_share_held_out_of_drift_mail_is_the_one_of_the_settings() -> None:
    clients = [f"c{n}" for n in range(200)]
    for share in (0.1, 0.5):
        rules = AssessmentRules(holdout_share=share)
        exposures = [decide(build_snapshot(client_id=client), rules).exposure for client in clients]
        assert exposures == [
            HoldoutExposure(f"re-engagement.{share:g}", assign_arm(RE_ENGAGEMENT, client, share)) for client in clients
        ]
        assert sum(e is not None and e.arm is Arm.CONTROL for e in exposures) == pytest.approx(200 * share, abs=25)


def test_a_call_of_no_use_ends_and_the_mail_goes_on() -> None:
    def open_call(until: datetime) -> OpenCall:
        return OpenCall(call_id="k", since=NOW - timedelta(days=1), until=until)

    late = decide(build_snapshot(call=open_call(NOW)))
    assert late.ended_call == CallEnd("k", "too_late")
    assert late.mail is not None
    waiting = decide(build_snapshot(call=open_call(NOW + timedelta(days=1))))
    assert (waiting.ended_call, waiting.mail) == (None, None)
    unmailed = decide(build_snapshot(call=open_call(NOW + timedelta(days=1)), facts=MailFacts(consent=False)))
    assert unmailed.ended_call == CallEnd("k", "no_consent")
    assert unmailed.plan.closed == "no_consent"


def test_an_answer_without_a_mail_closes_the_trigger() -> None:
    snapshot = build_snapshot()
    due = decide(snapshot).plan.start
    assert due is not None
    done = NoMailDecision(key=due.key, action="nothing", at=NOW)
    decision = decide(snapshot.add_answer(done, None))
    assert (decision.mail, decision.answered) == (None, (done,))


def test_parked_mail_wakes_only_while_its_campaign_runs() -> None:
    parked = build_mail(2, OutreachState.PARKED)
    quiet = {"phase_state": PhaseState(phase=Phase.DORMANT, since=NOW), "band": Band.LAPSED, "engagement": Engagement()}
    for state, woken in ((CampaignState.RUNNING, parked), (CampaignState.PAUSED, None)):
        snapshot = build_snapshot(mails=[parked], campaign_states={"spring": (state, 1)}, **quiet)
        assert decide(snapshot).woken == woken
