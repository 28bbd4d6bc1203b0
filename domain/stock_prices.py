"""What a unit of the stock costs a single request between two waves: what others would miss by it, in score."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

import numpy as np

from domain.arrays import Floats, Ints

PERIOD: Final = timedelta(days=1)
"""Business time between two waves."""
HASTE: Final = 0.25
"""How fast prices follow the stock, as a share of the mean score for each factor of e."""
FLOOR: Final = 0.5
"""The share of its price that a unit keeps however slowly it sells: the next wave may want it."""


class StockPrice(NamedTuple):
    """As a wave left it at `at`: the shadow price, the units free then, and the mean score of what was ranked."""

    price: float
    free: int
    usual: float
    at: datetime


def price_now(
    prices: Floats, left: Ints | Floats, free: Ints | Floats, share: Floats | float, usual: Floats | float
) -> Floats:
    """Prices (s) in units of score once a `share` of the period, 0 to 1, has gone by, of which `left` of the units then
    `free` are still there.

    What sells faster than evenly over the period grows dearer than the wave foretold, what lags grows cheaper.
    """
    scarcity = np.log((left + 0.5) / (free * (1 - share) + 0.5))
    now: Floats = np.maximum(FLOOR * prices, prices - HASTE * usual * scarcity)
    return now


def paid(kept: dict[str, StockPrice], left: dict[str, int], now: datetime) -> dict[str, float]:
    """What each sku costs at business `now`, by what the last wave kept of it and how many are `left`."""
    skus = [sku for sku in kept if sku in left]
    if not skus:
        return {}
    price, free, usual = (np.array([kept[sku][place] for sku in skus], np.float64) for place in range(3))
    share = np.array([min(1.0, max(0.0, (now - kept[sku].at) / PERIOD)) for sku in skus])
    there = np.array([left[sku] for sku in skus], np.float64)
    return dict(zip(skus, price_now(price, there, free, share, usual).tolist(), strict=True))
