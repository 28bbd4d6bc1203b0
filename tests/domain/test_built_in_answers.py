"""The built-in answers: plain, and always within the rules of their slot."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import built_in_answers as built_in
from domain import slot_rules
from domain.engagement import EngagementRules
from models.base import utc
from models.slots import (
    AssemblyQuestion,
    Candidate,
    EngagementQuestion,
    NextActionQuestion,
    Occurrence,
    Piece,
    RankingQuestion,
    RiskQuestion,
    SendTimeQuestion,
    SendWindow,
    SessionQuestion,
)

NOW = utc(2026, 11, 21, 12)
HALF_LIFE = EngagementRules().half_life_days


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def build_events(*days: float) -> tuple[Occurrence, ...]:
    return tuple(Occurrence(kind="order_placed", at=ago(day)) for day in days)


@pytest.mark.parametrize(
    ("days", "horizon", "p_alive", "orders"),
    [
        ((), 90, 0.5, 0.0),
        ((0,), 90, 1.0, 1.0),
        ((90,), 90, 1.0, 1.0),  # the usual gap is that of a client without one
        ((180,), 90, 0.5, 0.5),
        ((270,), 90, 0.25, 0.25),
        ((40, 30, 20), 90, 0.5, 4.5),  # their own gap of ten days, and a silence of two
        ((130, 30, 20, 10), 90, 1.0, 9.0),  # the median gap
        ((10, 10.25), 30, 2.0**-9, 30 * 2.0**-9),  # a gap of a day at least
        ((40, 30, 20, -5), 90, 0.5, 4.5),  # what comes later is not known yet
        ((0, -1), 90, 1.0, 1.0),
    ],
)
def test_risk_halves_for_each_usual_gap_beyond_the_first(days, horizon, p_alive, orders):
    answer = built_in.answer_risk(
        RiskQuestion(client_id="c", now=NOW, orders=build_events(*days), horizon_days=horizon)
    )
    assert answer.p_alive == pytest.approx(p_alive)
    assert answer.expected_orders == pytest.approx(orders)


@pytest.mark.parametrize(
    ("days", "score"),
    [((), 0.0), ((0,), 50.0), ((0, 0, 0), 75.0), ((HALF_LIFE,), 100 / 3), ((HALF_LIFE, HALF_LIFE, -1), 50.0)],
)
def test_engagement_counts_events_that_fade_by_half(days, score):
    answer = built_in.answer_engagement(EngagementQuestion(client_id="c", now=NOW, events=build_events(*days)))
    assert answer.score == pytest.approx(score)
    assert answer.crosses_at is None


@given(
    st.lists(st.floats(0, 400), min_size=1, max_size=6),
    st.sets(st.integers(0, 100), max_size=4).map(lambda levels: tuple(sorted(map(float, levels), reverse=True))),
)
def test_the_crossing_is_when_the_score_reaches_the_next_threshold(days, thresholds):
    question = EngagementQuestion(client_id="c", now=NOW, events=build_events(*days), thresholds=thresholds)
    answer = built_in.answer_engagement(question)
    below = [threshold for threshold in thresholds if 0 < threshold < answer.score]
    assert (answer.crosses_at is not None) == bool(below)
    if answer.crosses_at is not None:
        assert slot_rules.check_engagement(question, answer) is None
        later = question.model_copy(update={"now": answer.crosses_at})
        assert max(below) - 0.1 < built_in.answer_engagement(later).score < max(below)


def test_rankings_and_sessions_keep_the_order_they_are_given_by():
    candidates = tuple(
        Candidate(item_id=k, house_score=score) for k, score in (("b", 1), ("a", 1), ("c", 2), ("d", -1))
    )
    ranked = built_in.answer_ranking(
        RankingQuestion(client_id="c", now=NOW, n=3, candidates=(*candidates, candidates[0]))
    )
    assert [(item.item_id, item.score) for item in ranked.items] == [("c", 2), ("a", 1), ("b", 1)]
    for n, shown in ((None, ("b", "a", "c", "d")), (2, ("b", "a"))):
        question = SessionQuestion(client_id="c", now=NOW, n=n, items=(*candidates, candidates[0]))
        assert built_in.answer_session(question).items == shown


HOURS = st.integers(-30, 30)


@given(st.lists(st.tuples(HOURS, st.integers(1, 20)), min_size=1, max_size=4))
def test_mail_is_sent_at_the_first_allowed_moment(spans):
    windows = tuple(SendWindow(start=ago(-start / 24), until=ago(-(start + length) / 24)) for start, length in spans)
    allowed = [max(start, 0) for start, length in spans if start + length > 0]
    if not allowed:
        return
    question = SendTimeQuestion(client_id="c", now=NOW, windows=windows)
    answer = built_in.answer_send_time(question)
    assert answer.at == ago(-min(allowed) / 24)
    assert slot_rules.check_send_time(question, answer) is None


@pytest.mark.parametrize(
    ("allowed", "action"), [(("nothing", "email"), "email"), (("stylist_call", "nothing"), "stylist_call")]
)
def test_a_mail_is_chosen_where_one_is_allowed(allowed, action):
    question = NextActionQuestion(client_id="c", now=NOW, allowed=allowed)
    assert built_in.answer_next_action(question).action == action


PIECES = st.builds(
    Piece,
    sku=st.integers(0, 30).map(str),
    category=st.sampled_from(("shoes", "knit", "coat")),
    colour=st.sampled_from(("", "navy", "rust")),
    price_cents=st.integers(0, 9),
    score=st.integers(-3, 9).map(float),
)
LIMIT = st.none() | st.integers(1, 3)
ASSEMBLY = st.builds(
    AssemblyQuestion,
    client_id=st.just("c"),
    now=st.just(NOW),
    slots=st.integers(1, 4),
    budget_cents=st.none() | st.integers(0, 20),
    item_cap_cents=st.none() | st.integers(2, 9),
    category_cap=LIMIT,
    colour_cap=LIMIT,
    must_have=st.sets(st.sampled_from(("shoes", "knit"))).map(lambda kinds: tuple(sorted(kinds))),
    pieces=st.lists(PIECES, max_size=8, unique_by=lambda piece: piece.sku).map(tuple),
)


@given(ASSEMBLY)
def test_a_box_keeps_every_rule_and_leaves_out_nothing_that_fits(question):
    answer = built_in.answer_assembly(question)
    assert slot_rules.check_assembly(question, answer) is None
    box = [piece for piece in question.pieces if piece.sku in answer.skus]
    assert all(piece.score >= 0 or piece.category in question.must_have for piece in box)
    if len(answer.skus) < question.slots:
        for piece in question.pieces:
            more = answer.model_copy(update={"skus": (*answer.skus, piece.sku)})
            assert piece.score < 0 or slot_rules.check_assembly(question, more) is not None


def test_the_best_pieces_come_first_and_a_must_have_before_them():
    def build_piece(sku: str, category: str, score: float) -> Piece:
        return Piece(sku=sku, category=category, price_cents=1, score=score)

    pieces = (
        build_piece("b", "knit", 1),
        build_piece("a", "knit", 1),
        build_piece("c", "coat", 3),
        build_piece("d", "shoes", -1),
    )
    question = AssemblyQuestion(client_id="c", now=NOW, slots=3, must_have=("shoes",), pieces=pieces)
    assert built_in.answer_assembly(question).skus == ("d", "c", "a")
