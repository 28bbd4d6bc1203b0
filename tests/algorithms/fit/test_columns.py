"""What is read off sizes, numbers and words, and what becomes of each column of a file."""

from __future__ import annotations

import math

import numpy as np
import pytest

from algorithms.fit.numbers import parse_number
from algorithms.fit.rows import Column, Rows, normalise_sizes
from algorithms.fit.sides import NumberColumn, Tents, WordColumn, build_side
from algorithms.fit.sizes import SizeScale, normalise_size


@pytest.mark.parametrize(
    ("cell", "inches_or_pounds"),
    [
        ("64", 64), (64, 64), (64.5, 64.5), ("137lbs", 137), ("137 lbs.", 137), ("5' 8\"", 68), ("5'8", 68),
        ("5ft 8in", 68), ("6'", 72), ("5’ 10.5”", 70.5), ("172cm", 172 / 2.54), ("1.72 m", 172 / 2.54),
        ("1,72 m", 172 / 2.54), ("62 kg", 62 * 2.20462), ("34%", 34), ("-3", -3),
    ],
)  # fmt: skip
def test_a_number_is_read_however_it_is_written(cell: object, inches_or_pounds: float) -> None:
    assert parse_number(cell) == pytest.approx(inches_or_pounds)


@pytest.mark.parametrize("cell", ["pear", "34d", "", "size 8", "1e5x", True, float("nan"), float("inf"), "5 apples"])
def test_what_is_no_number_is_none(cell: object) -> None:
    assert math.isnan(parse_number(cell))


def test_sizes_that_mean_the_same_are_one() -> None:
    column = normalise_sizes(Column.of([" XL ", "xl", "8", "8.0", None, "One Size"]))
    assert [column.values[code] for code in column.code] == ["xl", "xl", "8", "8", "", ""]
    assert normalise_size("8.5") == "8.5"


def test_places_rise_with_the_size_and_categories_have_scales_of_their_own() -> None:
    sizes, categories = ("s", "m", "l", "36", "40", "one of a kind"), ("", "dress", "shoe")
    size = np.repeat([0, 1, 2, 3, 4], [100, 200, 100, 300, 300])
    kind = np.where(size < 3, 1, 2)
    scale = SizeScale.build(sizes, categories, size, kind)
    place = scale.find_positions(["s", "m", "xl", "one of a kind"], ["dress"] * 4)
    assert place[0] < -0.5
    assert place[2] > 0.5
    assert place[[1, 3]] == pytest.approx([0, 0], abs=1e-9)
    assert scale.find_positions(["36", "38", "40"], ["shoe"] * 3) == pytest.approx([-0.674, 0, 0.674], abs=0.01)
    assert scale.find_positions(["m"], ["never seen"]) == pytest.approx([0], abs=1e-9)


def test_a_column_is_numbers_or_words_or_nothing() -> None:
    n = 400
    inches = build_side("height", Column.of(f"5' {k % 12}\"" for k in range(n)))
    body = build_side("body", Column.of(("Pear", "pear ", "apple", None)[k % 4] for k in range(n)))
    assert isinstance(inches, NumberColumn)
    assert isinstance(body, WordColumn)
    assert body.levels == ("pear", "apple")
    for cells in ([None] * n, ["same"] * n, [f"a story of {k}" for k in range(n)], []):
        assert build_side("other", Column.of(cells)) is None


def test_tents_share_a_weight_of_one_between_the_nearest_knots() -> None:
    encoded = Tents((0.0, 1.0, 3.0)).encode(np.array([-5.0, 0.25, 2.0, 9.0]))
    assert encoded.weight.sum(axis=1) == pytest.approx(1)
    assert (encoded.column * encoded.weight).sum(axis=1) == pytest.approx([0, 0.25, 1.5, 2])
    assert Tents((7.0,)).encode(np.array([1.0, 7.0])).column.tolist() == [[0, -1], [0, -1]]


def test_an_empty_number_is_a_column_of_its_own_where_some_were_empty_else_the_usual_one() -> None:
    often = build_side("w", Column.of([None if k % 4 == 0 else 100 + k for k in range(200)]))
    never = build_side("w", Column.of(range(200)))
    assert isinstance(often, NumberColumn)
    assert isinstance(never, NumberColumn)
    empty = Column.of([None, "n/a"])
    assert often.encode(empty).column.tolist() == [[often.width - 1, -1]] * 2
    assert never.encode(empty).column.tolist() == never.encode(Column.of([99.5, 99.5])).column.tolist()


def test_a_part_of_rows_knows_nothing_of_the_rest() -> None:
    rows = Rows.of(["a", "b", "a"], ["i", "j", "k"], ["S", "M", "S"], ["x", None, "x"])
    part = rows.select(np.array([True, False, True]))
    assert part.client.values == ("a",)
    assert part.item.values == ("i", "k")
    assert part.further["category"].values == ("x",)
    assert part.size.code.tolist() == [0, 0]
    assert rows.select(np.array([1])).further["category"].code.tolist() == [-1]
