"""A drop of clicks is told when it is beyond chance and large enough to matter."""

from __future__ import annotations

import pytest

from domain.click_trend import compute_drop


@pytest.mark.parametrize(
    ("week", "before", "told"),
    [
        ((20, 1_000), (200, 4_000), True),  # 2 % after 5 %
        ((45, 1_000), (200, 4_000), False),  # a tenth less: too little
        ((3, 100), (200, 4_000), False),  # two fifths less, by chance
        ((0, 99), (2_000, 4_000), False),  # too few mails
        ((60, 1_000), (200, 4_000), False),  # more
        ((0, 1_000), (0, 4_000), False),  # never any
        ((44_000, 1_000_000), (200_000, 4_000_000), False),  # beyond chance, and small
    ],
)
def test_a_drop(week: tuple[int, int], before: tuple[int, int], told: bool) -> None:
    assert (compute_drop(*week, *before) > 3) is told


def test_a_rate_over_one_is_no_error() -> None:
    """A mail that is clicked on two days counts on both."""
    assert compute_drop(100, 1_000, 500, 200) >= 0
