"""A wave: all boxes together against one stock, with an upper bound on what any way of filling them can reach.

Prices decompose it: given a price for every sku, each client's best box is found alone and exactly. The sum of their
worths and of the stock at its prices bounds the whole (Lagrangian duality); prices are moved to make that least.

It goes by turns. In each, the parts of the wave answer for their clients at given prices, on any machine and in any
order; then their answers are put together. `assemble` does all of it in one process.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from algorithms.assembly.checks import find_lacking_clients
from algorithms.assembly.dive import dive
from algorithms.assembly.model import Block, Bools, Floats, Ints, Wave, build_blocks
from algorithms.assembly.offers import Offers, compute_bound, find_offers, join_offers, refine_prices
from algorithms.assembly.prices import compute_prices
from algorithms.assembly.repair import repair_boxes

FIRST_STEP: Final = 0.05
LATER_STEP: Final = 0.02
"""Steps of the prices as shares of the mean score."""
REFINING_TURNS: Final = 60
PRICE_TURNS: Final = 240
"""Turns in which prices are improved: over the offers; and over all boxes where the gap is not yet close."""
ATTEMPTS: Final = ((0.045, 0.0), (0.02, 0.01), (0.15, 0.003), (0.5, 0.01))
"""Of each attempt: how far below a client's best box others are looked at, and how much scores are perturbed. The later
ones run only while the gap is not yet close."""
CLOSE: Final = 0.002
FEW: Final = 100
"""Waves of more clients are spared the last attempt, which takes long and seldom helps them."""


@dataclass(frozen=True)
class AssemblyResult:
    """Boxes of a wave. `chosen`: indices of the candidates, rising; `prices` (s): the score of one unit more."""

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
    """The state of a wave before its `turn`: the best so far, and the prices (s) at which parts are asked next.

    Each attempt has two turns: in the first, prices are refined over the offers; in the second, boxes are given.
    """

    turn: int
    best: AssemblyResult
    prices: Floats
    done: bool = False

    @property
    def attempt(self) -> tuple[float, float]:
        """How far below the best box to look, and how much to perturb scores."""
        return ATTEMPTS[self.turn // 2]

    @property
    def gives_boxes(self) -> bool:
        """Whether boxes are given at the end of this turn."""
        return self.turn % 2 == 1


@dataclass(frozen=True)
class WavePart:
    """Some clients of a wave. `wave` has their rows alone, but all the stock.

    `client` and `candidate`: the indices of its first client and candidate in the whole wave.
    """

    wave: Wave
    client: int = 0
    candidate: int = 0


@dataclass(frozen=True)
class PartAnswer:
    """The answer of one part: boxes offered, by indices in the whole wave; and its clients' share of the bound."""

    offers: Offers
    bound: float


def assemble(wave: Wave, report: Callable[[str], None] = lambda _: None) -> AssemblyResult:
    """Assemble boxes for all clients of the wave. The same wave always gives the same boxes.

    `report` is called with a sentence before each step.
    """
    report("pricing the stock")
    progress = start_wave(wave)
    while not progress.done:
        report(f"filling boxes from those within {100 * progress.attempt[0]:g} % of each client's best")
        progress = settle_turn(wave, progress, [answer_part(WavePart(wave), progress, len(wave.slots))])
    return progress.best


def start_wave(wave: Wave) -> WaveProgress:
    """Start a wave: compute the first prices; no box is given yet."""
    every = build_blocks(wave)
    prices = compute_prices(wave, every)
    bound = np.inf if every else 0.0
    return WaveProgress(0, AssemblyResult(np.zeros(0, np.int64), 0.0, bound, prices), prices, done=not every)


def answer_part(part: WavePart, progress: WaveProgress, clients: int) -> PartAnswer:
    """Compute the answer of one part in this turn; `clients`: how many the whole wave has."""
    within, noise = progress.attempt
    own = build_blocks(part.wave)
    own_offers = find_offers([_perturb_scores(block, noise) for block in own], progress.prices, within, clients)
    return PartAnswer(own_offers.shift(part.client, part.candidate), compute_bound(own, progress.prices))


def settle_turn(wave: Wave, progress: WaveProgress, answers: Sequence[PartAnswer]) -> WaveProgress:
    """Compute the state of the wave after this turn from the answers of its parts, in their order."""
    every = join_offers([answer.offers for answer in answers], len(wave.on_hand))
    usual = float(np.mean(wave.score[wave.find_eligible()]))
    bound = float(progress.prices @ wave.on_hand) + sum(answer.bound for answer in answers)
    best = progress.best
    if bound < best.bound:
        best = replace(best, bound=max(bound, best.objective), prices=progress.prices)
    if not progress.gives_boxes:
        prices = refine_prices(every, progress.prices, wave.on_hand, REFINING_TURNS, FIRST_STEP * usual).prices
        return WaveProgress(progress.turn + 1, best, prices)
    best = _give_boxes(wave, progress.prices, best, every, usual)
    attempts = len(ATTEMPTS) if len(wave.slots) <= FEW else len(ATTEMPTS) - 1
    if best.gap <= CLOSE or progress.turn + 1 == 2 * attempts:
        return WaveProgress(progress.turn + 1, _relax_must_haves(wave, best), best.prices, done=True)
    return WaveProgress(progress.turn + 1, best, compute_prices(wave, build_blocks(wave), PRICE_TURNS, best.prices))


def _give_boxes(wave: Wave, prices: Floats, best: AssemblyResult, every: Offers, usual: float) -> AssemblyResult:
    """Give boxes from the offers; keep the earlier ones where they are better."""
    boxes, _ = dive(every, prices, wave.on_hand, LATER_STEP * usual)
    chosen: Bools = np.zeros(len(wave.sku), np.bool_)
    chosen[boxes.candidates[boxes.candidates >= 0]] = True
    indices = np.flatnonzero(repair_boxes(wave, build_blocks(wave), chosen))
    objective = float(wave.score[indices].sum())
    if objective < best.objective:
        return best
    return replace(best, chosen=indices, objective=objective, bound=max(best.bound, objective))


def _relax_must_haves(wave: Wave, best: AssemblyResult) -> AssemblyResult:
    """Recompute the bound without the must-haves that a client lacks because others took the stock."""
    without = find_lacking_clients(wave, best.chosen)
    if wave.wishes is None or not len(without):
        return best
    need = wave.wishes.need.copy()
    need[without] = 0
    easier = replace(wave, wishes=replace(wave.wishes, need=need))
    bound = float(best.prices @ wave.on_hand) + compute_bound(build_blocks(easier), best.prices)
    return replace(best, bound=max(bound, best.objective))


def _perturb_scores(block: Block, noise: float) -> Block:
    """Lower scores by up to a share `noise`, the same each time.

    Where many boxes are worth the same, clients who want the same items are so led to different ones. Bounds and
    objectives are always of the unchanged scores.
    """
    if not noise:
        return block
    less = 1 - noise * np.random.default_rng(int(block.clients[0])).random(block.score.shape)
    return replace(block, score=block.score * less)
