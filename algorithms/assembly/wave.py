"""A wave: all boxes together against one stock, with an upper bound on what any way of filling them can reach.

Prices decompose it: given a price for every sku, each client's best box is found alone and exactly. The sum of their
worths and of the stock at its prices bounds the whole (Lagrangian duality). The prices are those of the linear
relaxation, then refined over whole boxes.

It goes by turns. In each, the parts of the wave answer for their clients at given prices, on any machine and in any
order; then their answers are put together. `assemble` does all of it in one process.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from algorithms.assembly.chains import run_chains
from algorithms.assembly.checks import find_lacking_clients
from algorithms.assembly.dive import dive
from algorithms.assembly.linear import solve_relaxation
from algorithms.assembly.model import Block, Bools, Floats, Ints, Wave, build_blocks
from algorithms.assembly.offers import Offers, compute_bound, find_offers, join_offers, refine_prices
from algorithms.assembly.polish import polish_boxes
from algorithms.assembly.repair import repair_boxes
from algorithms.assembly.variety import drop_incomplete_boxes

REFINING_TURNS: Final = 60
"""Turns in which prices are refined over the offers."""
SWAP_WITHIN: Final = 0.1
"""How much worse than nothing a swap may look at the prices, as a share of the mean score."""


class Attempt(NamedTuple):
    """How far below a client's best box others are looked at, how far prices move in a turn, and how much scores are
    perturbed; the first two as shares of the mean score."""

    within: float
    step: float
    noise: float


ATTEMPTS: Final = (Attempt(0.15, 0.005, 0.0), Attempt(0.3, 0.02, 0.0))
"""The later ones run only while the gap is not yet close."""
CLOSE, CLOSER, FEW = 0.004, 1e-7, 300
"""Where the gap is close: for all waves, and for those of few clients."""


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
    `usual`: the mean score of the candidates.
    """

    turn: int
    best: AssemblyResult
    prices: Floats
    done: bool = False
    usual: float = 0.0

    @property
    def attempt(self) -> Attempt:
        """The attempt that this turn is part of."""
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
        report(f"looking at the boxes within {100 * progress.attempt.within:g} % of a usual item of each client's best")
        progress = settle_turn(wave, progress, [answer_part(WavePart(wave), progress, len(wave.slots))])
    return progress.best


def start_wave(wave: Wave) -> WaveProgress:
    """Start a wave: price the stock by the linear relaxation, and complete the boxes that it gives as a whole."""
    blocks, nothing = build_blocks(wave), np.zeros(len(wave.on_hand))
    empty = AssemblyResult(np.zeros(0, np.int64), 0.0, 0.0, nothing)
    if not blocks:
        return WaveProgress(0, empty, nothing, done=True)
    usual = float(np.mean(wave.score[wave.find_eligible()]))
    relaxation = solve_relaxation(wave, blocks)
    chosen = drop_incomplete_boxes(wave, relaxation.whole)
    chosen = run_chains(wave, blocks, chosen, relaxation.prices, SWAP_WITHIN * usual)
    best = _choose_better(wave, chosen, replace(empty, bound=np.inf, prices=relaxation.prices))
    return WaveProgress(0, best, relaxation.prices, usual=usual)


def answer_part(part: WavePart, progress: WaveProgress, clients: int) -> PartAnswer:
    """Compute the answer of one part in this turn; `clients`: how many the whole wave has."""
    attempt, own = progress.attempt, build_blocks(part.wave)
    perturbed = [_perturb_scores(block, attempt.noise) for block in own]
    own_offers = find_offers(perturbed, progress.prices, attempt.within * progress.usual, clients)
    return PartAnswer(own_offers.shift(part.client, part.candidate), compute_bound(own, progress.prices))


def settle_turn(wave: Wave, progress: WaveProgress, answers: Sequence[PartAnswer]) -> WaveProgress:
    """Compute the state of the wave after this turn from the answers of its parts, in their order."""
    every = join_offers([answer.offers for answer in answers], len(wave.on_hand))
    bound = float(progress.prices @ wave.on_hand) + sum(answer.bound for answer in answers)
    best, step = progress.best, progress.attempt.step * progress.usual
    if bound < best.bound:
        best = replace(best, bound=bound, prices=progress.prices)
    if progress.gives_boxes:
        best = _give_boxes(wave, progress, best, every, step)
    prices, turn = best.prices, progress.turn + 1
    close = best.gap <= (CLOSE if len(wave.slots) > FEW else CLOSER)
    if not progress.gives_boxes and (not close or len(find_lacking_clients(wave, best.chosen))):
        prices = refine_prices(every, progress.prices, wave.on_hand, REFINING_TURNS, step).prices
    elif close or turn == 2 * len(ATTEMPTS):
        best = best if close else _polish(wave, best)
        return WaveProgress(turn, _settle_bound(wave, best), best.prices, True, progress.usual)
    return WaveProgress(turn, best, prices, usual=progress.usual)


def _give_boxes(wave: Wave, progress: WaveProgress, best: AssemblyResult, every: Offers, step: float) -> AssemblyResult:
    """Give boxes from the offers, or keep the earlier ones where they are better, and improve them.

    Chains of swaps find much; each client alone then finds what takes two swaps of its own.
    """
    boxes, _ = dive(every, progress.prices, wave.on_hand, step)
    given: Bools = np.zeros(len(wave.sku), np.bool_)
    given[boxes.candidates[boxes.candidates >= 0]] = True
    blocks, within = build_blocks(wave), SWAP_WITHIN * progress.usual
    best = _choose_better(wave, run_chains(wave, blocks, given, best.prices, within), best)
    chosen: Bools = np.zeros(len(wave.sku), np.bool_)
    chosen[best.chosen] = True
    chosen = repair_boxes(wave, blocks, chosen)
    return _choose_better(wave, run_chains(wave, blocks, chosen, best.prices, within), best)


def _polish(wave: Wave, best: AssemblyResult) -> AssemblyResult:
    """Let a solver look for better boxes in a small wave; must-haves are beyond it."""
    if len(wave.slots) > FEW or (wave.wishes is not None and wave.wishes.need.any()):
        return best
    chosen: Bools = np.zeros(len(wave.sku), np.bool_)
    chosen[best.chosen] = True
    polished = polish_boxes(wave, build_blocks(wave), chosen, best.prices, best.bound - best.objective)
    return _choose_better(wave, polished, best)


def _choose_better(wave: Wave, chosen: Bools, best: AssemblyResult) -> AssemblyResult:
    """Choose the boxes in which fewer clients lack a must-have, or else those of the higher score."""
    indices = np.flatnonzero(chosen)
    objective = float(wave.score[indices].sum())
    lacking, before = (len(find_lacking_clients(wave, boxes)) for boxes in (indices, best.chosen))
    if (lacking, -objective) >= (before, -best.objective):
        return best
    return replace(best, chosen=indices, objective=objective)


def _settle_bound(wave: Wave, best: AssemblyResult) -> AssemblyResult:
    """Recompute the bound without the must-haves that a client lacks because others took the stock."""
    without, bound = find_lacking_clients(wave, best.chosen), best.bound
    if wave.wishes is not None and len(without):
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
