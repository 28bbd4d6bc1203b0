"""The model: what it learns of clients, items and sizes, how it shrinks, and what it says of what it never saw."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from algorithms.fit import ridge
from algorithms.fit.design import BLOCKS, FitDesign
from algorithms.fit.model import START, FitModel
from algorithms.fit.rows import CATEGORY, FIT, LARGE, SMALL, Column, Feedback, Rows
from algorithms.risk.calibration import auc, calibration_error
from bench.fit import simulate_feedback


@pytest.fixture(scope="module")
def shop() -> tuple[Feedback, np.ndarray]:
    return simulate_feedback(12_000, seed=3)


@pytest.fixture(scope="module")
def model(shop) -> FitModel:
    feedback, _ = shop
    return FitModel.train(feedback.select(feedback.day <= 17_290))


def build_feedback(rows: list[tuple[str, str, str, int]]) -> Feedback:
    clients, items, sizes, fit = zip(*rows, strict=True)
    return Feedback(Rows.of(clients, items, sizes, ["dress"] * len(rows)), np.array(fit))


def test_a_shop_without_feedback_says_what_is_usual() -> None:
    chances = FitModel.prior().predict(["a", "b"], ["i", "j"], ["M", ""], ["dress", None])
    assert chances.shape == (2, 3)
    assert chances.sum(axis=1) == pytest.approx(1)
    assert chances[:, FIT] == pytest.approx(0.74, abs=0.005)
    assert chances[:, SMALL] == pytest.approx(chances[:, LARGE])


def test_one_word_moves_a_little_and_a_hundred_move_much() -> None:
    question = (["new"], ["i"], ["M"], ["dress"])
    once = FitModel.train(build_feedback([("c", "i", "M", SMALL)])).predict(*question)[0, SMALL]
    often = FitModel.train(build_feedback([(f"c{k}", "i", "M", SMALL) for k in range(100)])).predict(*question)[
        0, SMALL
    ]
    assert 0.13 < once < 0.5
    assert 0.8 < often < 1


def test_an_item_that_runs_small_is_told_from_one_that_runs_large() -> None:
    crowd = [(f"c{k}", ("small", "large")[k % 2], "SML"[k % 3], SMALL if k % 2 == 0 else LARGE) for k in range(120)]
    chances = FitModel.train(build_feedback(crowd)).predict(["new"] * 2, ["small", "large"], ["M"] * 2, ["dress"] * 2)
    assert chances[0].argmax() == SMALL
    assert chances[1].argmax() == LARGE


def test_a_client_who_wears_large_is_told_that_small_is_small() -> None:
    crowd = [(f"s{k}", f"i{k % 30}", "S", FIT) for k in range(150)] * 2
    crowd += [(f"l{k}", f"i{k % 30}", "L", FIT) for k in range(150)] * 2
    crowd += [(f"s{k}", f"i{k % 7}", "L", LARGE) for k in range(60)]
    crowd += [(f"l{k}", f"i{k % 7}", "S", SMALL) for k in range(60)]
    model = FitModel.train(build_feedback(crowd))
    # Both clients said only that their own size fits; that another will not is learnt from others.
    chances = model.predict(["s100", "s100", "l100", "l100"], ["i9"] * 4, ["S", "L", "S", "L"], ["dress"] * 4)
    assert chances[1, LARGE] > 2 * chances[0, LARGE]
    assert chances[2, SMALL] > 2 * chances[3, SMALL]


def test_it_ranks_what_it_never_saw_and_means_what_it_says(shop, model) -> None:
    feedback, truth = shop
    later = feedback.day > 17_290
    held_out = feedback.select(later)
    chances, wrong = model.predict_rows(held_out.rows), held_out.fit != FIT
    assert chances.sum(axis=1) == pytest.approx(1)
    assert auc(wrong, 1 - chances[:, FIT]) > 0.55
    assert auc(held_out.fit == SMALL, chances[:, SMALL]) > auc(held_out.fit == SMALL, truth[later, SMALL]) - 0.1
    assert calibration_error(wrong, 1 - chances[:, FIT]) < 0.05


def test_height_tells_something_of_new_clients(shop) -> None:
    feedback = shop[0].select(np.arange(4_000))
    nobody = Rows(
        Column.of(f"c{k}" for k in range(len(feedback))), feedback.rows.item, feedback.rows.size, feedback.rows.further
    )
    learnt = FitModel.train(Feedback(nobody, feedback.fit))
    small = [learnt.predict_rows(one_try("M", height))[0, SMALL] for height in ("5' 0\"", "5' 6\"", "6' 0\"")]
    assert small[0] < small[1] < small[2]


def one_try(size: str, height: str) -> Rows:
    rows = Rows.of(["never"], ["seen"], [size], ["kind1"])
    return Rows(rows.client, rows.item, rows.size, {**rows.further, "height": Column.of([height])})


def test_a_row_learnt_from_looks_as_it_would_if_it_were_new(shop) -> None:
    """The design of a row must not hold the row itself: else training sees what asking never does."""
    feedback, _ = shop
    sample = feedback.rows.select(np.arange(300))
    encoded = FitDesign.build(sample).encode(sample, own=True)
    without = FitDesign.build(sample.select(np.arange(299)))
    wear = slice(*np.cumsum([0, *FitDesign.build(sample).widths])[[2, 3]])
    inside = (encoded.column[299] >= wear.start) & (encoded.column[299] < wear.stop)
    assert inside.sum() == 2
    known = without.names.find_indices(sample.select(np.array([299])))
    count = without.wear.count[known.client[0]] if known.client[0] >= 0 else 0
    group = int(np.searchsorted((0, 1, 3), count, side="right")) - 1
    knots = len(without.wear.tents.knots)
    assert {(column - wear.start) // knots for column in encoded.column[299][inside]} == {group}


def test_what_is_not_said_does_not_enter_the_design(shop) -> None:
    feedback = shop[0].select(np.arange(1_000))
    first, second = (FitModel.train(Feedback(feedback.rows, fit)) for fit in (feedback.fit, np.roll(feedback.fit, 7)))
    sample = feedback.rows.select(np.arange(50))
    assert (first.design.encode(sample).column == second.design.encode(sample).column).all()
    assert (first.predict_rows(sample) != second.predict_rows(sample)).any()


def test_the_same_feedback_gives_the_same_model(shop, model) -> None:
    feedback, _ = shop
    again = FitModel.train(feedback.select(feedback.day <= 17_290))
    assert (again.weights == model.weights).all()


def test_it_is_kept_and_loaded_as_it_was(shop, model, tmp_path: Path) -> None:
    feedback, _ = shop
    model.save(tmp_path)
    loaded = FitModel.load(tmp_path)
    later = feedback.select(feedback.day > 17_290).rows
    assert (loaded.predict_rows(later) == model.predict_rows(later)).all()
    assert isinstance(loaded.weights, np.memmap)
    prior = tmp_path / "prior"
    prior.mkdir()
    FitModel.prior().save(prior)
    question = (["a"], ["i"], ["M"], [None])
    assert (FitModel.load(prior).predict(*question) == FitModel.prior().predict(*question)).all()


@pytest.mark.parametrize("broken", ["small.json", "weights.npy"])
def test_what_is_no_model_is_refused(model, tmp_path: Path, broken: str) -> None:
    model.save(tmp_path)
    (tmp_path / broken).unlink()
    with pytest.raises(OSError, match=broken):
        FitModel.load(tmp_path)


@pytest.mark.parametrize(
    ("file", "content"),
    [("weights.npy", b""), ("small.json", b"null"), ("small.json", b'{"scale": 1}'), ("small.json", b"{")],
)
def test_what_a_power_cut_left_is_refused(model, tmp_path: Path, file: str, content: bytes) -> None:
    model.save(tmp_path)
    (tmp_path / file).write_bytes(content)
    with pytest.raises(OSError, match="the model is broken"):
        FitModel.load(tmp_path)


@pytest.mark.parametrize("harm", [lambda weights: weights[:5], lambda weights: weights * np.nan])
def test_weights_of_another_form_are_refused(model, tmp_path: Path, harm: Any) -> None:
    model.save(tmp_path)
    np.save(tmp_path / "weights.npy", harm(model.weights))
    with pytest.raises(OSError, match="the model is broken"):
        FitModel.load(tmp_path)


def test_slopes_are_those_of_the_likelihood(shop) -> None:
    """The steps of the solver lead uphill: at its end, no weight can be moved for the better."""
    feedback, _ = shop
    sample = feedback.select(np.arange(400))
    design = FitDesign.build(sample.rows)
    cells, block = design.encode(sample.rows, own=True), np.repeat(np.arange(len(BLOCKS)), design.widths)
    penalty = 1 / START[block] ** 2
    matrix = ridge._build_matrix(cells, len(block))
    weights, _ = ridge._solve(matrix, sample.fit, np.zeros((len(block), 2)), penalty, 400)

    def badness(step: np.ndarray, column: int) -> float:
        moved = weights.copy()
        moved[column] += step
        likelihood = ridge.compute_chances(moved, cells)[np.arange(400), sample.fit]
        return float((penalty * moved**2).sum() / 2 - np.log(likelihood).sum())

    for column in (0, 1, len(block) - 1, int(np.abs(weights[:, 1]).argmax())):
        assert approx_fprime(np.zeros(2), badness, 1e-6, column) == pytest.approx(0, abs=0.02)


def test_five_hundred_candidates_take_milliseconds(model) -> None:
    question = (["c1"] * 500, [f"i{k}" for k in range(500)], ["M"] * 500, ["kind1"] * 500)
    model.predict(*question)
    begun = time.process_time()
    for _ in range(5):
        model.predict(*question)
    assert (time.process_time() - begun) / 5 < 0.05


def test_a_category_never_seen_and_no_category_are_answered(model) -> None:
    chances = model.predict(["c1", "c1"], ["i1", "i1"], ["M", "M"], ["hats", None])
    assert np.isfinite(chances).all()
    assert CATEGORY in [side.name for side in model.design.sides]
