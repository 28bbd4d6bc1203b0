"""The table of states is closed, and every mail can end."""

from __future__ import annotations

from domain.outreach import ASIDE, COUNTED, IN_TURN, SETTLED, TRANSITIONS, list_sources
from models.states import OutreachState as S


def test_every_state_is_in_the_table_and_of_one_kind() -> None:
    assert set(TRANSITIONS) == set(S)
    assert not SETTLED & ASIDE
    assert set(S) == SETTLED | ASIDE | IN_TURN


def test_every_state_can_reach_a_settled_one() -> None:
    ends = set(SETTLED)
    while True:
        more = {state for state, following in TRANSITIONS.items() if following & ends} - ends
        if not more:
            break
        ends |= more
    assert ends == set(S)


def test_only_data_can_become_sent_and_only_claimed_can_become_data() -> None:
    assert list_sources(S.SENT) == {S.DATA, S.UNKNOWN}
    assert list_sources(S.DATA) == {S.CLAIMED}


def test_nothing_follows_a_settled_mail_but_that_it_was_sent_after_all_came_back_or_is_tried_again() -> None:
    assert {state: TRANSITIONS[state] for state in SETTLED if TRANSITIONS[state]} == {
        S.UNKNOWN: {S.SENT, S.PARKED, S.BOUNCED, S.COMPLAINED},
        S.SENT: {S.BOUNCED, S.COMPLAINED},
        S.BOUNCED: {S.COMPLAINED},
        S.EXPIRED: {S.PARKED},
        S.FAILED: {S.PARKED},
        S.REJECTED: {S.PARKED},
    }


def test_a_mail_that_bounced_counts_against_no_cap() -> None:
    assert S.BOUNCED not in COUNTED
    assert S.COMPLAINED in COUNTED, "it arrived"
