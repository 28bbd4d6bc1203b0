"""What fits whom: sizes, one size for all, stock without a size, and a fresh count of the shelf."""

from __future__ import annotations

import pytest

from algorithms.blending.catalogue import Catalogue
from tests.algorithms.goods import item

ITEMS = (
    item("jumper", sizes=("S", "M")),
    item("scarf"),
    item("shoes", sizes=("38", "39")),
    item("unsized", sizes=("M", "L")),
    item("gone", sizes=("M",)),
    item("cap", sizes=("One Size",)),
)
STOCK = [
    ("jumper", "S", 3),
    ("jumper", "m", 2),
    ("scarf", "", 7),
    ("shoes", "38", 1),
    ("unsized", "", 4),  # counted without sizes
    ("gone", "M", 0),
    ("cap", "OS", 5),
    ("not in the catalogue", "M", 9),
]


@pytest.mark.parametrize(
    ("wears", "units"),
    [
        ((), [5, 7, 1, 4, 0, 5]),
        (("M",), [2, 7, 0, 4, 0, 5]),
        ((" m ", "S"), [5, 7, 0, 4, 0, 5]),
        (("38",), [0, 7, 1, 0, 0, 5]),
        (("XXL",), [0, 7, 0, 0, 0, 5]),
    ],
)
def test_units_that_fit(wears, units):
    assert Catalogue.of(ITEMS, STOCK).count_in_sizes(wears).tolist() == units


def test_a_new_count_replaces_the_old_and_keeps_the_rest():
    before = Catalogue.of(ITEMS, STOCK)
    assert before.total_units.tolist() == [5, 7, 1, 4, 0, 5]
    features = before.features
    after = before.with_stock([("gone", "M", 6)])
    assert after.total_units.tolist() == [0, 0, 0, 0, 6, 0]
    assert after.count_in_sizes(("M",)).tolist() == [0, 0, 0, 0, 6, 0]
    assert after.features is features
    assert before.total_units.tolist() == [5, 7, 1, 4, 0, 5]


def test_an_empty_catalogue_is_no_error():
    empty = Catalogue.of((), [])
    assert empty.count_in_sizes(("M",)).tolist() == []
    assert len(empty.features.words) == 0
