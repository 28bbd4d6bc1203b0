"""What becomes of consent, whatever the clocks say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.mail_consent import (
    STAY_FOR,
    TICK,
    ConsentState,
    StayFacts,
    StayOutcome,
    decide_giving,
    decide_stay,
    decide_withdrawal,
    may_list_decide,
    stamp_link_use,
    stamp_stay,
    stamp_withdrawal,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TIMES = st.integers(-3, 3).map(lambda hours: NOW + timedelta(hours=hours))
STATES = st.builds(ConsentState, st.booleans(), st.none() | TIMES, st.none() | TIMES)


@given(STATES, TIMES)
def test_a_consent_counts_only_if_it_is_later_than_what_ended_the_one_before(state: ConsentState, at: datetime) -> None:
    change = decide_giving(state, at, "quiz")
    ends = [
        moment for moment in (None if state.consent else state.consent_at, state.withdrawn_at) if moment is not None
    ]
    assert (change is not None) == all(at > moment for moment in ends)
    if change is not None:
        since = max(at, state.consent_at or at)
        assert change == (True, since, "quiz", state.withdrawn_at)


@given(STATES, TIMES)
def test_a_withdrawal_always_holds_and_never_moves_back(state: ConsentState, at: datetime) -> None:
    change = decide_withdrawal(state, at, "link")
    assert (change.consent, change.source) == (False, "link")
    assert change.overcomes is None
    if state.consent:
        assert change.at == at
    else:
        assert change.at == max(at, state.consent_at or at)
    again = ConsentState(False, change.at, state.withdrawn_at)
    assert decide_withdrawal(again, at, "link").at == change.at
    assert decide_giving(again, change.at, "quiz") is None


@given(STATES, TIMES, st.none() | TIMES)
def test_what_a_link_does_comes_after_what_it_ends(state: ConsentState, at: datetime, before: datetime | None) -> None:
    used = stamp_link_use(state, at)
    assert used == max(at, state.consent_at or at)
    left = stamp_withdrawal(used, before)
    assert left == used if before is None or before < used else left == before + TICK
    stayed = stamp_stay(at, left, state.consent_at)
    assert stayed > left
    assert state.consent_at is None or stayed > state.consent_at
    assert decide_giving(ConsentState(False, left, left), stayed, "stay") is not None


def test_a_list_withdraws_and_gives_but_never_over_a_withdrawal() -> None:
    assert [may_list_decide(has_word, wanted) for has_word in (False, True) for wanted in (False, True)] == [
        True,
        True,
        True,
        False,
    ]


def test_a_link_undoes_only_its_own_last_withdrawal_and_not_for_ever() -> None:
    left = StayFacts(consent=False, withdrawn=True, suppressed=False, left_at=NOW)
    assert decide_stay(left, NOW + STAY_FOR) is StayOutcome.BACK
    assert decide_stay(left, NOW + STAY_FOR + TICK) is StayOutcome.EXPIRED
    assert decide_stay(left._replace(left_at=None), NOW) is StayOutcome.OTHER
    assert decide_stay(left._replace(suppressed=True), NOW) is StayOutcome.OTHER
    there = StayFacts(consent=True, withdrawn=False, suppressed=False, left_at=None)
    assert decide_stay(there, NOW) is StayOutcome.BACK
    assert decide_stay(there._replace(withdrawn=True), NOW) is StayOutcome.OTHER
    assert decide_stay(there._replace(suppressed=True), NOW) is StayOutcome.OTHER
    assert there.is_on_list
    assert not there._replace(withdrawn=True).is_on_list
    assert not left._replace(withdrawn=False).is_on_list
