"""The price in score that a single Fix pays for a unit between two waves: what other clients would miss by it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

import numpy as np

from domain.arrays import Floats, Ints

PERIOD: Final = timedelta(days=1)
"""Business time between two waves."""
PRICE_ELASTICITY: Final = 0.25
"""How fast prices follow the stock, as a share of the mean score for each factor of e."""
FLOOR: Final = 0.5
"""The share of its price that a unit keeps however slowly it sells: the next wave may need it."""


class StockPrice(NamedTuple):
    """The shadow price of a sku after a wave at `at`, the units then free, and the mean score of what was ranked."""

    price: float
    free: int
    usual: float
    at: datetime


def compute_price(
    prices: Floats, left: Ints | Floats, free: Ints | Floats, share: Floats | float, usual: Floats | float
) -> Floats:
    """Compute prices (s,) in units of score after a `share` of the period, 0 to 1, with `left` of the `free` units
    left.

    What sells faster than evenly over the period becomes dearer than in the wave, what sells slower becomes cheaper.
    """
    scarcity = np.log((left + 0.5) / (free * (1 - share) + 0.5))
    now: Floats = np.maximum(FLOOR * prices, prices - PRICE_ELASTICITY * usual * scarcity)
    return now


def compute_prices(last_prices: dict[str, StockPrice], left: dict[str, int], now: datetime) -> dict[str, float]:
    """Compute the price of each sku at business `now` from the last wave's prices and the units that are `left`."""
    skus = [sku for sku in last_prices if sku in left]
    if not skus:
        return {}
    price, free, usual = (np.array([last_prices[sku][column] for sku in skus], np.float64) for column in range(3))
    share = np.array([min(1.0, max(0.0, (now - last_prices[sku].at) / PERIOD)) for sku in skus])
    there = np.array([left[sku] for sku in skus], np.float64)
    return dict(zip(skus, compute_price(price, there, free, share, usual).tolist(), strict=True))
