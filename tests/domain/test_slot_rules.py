"""The rules of answers: each violation has its code, and what keeps to the limit passes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.slot_rules import (
    RuleViolation,
    check_assembly,
    check_engagement,
    check_next_action,
    check_ranking,
    check_send_time,
    check_session,
)
from models.base import utc
from models.slots import (
    AssemblyAnswer,
    AssemblyQuestion,
    Candidate,
    EngagementAnswer,
    EngagementQuestion,
    NextActionAnswer,
    NextActionQuestion,
    Piece,
    RankingAnswer,
    RankingQuestion,
    ScoredItem,
    SendTimeAnswer,
    SendTimeQuestion,
    SendWindow,
    SessionAnswer,
    SessionQuestion,
)

NOW = utc(2026, 11, 21, 12)
HOUR = timedelta(hours=1)
ITEMS = tuple(Candidate(item_id=k) for k in "abc")


def code_of(violation: RuleViolation | None) -> str:
    return "" if violation is None else violation.code


@pytest.mark.parametrize(
    ("n", "given", "code"),
    [
        (2, "ab", ""),
        (9, "cab", ""),
        (2, "a", "size"),
        (2, "abc", "size"),
        (9, "ab", "size"),
        (2, "ax", "unknown_id"),
        (2, "aa", "duplicate"),
    ],
)
def test_lists_have_as_many_known_items_as_are_shown(n, given, code):
    ranked = RankingAnswer(items=tuple(ScoredItem(item_id=k, score=0) for k in given))
    assert code_of(check_ranking(RankingQuestion(client_id="c", now=NOW, n=n, candidates=ITEMS), ranked)) == code
    shown = SessionAnswer(items=tuple(given))
    assert code_of(check_session(SessionQuestion(client_id="c", now=NOW, n=n, items=ITEMS), shown)) == code


def test_a_session_without_a_number_shows_everything():
    question = SessionQuestion(client_id="c", now=NOW, items=ITEMS)
    assert check_session(question, SessionAnswer(items=("c", "b", "a"))) is None
    assert code_of(check_session(question, SessionAnswer(items=("c", "b")))) == "size"


PIECES = (
    Piece(sku="a", category="knit", colour="navy", price_cents=10, score=1),
    Piece(sku="b", category="knit", colour="rust", price_cents=20, score=1),
    Piece(sku="c", category="coat", colour="navy", price_cents=30, score=1),
    Piece(sku="d", category="hat", colour="", price_cents=5, score=1),
    Piece(sku="e", category="bag", colour="", price_cents=5, score=1),
)


@pytest.mark.parametrize(
    ("limits", "box", "words"),
    [
        ({}, "abcde", ""),
        ({}, "ax", "'x' is not among the candidates"),
        ({}, "aa", "'a' is given twice"),
        ({"slots": 2}, "ab", ""),
        ({"slots": 2}, "abc", "3 pieces for 2 slots"),
        ({"budget_cents": 60}, "abc", ""),
        ({"budget_cents": 59}, "abc", "the box costs 60 cents; the budget is 59"),
        ({"item_cap_cents": 30}, "c", ""),
        ({"item_cap_cents": 29}, "ac", "a piece costs 30 cents; at most 29 are allowed"),
        ({"category_cap": 2}, "ab", ""),
        ({"category_cap": 1}, "ab", "2 pieces of one category; at most 1 are allowed"),
        ({"colour_cap": 2}, "ac", ""),
        ({"colour_cap": 1}, "ac", "2 pieces of one colour; at most 1 are allowed"),
        ({"colour_cap": 1}, "de", ""),
        ({"must_have": ("coat", "hat")}, "cd", ""),
        ({"must_have": ("coat", "hat")}, "ac", "1 of must_have are there, 2 can be; such as hat"),
        ({"must_have": ("coat", "hat"), "slots": 1}, "c", ""),
        ({"must_have": ("coat", "hat"), "slots": 1}, "a", "0 of must_have are there, 1 can be; such as hat"),
        ({"must_have": ("shoes",)}, "", ""),
        ({}, "", ""),
    ],
)
def test_a_box_keeps_its_limits(limits, box, words):
    question = AssemblyQuestion(client_id="c", now=NOW, pieces=PIECES, **limits)
    violation = check_assembly(question, AssemblyAnswer(skus=tuple(box)))
    assert ("" if violation is None else violation.words) == words


@pytest.mark.parametrize(("hours", "code"), [(None, ""), (1, ""), (0, "limit"), (-1, "limit")])
def test_a_crossing_lies_in_the_future(hours, code):
    answer = EngagementAnswer(score=5, crosses_at=None if hours is None else NOW + hours * HOUR)
    assert code_of(check_engagement(EngagementQuestion(client_id="c", now=NOW), answer)) == code


@pytest.mark.parametrize(
    ("hours", "code"), [(-1, "limit"), (0, ""), (1, ""), (2, "limit"), (3, "limit"), (4, ""), (5, "limit")]
)
def test_mail_is_sent_inside_a_window_and_not_before_now(hours, code):
    windows = tuple(
        SendWindow(start=NOW + start * HOUR, until=NOW + until * HOUR) for start, until in ((-3, 2), (4, 5))
    )
    question = SendTimeQuestion(client_id="c", now=NOW, windows=windows)
    assert code_of(check_send_time(question, SendTimeAnswer(at=NOW + hours * HOUR))) == code


def test_only_an_allowed_action_is_taken():
    question = NextActionQuestion(client_id="c", now=NOW, allowed=("email", "nothing"))
    assert check_next_action(question, NextActionAnswer(action="nothing")) is None
    assert code_of(check_next_action(question, NextActionAnswer(action="offer"))) == "limit"
