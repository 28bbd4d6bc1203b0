"""Which word about a purpose holds, and what it allows."""

from __future__ import annotations

from datetime import datetime, timedelta

import hypothesis.strategies as st
from hypothesis import given

from domain.consent import apply_list, apply_statement, may_measure, may_personalise
from models.base import utc
from models.consents import ConsentRecord, Purpose

NOW = utc(2026, 6, 1)
moments = st.integers(0, 9).map(lambda day: NOW + timedelta(days=day))
words = st.lists(st.tuples(st.booleans(), moments), min_size=1, max_size=6)


def test_measurement_must_be_agreed_to_and_personalisation_may_be_refused() -> None:
    for record, personal, measured in ((None, True, False), (True, True, True), (False, False, False)):
        said = {} if record is None else dict.fromkeys(Purpose, ConsentRecord(agreed=record, at=NOW, source="quiz"))
        assert (may_personalise(said), may_measure(said)) == (personal, measured)


@given(words)
def test_a_refusal_ends_whatever_arrived_before_it(said: list[tuple[bool, datetime]]) -> None:
    record = None
    for agreed, at in said:
        record = apply_statement(record, agreed, at, "quiz")
    again = apply_statement(record, False, NOW - timedelta(days=30), "shop")
    assert not again.agreed


@given(words)
def test_an_agreement_counts_only_when_given_after_the_last_word(said: list[tuple[bool, datetime]]) -> None:
    record = None
    for agreed, at in said:
        before, record = record, apply_statement(record, agreed, at, "quiz")
        if agreed and before is not None and not before.agreed and before.at is not None:
            assert record.agreed == (at > before.at)


@given(st.one_of(st.none(), st.booleans()), st.booleans())
def test_a_list_gives_back_nothing_that_was_refused(before: bool | None, listed: bool) -> None:
    stored = None if before is None else ConsentRecord(agreed=before, at=NOW, source="quiz")
    record = apply_list(stored, listed, NOW + timedelta(days=1), "shop")
    assert (record is None) == (before is False and listed)
    assert record is None or record.agreed == listed
    assert record is not stored or before == listed, "and says nothing new where nothing changes"
