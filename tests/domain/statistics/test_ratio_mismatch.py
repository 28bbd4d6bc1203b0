"""Arms of the wrong size are found, and chance alone is not taken for it."""

from __future__ import annotations

import numpy as np
import pytest

from domain.statistics.ratio_mismatch import SUSPICIOUS, compute_mismatch
from errors import BadInput


def test_the_p_value_is_that_of_the_known_example() -> None:
    # Fabijan et al. (2019): 821,588 and 815,482 of an even split; p = 1.8e-6.
    assert compute_mismatch([821_588, 815_482], [0.5, 0.5]) == pytest.approx(1.8e-6, rel=0.05)


def test_chance_alone_is_rarely_taken_for_it() -> None:
    rng = np.random.default_rng(1)
    shares = [0.5, 0.3, 0.2]
    values = [compute_mismatch(rng.multinomial(5_000, shares).tolist(), shares) for _ in range(2_000)]
    assert abs(float(np.mean(np.array(values) < 0.05)) - 0.05) < 0.02
    assert sum(value < SUSPICIOUS for value in values) <= 6


def test_too_few_say_nothing_and_what_cannot_be_is_refused() -> None:
    assert compute_mismatch([8, 0], [0.5, 0.5]) == 1.0
    for counts, shares in (([1], [1.0]), ([1, 2], [1.0]), ([1, 2], [1.0, 0.0])):
        with pytest.raises(BadInput):
            compute_mismatch(counts, shares)
