"""What comes next for a client: the right mail, one at a time, and a wake-up that is never in the past."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.eligibility import Hold, MailFacts, may_plan, may_send
from domain.outreach import PAUSED_BY_ITSELF
from domain.phases import PhaseState
from domain.planning import (
    LONGEST_SLEEP,
    PARKED_RETRY_AFTER,
    ClientPlan,
    QueuedMail,
    Situation,
    may_queue,
    plan_next_step,
)
from domain.sequences import choose_next_mail
from domain.timing import MailRules
from models.base import utc
from models.clients import ClientPolicy
from models.states import CampaignState, HoldSource, Phase, TouchKind
from tests.support.sequences import KINDS, SHIPPED, build_key

NOW = utc(2026, 6, 1, 12)
RULES = MailRules()
FREE = MailFacts(consent=True)


def make_plan(situation: Situation, rules: MailRules, now: datetime) -> ClientPlan:
    return plan_next_step(situation, may_plan(situation.facts, rules, now), rules, now)


def situation(phase: Phase, days: float = 0, **given: object) -> Situation:
    state = PhaseState(phase=phase, since=NOW - timedelta(days=days))
    return Situation.model_validate(
        {"client_id": "c1", "standing": state, "sequence": SHIPPED.get(phase), "facts": FREE, **given}
    )


def test_a_new_client_is_welcomed_at_once_and_asked_for_the_quiz_later() -> None:
    first = make_plan(situation(Phase.ONBOARDING), RULES, NOW)
    assert first.start is not None
    assert first.start.kind is TouchKind.WELCOME
    answered_at = {"welcome": NOW}
    second = make_plan(situation(Phase.ONBOARDING, made=answered_at), RULES, NOW)
    assert second.start is None
    assert second.wake_at == NOW + timedelta(days=3)
    third = make_plan(situation(Phase.ONBOARDING, 3, made={"welcome": NOW - timedelta(days=3)}), RULES, NOW)
    assert third.start is not None
    assert third.start.kind is TouchKind.QUIZ


def test_a_client_who_answered_the_quiz_is_not_asked_for_it() -> None:
    answered = make_plan(situation(Phase.ONBOARDING, 4, made={"welcome": NOW}, quiz_answered=True), RULES, NOW)
    assert answered.start is None


def test_at_most_three_mails_a_spell_each_from_another_angle() -> None:
    state = PhaseState(phase=Phase.AT_RISK, since=NOW)
    answered_at: dict[str, datetime] = {}
    kinds = []
    at = NOW
    while (touch := choose_next_mail(SHIPPED[Phase.AT_RISK], state, answered_at, ())) is not None:
        kinds.append(touch.kind)
        at = max(at, touch.due_at)
        answered_at[touch.key] = at
    assert kinds == [TouchKind.MISSED, TouchKind.NEW_IN, TouchKind.STYLIST]
    assert at == NOW + timedelta(days=14)


def test_a_sequence_held_up_by_a_pause_does_not_come_in_a_burst() -> None:
    state = PhaseState(phase=Phase.AT_RISK, since=NOW - timedelta(days=60))
    answered_at = {build_key(TouchKind.MISSED, state): NOW}
    touch = choose_next_mail(SHIPPED[Phase.AT_RISK], state, answered_at, ())
    assert touch is not None
    assert touch.due_at == NOW + timedelta(days=7)


def test_the_client_s_mails_queue_by_priority_one_at_a_time() -> None:
    waiting = (
        QueuedMail(priority=50, key="campaign:spring:1", campaign="spring"),
        QueuedMail(priority=95, key="campaign:recall:1", campaign="recall"),
    )
    first = make_plan(situation(Phase.AT_RISK, waiting=waiting), RULES, NOW)
    assert first.start is not None
    assert first.start.campaign == "recall"
    assert make_plan(situation(Phase.AT_RISK, waiting=waiting, busy=True), RULES, NOW).start is None


def test_a_parked_mail_whose_turn_has_come_is_woken_not_written_again() -> None:
    parked = QueuedMail(priority=99, key="missed:x", n=7)
    woken = make_plan(situation(Phase.AT_RISK, waiting=(parked,)), RULES, NOW)
    assert (woken.wake, woken.start) == (7, None)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (MailFacts(consent=False), "has not agreed"),
        (MailFacts(consent=True, suppressed="hard_bounce"), "blocked (hard bounce)"),
        (MailFacts(consent=True, holds=(Hold(source=HoldSource.OPERATOR, since=NOW),)), "operator holds"),
        (MailFacts(consent=True, sent_at=(NOW - timedelta(days=1),)), "the next may go on 2 June 2026"),
        (MailFacts(consent=True, policy=ClientPolicy(max_mails_per_week=0)), "no mail at all"),
    ],
)
def test_a_client_who_may_not_be_mailed_is_not_and_the_sentence_says_why(facts: MailFacts, words: str) -> None:
    held = make_plan(situation(Phase.AT_RISK, facts=facts), RULES, NOW)
    assert held.start is None
    assert words in held.why_not


RUNNING, PAUSED, ENDED = CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.ENDED


@pytest.mark.parametrize(
    ("code", "epoch", "campaign", "since", "may"),
    [
        ("held_by_client", 0, None, NOW, True),
        (PAUSED_BY_ITSELF, 0, None, NOW - 2 * PARKED_RETRY_AFTER, False),
        ("campaign_paused", 1, (PAUSED, 1), NOW - 2 * PARKED_RETRY_AFTER, False),
        ("campaign_paused", 1, (RUNNING, 2), NOW, False),
        ("campaign_paused", 2, (RUNNING, 2), NOW, True),
        ("campaign_paused", 1, (RUNNING, 2), NOW - 2 * PARKED_RETRY_AFTER, True),
        ("campaign_paused", 1, (ENDED, 1), NOW, True),
    ],
)
def test_a_parked_mail_queues_again_when_its_campaign_runs_and_its_drain_came_to_it_or_is_a_day_late(
    code: str, epoch: int, campaign: tuple[CampaignState, int] | None, since: datetime, may: bool
) -> None:
    assert may_queue(code, epoch, since, campaign, NOW) is may


facts = st.builds(
    MailFacts,
    consent=st.booleans(),
    suppressed=st.none() | st.just("complaint"),
    holds=st.lists(st.builds(Hold, source=st.sampled_from(HoldSource), since=st.just(NOW)), max_size=2).map(tuple),
    sent_at=st.lists(st.integers(0, 500).map(lambda h: NOW - timedelta(hours=h)), max_size=5).map(tuple),
    time_zone=st.sampled_from(["UTC", "America/New_York", "Asia/Tokyo"]),
)


@given(
    phase=st.sampled_from([p for p in Phase if p is not Phase.ERASED]),
    days=st.integers(0, 120),
    facts=facts,
    crosses=st.none() | st.integers(1, 10_000).map(lambda h: NOW + timedelta(hours=h)),
    busy=st.booleans(),
)
def test_the_wake_up_lies_ahead_and_a_mail_starts_only_when_the_door_could_open(
    phase: Phase, days: int, facts: MailFacts, crosses: datetime | None, busy: bool
) -> None:
    planned = make_plan(situation(phase, days, facts=facts, crosses_at=crosses, busy=busy), RULES, NOW)
    assert NOW < planned.wake_at <= NOW + LONGEST_SLEEP
    assert crosses is None or planned.wake_at <= crosses + timedelta(hours=13), "the morning after, at the latest"
    assert planned.next_touch_at is None or planned.next_touch_at >= NOW
    assert planned.why_not.endswith(".")
    if planned.start is not None:
        assert not busy
        anytime = RULES.model_copy(update={"quiet_from_hour": 0, "quiet_until_hour": 0})
        assert may_send(facts, anytime, NOW, campaign_paused=False, stale="", kind=TouchKind.MISSED).door == "open"
        assert planned.start.kind in KINDS[phase]
