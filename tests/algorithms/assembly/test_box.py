"""One box: the optimum, against trying every set of candidates."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algorithms.assembly.boxes import find_best_without_budget, find_good_boxes, take_picked
from algorithms.assembly.built_in import answer
from algorithms.assembly.exact import NODES, assemble_one, find_best_box
from algorithms.assembly.model import NO_LIMIT, build_blocks
from algorithms.assembly.near import find_near_boxes
from domain import slot_rules
from models.slots import AssemblyAnswer, AssemblyQuestion, Piece
from tests.algorithms.waves import draw_tight_wave, draw_wave, find_best_by_trying, find_best_of_all_sets


def limit(value: int) -> int | None:
    return None if value == NO_LIMIT else value


@pytest.mark.parametrize("decimals", [6, 1], ids=["distinct scores", "many ties"])
@pytest.mark.parametrize("seed", range(40))
def test_the_box_is_the_best_of_all(seed, decimals):
    wave = draw_wave(seed, 1, 12, 12, decimals=decimals)
    open_ = wave.on_hand[wave.sku] > 0
    picks = assemble_one(
        wave.score[open_], wave.price[open_], wave.category[open_],
        int(wave.slots[0]), limit(wave.budget[0]), limit(wave.item_cap[0]), limit(wave.category_cap[0]),
    )  # fmt: skip
    assert wave.score[open_][picks].sum() == pytest.approx(find_best_by_trying(wave, 0), abs=1e-9)
    assert len(np.unique(picks)) == len(picks)
    assert wave.price[open_][picks].sum() <= wave.budget[0]


def test_a_budget_to_the_cent():
    scores, prices, kinds = np.array([1.0, 1.0, 1.5]), np.array([1_001, 999, 2_000]), np.zeros(3, np.int64)
    assert assemble_one(scores, prices, kinds, 2, 2_000).tolist() == [0, 1]
    assert assemble_one(scores, prices, kinds, 2, 1_999).tolist() in ([0], [1])


def test_thousands_of_boxes_may_cost_their_budget_to_the_cent():
    wave = draw_tight_wave(3, 6_000)
    best, found, good_worth = find_best_of_all_sets(wave), np.zeros(6_000), 0.0
    for part in build_blocks(wave):
        good = find_good_boxes(part, part.score)
        near = find_near_boxes(part, part.score, good, np.zeros(len(part.clients)))
        good_worth += good.worth.sum()
        np.maximum.at(found, part.clients[near.row], near.worth)
        assert near.upper == pytest.approx(best[part.clients], abs=1e-8)
        assert (take_picked(part.select(near.row).price, near.picks).sum(1) <= part.budget[near.row]).all()
    assert found == pytest.approx(best, abs=1e-9)
    assert 0.997 * best.sum() < good_worth <= best.sum() + 1e-6, "what the search begins with is close already"


def test_nothing_is_better_than_a_negative_score():
    assert len(assemble_one(np.array([-0.1, -2.0]), np.array([1, 1]), np.array([0, 1]))) == 0
    assert len(assemble_one(np.zeros(0), np.zeros(0, np.int64), np.zeros(0, np.int64))) == 0


@pytest.mark.parametrize("decimals", [6, 1])
def test_where_the_search_gives_up_the_solver_ends_it(decimals):
    for seed in range(30):
        wave = draw_wave(seed, 1, 12, 12, decimals=decimals)
        for part in build_blocks(wave):
            picks = find_best_box(part, part.score, nodes=1)
            assert part.score[0, picks].sum() == pytest.approx(find_best_by_trying(wave, 0), abs=1e-9)
            small = find_best_box(part, 0.01 * part.score, nodes=1)
            assert part.score[0, small].sum() == pytest.approx(find_best_by_trying(wave, 0), abs=1e-6)


def test_slots_and_categories_alone_are_solved_exactly():
    for seed in range(30):
        part = build_blocks(draw_wave(seed, 6, 10, 12))[0]
        _, greedy_total = find_best_without_budget(part, part.score)
        free = part.__class__(**{**part.__dict__, "budget": np.full(len(part.clients), NO_LIMIT)})
        for row in range(len(part.clients)):
            one = free.select(np.array([row]))
            assert greedy_total[row] == pytest.approx(one.score[0, find_best_box(one, one.score)].sum())


@pytest.mark.parametrize("nodes", [1, 5, 300])
def test_the_upper_bound_holds_however_many_nodes_are_dropped(nodes):
    for seed in range(30):
        wave = draw_wave(seed, 5, 11, 14)
        for part in build_blocks(wave):
            good = find_good_boxes(part, part.score)
            near = find_near_boxes(part, part.score, good, np.full(len(part.clients), 0.2), nodes)
            best = np.array([find_best_by_trying(wave, client) for client in part.clients])
            assert (near.upper >= best - 1e-9).all()
            assert (good.upper >= best - 1e-9).all()
            if nodes == 300:
                assert near.upper == pytest.approx(best, abs=1e-8)


def test_every_near_box_is_found_once_and_keeps_the_rules():
    wave = draw_wave(11, 1, 9, 9)
    wave = wave.__class__(**{**wave.__dict__, "slots": np.array([3]), "on_hand": np.ones(9, np.int64)})
    part = build_blocks(wave)[0]
    good = find_good_boxes(part, part.score)
    near = find_near_boxes(part, part.score, good, np.full(1, 100.0))
    boxes = {frozenset(picks[picks >= 0].tolist()) for picks in near.picks}
    assert len(boxes) == len(near.picks) > 20
    assert (take_picked(part.price, near.picks).sum(1) <= wave.budget[0]).all()


@st.composite
def questions(draw) -> AssemblyQuestion:
    limit = st.none() | st.integers(1, 3)
    pieces = tuple(
        Piece(
            sku=f"s{number}",
            category=draw(st.sampled_from(("shoes", "knit", "coat", "dress"))),
            colour=draw(st.sampled_from(("", "navy", "rust", "ecru"))),
            price_cents=draw(st.integers(0, 9)),
            score=draw(st.integers(-30, 90)) / 100,
        )
        for number in range(draw(st.integers(0, 9)))
    )
    return AssemblyQuestion(
        client_id="c",
        now=datetime(2026, 11, 21, tzinfo=UTC),
        slots=draw(st.integers(1, 5)),
        budget_cents=draw(st.none() | st.integers(0, 25)),
        item_cap_cents=draw(st.none() | st.integers(3, 9)),
        category_cap=draw(limit),
        colour_cap=draw(limit),
        must_have=draw(st.sets(st.sampled_from(("shoes", "knit", "coat"))).map(lambda kinds: tuple(sorted(kinds)))),
        pieces=pieces,
    )


def best_of(question: AssemblyQuestion) -> float:
    """The best summed score within every rule of the slot, by trying every box."""
    every = (box for size in range(question.slots + 1) for box in combinations(question.pieces, size))
    return max(score(question, box) for box in every if slot_rules.check_assembly(question, build_answer(box)) is None)


def build_answer(box) -> AssemblyAnswer:
    return AssemblyAnswer(skus=tuple(piece.sku for piece in box))


def score(question: AssemblyQuestion, box) -> float:
    return sum(piece.score for piece in box)


@pytest.mark.parametrize("nodes", [NODES, 1], ids=["by search", "by the solver"])
@given(questions())
def test_with_colours_and_must_haves_it_is_the_best_of_all(nodes, question):
    result = answer(question, nodes=nodes)
    box = [piece for piece in question.pieces if piece.sku in result.skus]
    assert slot_rules.check_assembly(question, result) is None
    assert score(question, box) == pytest.approx(best_of(question), abs=1e-9)
    assert answer(question, nodes=nodes) == result
