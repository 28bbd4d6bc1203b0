"""Whether a client who drifts is approached: what may be answered, what an answer closes, and when a call is over."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.eligibility import Hold, MailFacts, may_plan
from domain.next_actions import (
    DRIFT_MAILS,
    NoMailDecision,
    OpenCall,
    add_decision,
    derive_seed,
    explain_call_end,
    find_no_mail_decision,
    list_allowed_actions,
)
from domain.phases import PhaseState
from domain.planning import ClientPlan, QueuedMail, Situation, plan_next_step
from domain.sequences import choose_next_mail
from domain.timing import MailRules
from models.base import utc
from models.states import HoldSource, Phase, TouchKind
from tests.support.sequences import KINDS, SHIPPED, build_key

NOW = utc(2026, 6, 1, 12)
RULES = MailRules()
FREE = MailFacts(consent=True)
RISKY = PhaseState(phase=Phase.AT_RISK, since=NOW - timedelta(days=1))
CALL = OpenCall(call_id="c", since=NOW - timedelta(hours=3), until=NOW + timedelta(days=2))


def make_plan(situation: Situation, rules: MailRules, now: datetime) -> ClientPlan:
    return plan_next_step(situation, may_plan(situation.facts, rules, now), rules, now)


def situation(state: PhaseState = RISKY, **given: object) -> Situation:
    return Situation.model_validate(
        {"client_id": "c1", "standing": state, "sequence": SHIPPED[state.phase], "facts": FREE, **given}
    )


def decide(kind: TouchKind, at: datetime, action: str = "nothing", state: PhaseState = RISKY) -> NoMailDecision:
    return NoMailDecision.model_validate({"key": build_key(kind, state), "action": action, "at": at})


def test_the_product_asks_about_all_that_it_sends_to_who_drifts_and_nothing_else() -> None:
    drift = {kind for phase in (Phase.AT_RISK, Phase.LAPSED) for kind in KINDS[phase]}
    assert drift == DRIFT_MAILS
    assert {TouchKind.WELCOME, TouchKind.QUIZ, TouchKind.WON_BACK, TouchKind.CAMPAIGN} & DRIFT_MAILS == set()


def test_a_call_is_allowed_while_some_are_left_and_an_offer_where_there_is_one() -> None:
    assert list_allowed_actions(0) == ("email", "nothing")
    assert "stylist_call" in list_allowed_actions(1)
    assert "offer" not in list_allowed_actions(100)
    assert list_allowed_actions(0, has_offer=True) == ("email", "offer", "nothing")


def test_an_occasion_has_one_seed_and_another_has_another() -> None:
    keys = [(client, key) for client in ("a", "b") for key in ("missed:1", "new_in:1", "missed:2")]
    seeds = {derive_seed(*key) for key in keys}
    assert len(seeds) == len(keys)
    assert derive_seed(*keys[0]) == derive_seed(*keys[0])
    assert all(0 <= seed < 2**53 for seed in seeds)


def test_nothing_closes_the_occasion_and_the_next_one_comes_at_its_own_spacing() -> None:
    planned = make_plan(situation(answered=(decide(TouchKind.MISSED, NOW),)), RULES, NOW)
    assert planned.start is None
    assert planned.next_touch_at == NOW + timedelta(days=7)
    assert "your policy said that mail would not help now, on 1 June 2026" in planned.why_not
    assert "the next mail is due on 8 June 2026" in planned.why_not
    later = make_plan(situation(answered=(decide(TouchKind.MISSED, NOW),)), RULES, NOW + timedelta(days=7))
    assert later.start is not None
    assert later.start.kind is TouchKind.NEW_IN


def test_a_new_spell_asks_anew_and_says_no_more_of_the_last() -> None:
    before = PhaseState(phase=Phase.AT_RISK, since=NOW - timedelta(days=200))
    old = decide(TouchKind.MISSED, NOW - timedelta(days=200), state=before)
    planned = make_plan(situation(answered=(old,)), RULES, NOW)
    assert planned.start is not None
    assert planned.start.kind is TouchKind.MISSED
    assert find_no_mail_decision(RISKY, (old,), None, None) is None
    assert add_decision((old,), decide(TouchKind.MISSED, NOW)) == (decide(TouchKind.MISSED, NOW),)


def test_while_a_stylist_is_to_call_no_drift_mail_goes_but_a_campaign_does() -> None:
    since = PhaseState(phase=Phase.AT_RISK, since=NOW - timedelta(days=10))
    spoken = (decide(TouchKind.MISSED, since.since, "stylist_call", since),)
    waiting = make_plan(situation(since, answered=spoken, call=CALL), RULES, NOW)
    assert (waiting.start, waiting.next_touch_at) == (None, None)
    assert "a stylist is to call the client" in waiting.why_not
    assert NOW < waiting.wake_at <= CALL.until + timedelta(hours=13), "somebody looks when the call is too late"
    ordered = QueuedMail(priority=50, key="campaign:spring:1", campaign="spring")
    begun = make_plan(situation(since, answered=spoken, call=CALL, waiting=(ordered,)), RULES, NOW).start
    assert begun is not None
    assert begun.campaign == "spring"
    over = make_plan(situation(since, answered=spoken), RULES, NOW).start
    assert over is not None
    assert over.kind is TouchKind.NEW_IN


def test_a_hold_is_told_before_what_a_policy_said() -> None:
    held = MailFacts(consent=True, holds=(Hold(source=HoldSource.CLIENT, since=NOW),))
    planned = make_plan(situation(answered=(decide(TouchKind.MISSED, NOW),), facts=held), RULES, NOW)
    assert "the client asked us to pause" in planned.why_not


def test_a_mail_after_it_makes_a_nothing_old() -> None:
    nothing = decide(TouchKind.MISSED, NOW - timedelta(days=8))
    assert find_no_mail_decision(RISKY, (nothing,), None, NOW - timedelta(days=9)) == nothing
    assert find_no_mail_decision(RISKY, (nothing,), None, NOW) is None


@pytest.mark.parametrize(
    ("phase", "barred", "now", "why"),
    [
        (Phase.AT_RISK, "", NOW, ""),
        (Phase.LAPSED, "", NOW, ""),
        (Phase.WON_BACK, "", NOW, "came_back"),
        (Phase.COOLING, "", NOW, "came_back"),
        (Phase.AT_RISK, "held_by_client", NOW, "held_by_client"),
        (Phase.AT_RISK, "no_consent", NOW, "no_consent"),
        (Phase.DORMANT, "", NOW, ""),
        (Phase.AT_RISK, "", CALL.until, "too_late"),
    ],
)
def test_a_call_ends_when_it_is_of_no_use_any_more(phase: Phase, barred: str, now: datetime, why: str) -> None:
    assert explain_call_end(CALL, phase, barred, now) == why


DRIFT = st.sampled_from([TouchKind.MISSED, TouchKind.NEW_IN, TouchKind.STYLIST])


@given(
    mails=st.dictionaries(DRIFT, st.integers(0, 40)),
    others=st.dictionaries(DRIFT, st.tuples(st.sampled_from(["nothing", "stylist_call"]), st.integers(0, 40))),
    called=st.booleans(),
    days=st.integers(0, 60),
)
def test_an_occasion_is_answered_once_whatever_answered_it(
    mails: dict[TouchKind, int], others: dict[TouchKind, tuple[str, int]], called: bool, days: int
) -> None:
    state = PhaseState(phase=Phase.AT_RISK, since=NOW - timedelta(days=days))
    answered_at = {build_key(kind, state): NOW - timedelta(days=ago) for kind, ago in mails.items()}
    rest = tuple(decide(kind, NOW - timedelta(days=ago), action, state) for kind, (action, ago) in others.items())
    call = CALL if called else None
    planned = make_plan(situation(state, made=answered_at, answered=rest, call=call), RULES, NOW)
    assert planned.wake_at > NOW
    assert planned.why_not.endswith(".")
    if planned.start is not None:
        assert not called
        assert planned.start.key not in answered_at
        assert planned.start.key not in {decision.key for decision in rest}
    both = answered_at | {decision.key: decision.at for decision in rest}
    touch = choose_next_mail(SHIPPED[state.phase], state, both, {TouchKind.QUIZ})
    assert planned.next_touch_at is None or touch is None or planned.next_touch_at >= touch.due_at
