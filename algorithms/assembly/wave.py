"""A wave: all boxes together against one stock, with a bound that no way of filling them can pass.

Prices decompose it: given a price for every sku, each client's best box is found alone and exactly. The sum of their
worths and of the stock at its prices bounds the whole (Lagrangian duality); prices are moved to make that least.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from algorithms.assembly.checks import lacking
from algorithms.assembly.dive import dive
from algorithms.assembly.mend import mended
from algorithms.assembly.model import Block, Bools, Floats, Ints, Wave, blocks
from algorithms.assembly.offers import bound_at, offers, refined
from algorithms.assembly.prices import first_prices

FIRST_STEP: Final = 0.05
LATER_STEP: Final = 0.02
"""Steps of the prices as shares of the mean score."""
REFINING: Final = 60
ATTEMPTS: Final = ((0.045, 0.0), (0.15, 0.0), (0.15, 0.003), (0.5, 0.01))
"""How far below a client's best box others are looked at, and how much scores are shaken; the later only while the gap
is not yet close."""
CLOSE: Final = 0.002


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
    usual = float(np.mean(wave.score[wave.eligible()])) if parts else 0.0
    told("pricing the stock")
    best = Assembled(np.zeros(0, np.int64), 0.0, np.inf, first_prices(wave, parts))
    for within, noise in ATTEMPTS:
        told(f"filling boxes from those within {100 * within:g} % of each client's best")
        best = _attempt(wave, parts, best, within, noise, usual)
        if best.gap <= CLOSE:
            break
    return _held_to_what_they_have(wave, best)


def _held_to_what_they_have(wave: Wave, best: Assembled) -> Assembled:
    """Where others took the stock of someone's must-haves: the bound of the wave in which they need not have them."""
    without = lacking(wave, best.chosen)
    if wave.wishes is None or not len(without):
        return best
    need = wave.wishes.need.copy()
    need[without] = 0
    easier = replace(wave, wishes=replace(wave.wishes, need=need))
    bound = bound_at(easier, blocks(easier), best.prices)
    return replace(best, bound=max(bound, best.objective))


def _attempt(wave: Wave, parts: list[Block], before: Assembled, within: float, noise: float, usual: float) -> Assembled:
    """Better prices and boxes than before, where they can be had from boxes `within` a share of each client's best."""
    searched = [_shaken(part, noise) for part in parts]
    every = offers(wave, searched, before.prices, within)
    prices = (
        refined(every, before.prices, wave.on_hand, REFINING, FIRST_STEP * usual).prices if parts else before.prices
    )
    every = offers(wave, searched, prices, within)
    pairs = [(before.bound, before.prices), (bound_at(wave, parts, prices), prices)]
    if not noise:
        pairs.append((bound_at(wave, parts, before.prices), before.prices))
    bound, cheapest = min(pairs, key=lambda pair: pair[0])
    given, _ = dive(every, prices, wave.on_hand, LATER_STEP * usual)
    chosen: Bools = np.zeros(len(wave.sku), np.bool_)
    chosen[given.candidates[given.candidates >= 0]] = True
    places = np.flatnonzero(mended(wave, parts, chosen))
    objective = float(wave.score[places].sum())
    if objective < before.objective:
        places, objective = before.chosen, before.objective
    return Assembled(places, objective, max(bound, objective), cheapest)


def _shaken(part: Block, noise: float) -> Block:
    """Scores up to a share `noise` lower, the same each time: where many boxes are worth the same, clients who want the
    same are sent to different ones. Bounds and objectives are always of the scores as given."""
    if not noise:
        return part
    less = 1 - noise * np.random.default_rng(int(part.clients[0])).random(part.score.shape)
    return replace(part, score=part.score * less)
