"""A wave in parts: however it is cut and stored, the boxes are those of the whole."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from algorithms.assembly.built_in import answer
from algorithms.assembly.checks import count_slots, find_faults
from algorithms.assembly.model import NO_LIMIT, Wave
from algorithms.assembly.parts import (
    Arrays,
    build_layout,
    build_part,
    build_problem,
    dump_answer,
    dump_progress,
    join_parts,
    list_boxes,
    load_answer,
    load_progress,
    select_own,
)
from algorithms.assembly.wave import WavePart, answer_part, assemble, settle_turn, start_wave
from models.slots import AssemblyQuestion, Piece

SKUS = np.array([f"s{k:02}" for k in range(20)])


def draw_question(rng: np.random.Generator) -> AssemblyQuestion:
    def limit(low: int, high: int) -> int | None:
        return int(rng.integers(low, high)) if rng.random() < 0.7 else None

    pieces = tuple(
        Piece(
            sku=str(sku),
            category=("shoes", "knit", "coat")[int(sku[1:]) % 3],
            colour=("", "navy", "rust")[int(sku[1:]) // 3 % 3],
            price_cents=100 + 37 * int(sku[1:]),
            score=float(np.round(rng.normal(0.4, 0.3), 6)),
        )
        for sku in rng.choice(SKUS, 8, replace=False)
    )
    return AssemblyQuestion(
        client_id="c",
        now=datetime(2026, 11, 21, tzinfo=UTC),
        slots=int(rng.integers(1, 5)),
        budget_cents=limit(300, 2_000),
        item_cap_cents=limit(300, 900),
        category_cap=limit(1, 3),
        colour_cap=limit(1, 3),
        must_have=("knit",) if rng.random() < 0.4 else (),
        pieces=pieces,
    )


def cut(questions: list[AssemblyQuestion], on_hand: np.ndarray, size: int) -> tuple[list[WavePart], list[Arrays]]:
    """The parts of a wave, and the problem of each with the ids of its Fixes."""
    pieces = [questions[at : at + size] for at in range(0, len(questions), size)]
    problems = [build_problem(part) for part in pieces]
    for number, problem in enumerate(problems):
        problem["fixes"] = np.array([f"fix{number * size + k}" for k in range(len(problem["slots"]))])
    stock = {"skus": SKUS, "on_hand": on_hand, **build_layout(problems)}
    return [build_part(problem, stock, index) for index, problem in enumerate(problems)], problems


def assemble_in_parts(parts: list[WavePart], whole: Wave) -> np.ndarray:
    """As workers do it: every state and answer is stored and read again between the steps."""
    progress = load_progress(dump_progress(start_wave(whole)))
    while not progress.done:
        answers = [load_answer(dump_answer(answer_part(part, progress, len(whole.slots)))) for part in parts]
        progress = load_progress(dump_progress(settle_turn(whole, progress, answers)))
    assert 0 <= progress.best.objective <= progress.best.bound
    return progress.best.chosen


def name_boxes(parts: list[WavePart], problems: list[Arrays], chosen: np.ndarray) -> dict[str, tuple[str, ...]]:
    boxes: dict[str, tuple[str, ...]] = {}
    for part, problem in zip(parts, problems, strict=True):
        boxes |= list_boxes(problem, select_own(part, chosen))
    return boxes


@pytest.mark.parametrize("size", [1, 4, 30])
@pytest.mark.parametrize("units", [1, 99])
def test_the_boxes_do_not_depend_on_how_the_wave_is_cut(size, units):
    rng = np.random.default_rng(units)
    questions = [draw_question(rng) for _ in range(10)]
    whole_parts, whole_problems = cut(questions, np.full(20, units), 99)
    parts, problems = cut(questions, np.full(20, units), size)
    whole = join_parts(parts)
    chosen = assemble_in_parts(parts, whole)
    assert find_faults(whole, chosen) == []
    assert name_boxes(parts, problems, chosen) == name_boxes(
        whole_parts, whole_problems, assemble(join_parts(whole_parts)).chosen
    )


def test_with_plenty_for_all_each_box_is_the_best_for_its_question_alone_best_item_first():
    rng = np.random.default_rng(5)
    questions = [draw_question(rng) for _ in range(30)]
    parts, problems = cut(questions, np.full(20, 99), 7)
    boxes = name_boxes(parts, problems, assemble_in_parts(parts, join_parts(parts)))
    alone = {f"fix{k}": answer(question).skus for k, question in enumerate(questions)}
    assert boxes == {fix: box for fix, box in alone.items() if box}


def test_a_part_knows_its_stock_its_limits_and_its_place():
    rng = np.random.default_rng(6)
    questions = [draw_question(rng) for _ in range(5)]
    parts, problems = cut(questions, np.arange(20), 2)
    assert [part.client for part in parts] == [0, 2, 4]
    assert [part.candidate for part in parts] == [0, 16, 32]
    whole = join_parts(parts)
    assert whole.client.tolist() == sorted(list(range(5)) * 8)
    assert whole.wishes is not None
    pieces = [piece for question in questions for piece in question.pieces]
    assert SKUS[whole.sku].tolist() == [piece.sku for piece in pieces]
    assert whole.price.tolist() == [piece.price_cents for piece in pieces]
    assert ((whole.wishes.colour < 0) == [not piece.colour for piece in pieces]).all()
    assert (whole.budget == [NO_LIMIT if q.budget_cents is None else q.budget_cents for q in questions]).all()
    assert (whole.wishes.colour_cap == [NO_LIMIT if q.colour_cap is None else q.colour_cap for q in questions]).all()
    assert [part.wave.on_hand.tolist() for part in parts] == [list(range(20))] * 3
    assert select_own(parts[1], np.array([0, 15, 16, 31, 32])).tolist() == [0, 15]
    assert build_problem([])["sku"].tolist() == []
    assert count_slots(whole, np.array([0, 1])) == (2, sum(question.slots for question in questions) - 2)
    assert [problem["fixes"].tolist() for problem in problems] == [["fix0", "fix1"], ["fix2", "fix3"], ["fix4"]]
