"""A mail server that cannot be used is tried seldom, and what is wrong with it is said in words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.mail_servers import LONGEST_REST, classify_fault, explain_wait, name_fault, record_fault
from models.base import utc
from models.mail_servers import ServerFault, ServerState

NOW = utc(2026, 6, 1, 12)


@given(st.lists(st.sampled_from(["smtp_connect", "smtp_timeout", "smtp_auth", "smtp_tls", "smtp_421"]), min_size=1))
def test_no_rest_is_longer_than_a_minute_and_only_an_absent_server_rests_less(codes: list[str]) -> None:
    state, now = ServerState(), NOW
    for k, code in enumerate(codes):
        state = record_fault(state, code, now)
        assert state.try_at is not None
        rest = state.try_at - now
        assert timedelta(0) < rest <= LONGEST_REST
        assert (rest == LONGEST_REST) or (classify_fault(code) is ServerFault.UNREACHABLE and rest.total_seconds() < 60)
        assert (state.code, state.failures, state.since) == (code, k + 1, NOW)
        now += rest


def test_a_server_that_stays_away_rests_a_minute_before_long() -> None:
    state = ServerState()
    for _ in range(8):
        state = record_fault(state, "smtp_connect", NOW)
    assert state.try_at == NOW + LONGEST_REST


@pytest.mark.parametrize(
    ("code", "name", "words"),
    [
        ("smtp_auth", "login refused", "refuses our login"),
        ("smtp_535", "login refused", "refuses our login"),
        ("smtp_tls", "TLS refused", "no encrypted connection"),
        ("smtp_connect", "unreachable", "does not answer"),
        ("smtp_timeout", "unreachable", "does not answer in time"),
        ("smtp_421", "unreachable", "asks us to try later (421)"),
        ("smtp_550", "unreachable", "refused it (550)"),
    ],
)
def test_faults_have_names_and_sentences(code: str, name: str, words: str) -> None:
    assert name_fault(code) == name
    assert words in explain_wait(code)


@pytest.mark.parametrize("code", ["", "unparked", "approved_by_person", "quiet_hours"])
def test_other_codes_say_nothing_of_a_server(code: str) -> None:
    assert explain_wait(code) == ""
