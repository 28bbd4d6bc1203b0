"""As many must-haves as can be, at the least cost: against trying everything; and the slot's rule and fallback."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from domain import built_in_answers, slot_rules
from domain.fixes.must_haves import cover_must_haves
from models.slots import AssemblyAnswer, AssemblyQuestion, Piece

NOW = datetime(2026, 11, 21, tzinfo=UTC)
KINDS = ("shoes", "knit", "coat", "dress")
LIMIT = st.none() | st.integers(1, 3)


@st.composite
def questions(draw) -> AssemblyQuestion:
    pieces = tuple(
        Piece(
            sku=f"s{number}",
            category=draw(st.sampled_from(KINDS)),
            colour=draw(st.sampled_from(("", "navy", "rust"))),
            price_cents=draw(st.integers(0, 9)),
            score=draw(st.integers(-3, 9)),
        )
        for number in range(draw(st.integers(0, 8)))
    )
    return AssemblyQuestion(
        client_id="c",
        now=NOW,
        slots=draw(st.integers(1, 4)),
        budget_cents=draw(st.none() | st.integers(0, 20)),
        item_cap_cents=draw(st.none() | st.integers(0, 9)),
        category_cap=draw(LIMIT),
        colour_cap=draw(LIMIT),
        must_have=draw(st.sets(st.sampled_from(KINDS)).map(lambda kinds: tuple(sorted(kinds)))),
        pieces=pieces,
    )


def test_pieces_that_cost_nothing_take_no_more_than_the_slots():
    pieces = tuple(Piece(sku=f"s{n}", category=KINDS[n], colour="", price_cents=0, score=0) for n in range(2))
    question = AssemblyQuestion(
        client_id="c", now=NOW, slots=1, colour_cap=1, must_have=(KINDS[0], KINDS[1]), pieces=pieces
    )
    assert len(cover_must_haves(question)) == 1


def boxes(question: AssemblyQuestion):
    """Every box within the limits, must-haves apart."""
    bare = question.model_copy(update={"must_have": ()})
    for size in range(question.slots + 1):
        for box in combinations(question.pieces, size):
            if slot_rules.check_assembly(bare, AssemblyAnswer(skus=tuple(piece.sku for piece in box))) is None:
                yield box


def count_covered(question: AssemblyQuestion, box) -> int:
    return len({piece.category for piece in box} & set(question.must_have))


@given(questions())
def test_no_box_covers_more_and_none_as_many_for_less(question):
    cover = cover_must_haves(question)
    most = max(count_covered(question, box) for box in boxes(question))
    assert count_covered(question, cover) == len(cover) == most
    assert {piece.sku for piece in cover} in [{piece.sku for piece in box} for box in boxes(question)]
    least = min(sum(p.price_cents for p in box) for box in boxes(question) if count_covered(question, box) == most)
    assert sum(piece.price_cents for piece in cover) == least


@given(questions())
def test_the_fallback_keeps_every_rule(question):
    assert slot_rules.check_assembly(question, built_in_answers.answer_assembly(question)) is None


@given(questions())
def test_a_box_that_lacks_a_must_have_is_refused(question):
    most = len(cover_must_haves(question))
    for box in boxes(question):
        wrong = slot_rules.check_assembly(question, AssemblyAnswer(skus=tuple(piece.sku for piece in box)))
        assert (wrong is None) == (count_covered(question, box) == most)


def test_the_rule_says_what_is_wrong():
    pieces = [Piece(sku=f"s{n}", category="knit", colour="navy", price_cents=1, score=1.0) for n in range(3)]
    pieces += [Piece(sku="shoe", category="shoes", price_cents=1, score=-1.0)]
    question = AssemblyQuestion(client_id="c", now=NOW, pieces=tuple(pieces), colour_cap=2, must_have=("shoes",))
    many = slot_rules.check_assembly(question, AssemblyAnswer(skus=("s0", "s1", "s2")))
    assert many is not None
    assert many.words == "3 pieces of one colour; at most 2 are allowed"
    lacking = slot_rules.check_assembly(question, AssemblyAnswer(skus=("s0",)))
    assert lacking is not None
    assert lacking.words == "0 of must_have are there, 1 can be; such as shoes"
    assert Counter(built_in_answers.answer_assembly(question).skus) == Counter(("shoe", "s0", "s1"))
