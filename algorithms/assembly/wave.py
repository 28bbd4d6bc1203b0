"""A wave: all boxes together against one stock, with a bound that no way of filling them can pass.

Prices decompose it: given a price for every sku, each client's best box is found alone and exactly. The sum of their
worths and of the stock at its prices bounds the whole (Lagrangian duality); prices are moved to make that least.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from algorithms.assembly.dive import dive
from algorithms.assembly.mend import mended
from algorithms.assembly.model import Bools, Floats, Ints, Wave, blocks
from algorithms.assembly.offers import offers, refined
from algorithms.assembly.prices import first_prices

FIRST_STEP: Final = 0.05
LATER_STEP: Final = 0.02
"""Steps of the prices as shares of the mean score."""
REFINING: Final = 60


@dataclass(frozen=True)
class Assembled:
    """`chosen`: places of the chosen candidates, in order. `prices` (s): score that one unit more would bring."""

    chosen: Ints
    objective: float
    bound: float
    prices: Floats

    @property
    def gap(self) -> float:
        """How far the boxes may be from the best possible, as a share of the bound."""
        return (self.bound - self.objective) / self.bound if self.bound > 0 else 0.0


def assemble(wave: Wave, told: Callable[[str], None] = lambda _: None) -> Assembled:
    """Boxes for all clients of the wave. The same wave always gives the same boxes."""
    parts = blocks(wave)
    told("pricing the stock")
    prices = first_prices(wave, parts)
    usual = float(np.mean(wave.score[wave.eligible()])) if parts else 0.0
    told("finding good boxes")
    every, bound = offers(wave, parts, prices)
    better = refined(every, prices, wave.on_hand, REFINING, FIRST_STEP * usual).prices if parts else prices
    every, better_bound = offers(wave, parts, better)
    if better_bound < bound:
        prices, bound = better, better_bound
    told("choosing among them")
    given, _ = dive(every, better, wave.on_hand, LATER_STEP * usual)
    chosen: Bools = np.zeros(len(wave.sku), np.bool_)
    chosen[given.candidates[given.candidates >= 0]] = True
    told("using what is left")
    places = np.flatnonzero(mended(wave, parts, chosen))
    objective = float(wave.score[places].sum())
    return Assembled(places, objective, max(bound, objective), prices)
