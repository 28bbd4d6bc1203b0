"""Ranges of prices for a shop: five that hold about as many items each, between round amounts."""

from __future__ import annotations

import numpy as np

from domain.arrays import Floats

RANGES = 5


def choose_bounds(prices: Floats) -> tuple[int, ...]:
    """Choose the inner bounds in cents, rising; fewer where many items cost the same."""
    if not len(prices):
        return ()
    cuts = np.quantile(prices, np.arange(1, RANGES) / RANGES)
    return tuple(sorted({round_amount(cut) for cut in cuts.tolist()} - {0}))


def round_amount(cents: float) -> int:
    """Round to one or two leading digits, the second of which is 5 or 0."""
    step = 1
    while step * 20 <= cents:
        step *= 10
    step = max(step // 2, 1)
    return round(cents / step) * step
