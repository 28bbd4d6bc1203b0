"""The blended score, the default ranking: `0.4 match + 0.2 trend + 0.1` each of inventory, margin, freshness and
season.

Each part lies in [0, 1]. Its weighted contribution is kept, and the contributions add up to the score. All functions
take and return arrays of shape (items,).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import numpy as np
from pydantic import Field

from domain.arrays import Floats
from domain.engagement import DAY
from models.base import Contract
from models.catalogue import Season

FRESH_DAYS: Final = 30.0
"""Days in which an item loses half of its freshness."""
SEASONS: Final = (Season.SPRING, Season.SUMMER, Season.AUTUMN, Season.WINTER)
ALL_YEAR: Final = 0.8
COMING: Final = 0.6

_SOUTHERN: Final = (
    "Australia/", "Antarctica/", "America/Argentina/", "America/Buenos_Aires", "America/Sao_Paulo", "America/Santiago",
    "America/Montevideo", "America/Asuncion", "America/La_Paz", "Africa/Johannesburg", "Africa/Harare",
    "Africa/Maputo", "Africa/Windhoek", "Africa/Gaborone", "Africa/Lusaka", "Pacific/Auckland", "Pacific/Fiji", "NZ",
)  # fmt: skip


class BlendWeights(Contract):
    """The weight of each part."""

    match: float = Field(default=0.4, ge=0)
    trend: float = Field(default=0.2, ge=0)
    inventory: float = Field(default=0.1, ge=0)
    margin: float = Field(default=0.1, ge=0)
    freshness: float = Field(default=0.1, ge=0)
    season: float = Field(default=0.1, ge=0)


PARTS: Final = tuple(BlendWeights.model_fields)


def contributions(weights: BlendWeights, parts: Mapping[str, Floats]) -> Floats:
    """Return the weighted contributions in the order of PARTS, shape (6, items), each at most its weight."""
    # fmax and fmin pass NaN over: a part that cannot be told adds nothing.
    return np.stack([getattr(weights, name) * np.fmin(np.fmax(parts[name], 0.0), 1.0) for name in PARTS])


def freshness(added: Floats, now: float) -> Floats:
    """Return the freshness of items: 1 on the day an item came, halved every FRESH_DAYS. Times in epoch seconds."""
    return np.exp2(-np.maximum(now - added, 0.0) / (FRESH_DAYS * DAY))


def inventory(on_hand: Floats, typical: float) -> Floats:
    """Return the inventory part: 0 without stock, towards 1 with plenty, 1/2 at `typical` units. Only fitting sizes
    count."""
    return on_hand / (on_hand + max(typical, 1.0))


def margin(price_cents: Floats, cost_cents: Floats) -> Floats:
    """Return the margin as a share of the price; where the cost is unknown (NaN), the median of the others."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip((price_cents - cost_cents) / price_cents, 0.0, 1.0)
    known = share[np.isfinite(share)]
    return np.where(np.isfinite(share), share, np.median(known) if known.size else 0.0)


def find_season(now: datetime, time_zone: str = "UTC") -> Season:
    """Return the calendar season of the place where the client lives."""
    north = (now.month % 12 // 3 + 3) % 4
    return SEASONS[(north + 2) % 4 if time_zone.startswith(_SOUTHERN) else north]


def score_seasons(now: datetime, time_zone: str = "UTC") -> dict[Season, float]:
    """Return what each season's items are worth now: the current most, the coming one less, others nothing."""
    this = SEASONS.index(find_season(now, time_zone))
    fit = {Season.ALL: ALL_YEAR, SEASONS[this]: 1.0, SEASONS[(this + 1) % 4]: COMING}
    return {season: fit.get(season, 0.0) for season in Season}
