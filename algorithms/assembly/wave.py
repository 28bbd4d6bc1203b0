"""A wave: all boxes together against one stock, with a bound that no way of filling them can pass.

Prices decompose it: given a price for every sku, each client's best box is found alone and exactly. The sum of their
worths and of the stock at its prices bounds the whole (Lagrangian duality); prices are moved to make that least.

It goes by turns. In each, parts of the wave answer for their clients at given prices, wherever and in whatever order;
then what they answered is put together. `assemble` does all of it in one place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from algorithms.assembly.checks import lacking
from algorithms.assembly.dive import dive
from algorithms.assembly.model import Block, Bools, Floats, Ints, Wave, blocks
from algorithms.assembly.offers import Offers, bound_at, joined, offers, refined
from algorithms.assembly.prices import first_prices
from algorithms.assembly.repair import mended

FIRST_STEP: Final = 0.05
LATER_STEP: Final = 0.02
"""Steps of the prices as shares of the mean score."""
REFINING: Final = 60
MORE: Final = 240
"""Turns in which prices are made better: over what is offered; and over all boxes where the gap is not yet close."""
ATTEMPTS: Final = ((0.045, 0.0), (0.02, 0.01), (0.15, 0.003), (0.5, 0.01))
"""How far below a client's best box others are looked at, and how much scores are shaken; the later only while the gap
is not yet close."""
CLOSE: Final = 0.002
FEW: Final = 100
"""Waves of more clients are spared the last attempt, which takes long and seldom helps them."""


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


@dataclass(frozen=True)
class WaveProgress:
    """Where a wave stands before its `turn`: the best so far, and the prices (s) at which parts are asked next. Each
    attempt has two turns: prices are refined over what is offered at first, and boxes given from what is offered
    then."""

    turn: int
    best: Assembled
    prices: Floats
    done: bool = False

    @property
    def attempt(self) -> tuple[float, float]:
        """How far to look, and how much to shake."""
        return ATTEMPTS[self.turn // 2]

    @property
    def giving(self) -> bool:
        """Whether boxes are given at the end of this turn."""
        return self.turn % 2 == 1


@dataclass(frozen=True)
class Part:
    """Some clients of a wave: `wave` has their rows alone, but all the stock. Its first client and candidate stand in
    the whole wave at `client` and `candidate`."""

    wave: Wave
    client: int = 0
    candidate: int = 0


@dataclass(frozen=True)
class Answer:
    """Of one part: boxes offered, by places in the whole wave; and its clients' share of the bound."""

    offers: Offers
    bound: float


def assemble(wave: Wave, told: Callable[[str], None] = lambda _: None) -> Assembled:
    """Boxes for all clients of the wave. The same wave always gives the same boxes."""
    told("pricing the stock")
    standing = opened(wave)
    while not standing.done:
        told(f"filling boxes from those within {100 * standing.attempt[0]:g} % of each client's best")
        standing = settled(wave, standing, [answered(Part(wave), standing, len(wave.slots))])
    return standing.best


def opened(wave: Wave) -> WaveProgress:
    """The first prices, and nothing given yet."""
    every = blocks(wave)
    prices = first_prices(wave, every)
    bound = np.inf if every else 0.0
    return WaveProgress(0, Assembled(np.zeros(0, np.int64), 0.0, bound, prices), prices, done=not every)


def answered(part: Part, standing: WaveProgress, clients: int) -> Answer:
    """What one part of a wave of so many `clients` answers in this turn."""
    within, noise = standing.attempt
    mine = blocks(part.wave)
    found = offers([_shaken(each, noise) for each in mine], standing.prices, within, clients)
    return Answer(found.moved(part.client, part.candidate), bound_at(mine, standing.prices))


def settled(wave: Wave, standing: WaveProgress, answers: Sequence[Answer]) -> WaveProgress:
    """Where the wave stands after this turn, from what its parts answered, in their order."""
    every = joined([answer.offers for answer in answers], len(wave.on_hand))
    usual = float(np.mean(wave.score[wave.eligible()]))
    bound = float(standing.prices @ wave.on_hand) + sum(answer.bound for answer in answers)
    best = standing.best
    if bound < best.bound:
        best = replace(best, bound=max(bound, best.objective), prices=standing.prices)
    if not standing.giving:
        prices = refined(every, standing.prices, wave.on_hand, REFINING, FIRST_STEP * usual).prices
        return WaveProgress(standing.turn + 1, best, prices)
    best = _given(wave, standing.prices, best, every, usual)
    attempts = len(ATTEMPTS) if len(wave.slots) <= FEW else len(ATTEMPTS) - 1
    if best.gap <= CLOSE or standing.turn + 1 == 2 * attempts:
        return WaveProgress(standing.turn + 1, _held_to_what_they_have(wave, best), best.prices, done=True)
    return WaveProgress(standing.turn + 1, best, first_prices(wave, blocks(wave), MORE, best.prices))


def _given(wave: Wave, prices: Floats, best: Assembled, every: Offers, usual: float) -> Assembled:
    """The boxes given from what is offered, where they are better than before."""
    given, _ = dive(every, prices, wave.on_hand, LATER_STEP * usual)
    chosen: Bools = np.zeros(len(wave.sku), np.bool_)
    chosen[given.candidates[given.candidates >= 0]] = True
    places = np.flatnonzero(mended(wave, blocks(wave), chosen))
    objective = float(wave.score[places].sum())
    if objective < best.objective:
        return best
    return replace(best, chosen=places, objective=objective, bound=max(best.bound, objective))


def _held_to_what_they_have(wave: Wave, best: Assembled) -> Assembled:
    """Where others took the stock of someone's must-haves: the bound of the wave in which they need not have them."""
    without = lacking(wave, best.chosen)
    if wave.wishes is None or not len(without):
        return best
    need = wave.wishes.need.copy()
    need[without] = 0
    easier = replace(wave, wishes=replace(wave.wishes, need=need))
    bound = float(best.prices @ wave.on_hand) + bound_at(blocks(easier), best.prices)
    return replace(best, bound=max(bound, best.objective))


def _shaken(block: Block, noise: float) -> Block:
    """Scores up to a share `noise` lower, the same each time: where many boxes are worth the same, clients who want the
    same are sent to different ones. Bounds and objectives are always of the scores as given."""
    if not noise:
        return block
    less = 1 - noise * np.random.default_rng(int(block.clients[0])).random(block.score.shape)
    return replace(block, score=block.score * less)
