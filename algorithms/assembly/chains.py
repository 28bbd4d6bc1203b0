"""Chains of swaps: a client takes a unit that another gives for one that a third gives, down to a unit on the shelf.

No single client gains by what is left over long before the best is reached. Chains are paths in the graph of skus, in
which a swap is an edge from what is taken to what is given; the best ones are found by dynamic programming over their
length (Bellman and Ford), for all clients at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from algorithms.assembly.model import Block, Bools, Floats, Ints, Wave
from algorithms.assembly.swaps import NONE, Swaps, find_swaps

LENGTH: Final = 6
"""The most swaps of a chain."""
ROUNDS: Final = 120
GAIN: Final = 1e-9
SLOW: Final = 2e-6
"""A round that gains less than this share of the whole is the last."""
PASSES: Final = 4
SHORT: Final = (2, 3)
"""The lengths at which rings are looked for early."""


@dataclass(frozen=True)
class _Paths:
    """Chains (q), the best first: `swaps` (q, l) indices or -1, the sku each begins with and ends with, the gain."""

    swaps: Ints
    source: Ints
    end: Ints
    gain: Floats

    def select(self, rows: Ints | Bools) -> _Paths:
        return _Paths(self.swaps[rows], self.source[rows], self.end[rows], self.gain[rows])


def run_chains(wave: Wave, blocks: list[Block], chosen: Bools, prices: Floats, within: float) -> Bools:
    """Carry out chains of swaps that gain until none is found. `chosen` (m) marks candidates; boxes keep every rule.

    Args:
        prices: of the stock (s); they say which swaps are worth looking at, those at most `within` (in units of score)
            worse than nothing.
    """
    chosen, swaps = chosen.copy(), Swaps.join([find_swaps(block, chosen, prices, within) for block in blocks])
    left = wave.on_hand - np.bincount(wave.sku[chosen], minlength=len(wave.on_hand))
    for _ in range(ROUNDS):
        paths = _find_paths(wave, swaps, left, prices)
        paths = _choose_apart(wave, swaps, paths, left)
        if not len(paths.gain):
            break
        dirty = _apply_paths(swaps, paths, chosen, left, len(wave.slots))
        if paths.gain.sum() < SLOW * wave.score[chosen].sum():
            break
        fresh = [find_swaps(block.select(rows), chosen, prices, within) for block, rows in _select_dirty(blocks, dirty)]
        swaps = Swaps.join([swaps.select(~dirty[swaps.client]), *fresh])
    return chosen


def _select_dirty(blocks: list[Block], dirty: Bools) -> list[tuple[Block, Ints]]:
    rows = [np.flatnonzero(dirty[block.clients]) for block in blocks]
    return [(block, own) for block, own in zip(blocks, rows, strict=True) if len(own)]


def _find_paths(wave: Wave, swaps: Swaps, left: Ints, prices: Floats) -> _Paths:
    """Find for each sku the best chain that frees a unit of it, and all that end with a free slot.

    A chain may also begin with a unit that somebody holds, at its price, if it ends by giving it back. Such rings are
    looked for while they are short too: later they go round twice.
    """
    skus = len(wave.on_hand)
    take, give = wave.sku[swaps.take], np.where(swaps.give == NONE, skus, wave.sku[swaps.give])
    gain = wave.score[swaps.take] - np.where(swaps.give == NONE, 0.0, wave.score[swaps.give])
    best, before, found = np.r_[np.where(left > 0, 0.0, -prices), -np.inf], list[Ints](), list[_Paths]()
    nothing = np.zeros(0, np.int64)
    for length in range(1, LENGTH + 1):
        value = best[take] + gain
        better, last = best.copy(), np.full(skus + 1, -1)
        np.maximum.at(better, give, value)
        rising = np.flatnonzero((value > best[give] + GAIN) & (value == better[give]))
        last[give[rising]] = rising
        if not len(rising):
            break
        before.append(last)
        best = better
        if length in SHORT:
            found.append(_trace_paths(take, gain, nothing, best, before, prices))
    adding = _find_best_additions(swaps, best[take] + gain, len(wave.slots))
    return _join_paths([*found, _trace_paths(take, gain, adding, best, before, prices)])


def _find_best_additions(swaps: Swaps, value: Floats, clients: int) -> Ints:
    """Find each client's best swap that gives nothing: no client is in two chains of a round."""
    adding = np.flatnonzero(swaps.give == NONE)
    most = np.full(clients, -np.inf)
    np.maximum.at(most, swaps.client[adding], value[adding])
    first: Ints = adding[value[adding] == most[swaps.client[adding]]]
    return first


def _trace_paths(take: Ints, gain: Floats, adding: Ints, best: Floats, before: list[Ints], prices: Floats) -> _Paths:
    """Trace the chains back that may gain; `before`: for each length the last swap of the best chain to each sku."""
    skus = len(prices)
    hope = np.r_[best[take[adding]] + gain[adding], best[:skus] + prices]
    rows = np.flatnonzero(hope > GAIN)
    rows = rows[np.argsort(-hope[rows], kind="stable")]
    first = rows < len(adding)
    last = np.where(first, np.r_[adding, np.zeros(skus, np.int64)][np.where(first, rows, 0)], -1)
    end = np.where(first, skus, rows - len(adding))
    node = np.where(first, take[np.maximum(last, 0)], end) if len(take) else end
    steps = [last]
    for table in reversed(before):
        swap = table[node]
        steps.append(swap)
        node = np.where(swap >= 0, take[np.maximum(swap, 0)], node)
    path = np.stack(steps, axis=1)
    total = np.where(path >= 0, np.r_[gain, 0.0][path], 0.0).sum(1)
    return _Paths(path, node, end, total)


def _join_paths(parts: list[_Paths]) -> _Paths:
    most = max(part.swaps.shape[1] for part in parts)
    wide = [np.pad(part.swaps, ((0, 0), (0, most - part.swaps.shape[1])), constant_values=-1) for part in parts]
    source, end, gain = (np.concatenate([getattr(part, name) for part in parts]) for name in ("source", "end", "gain"))
    return _Paths(np.concatenate(wide), source, end, gain)


def _choose_apart(wave: Wave, swaps: Swaps, paths: _Paths, left: Ints) -> _Paths:
    """Choose chains, the best first, of which no two share a client or a unit."""
    paths = paths.select((paths.gain > GAIN) & ((np.r_[left, 0][paths.source] > 0) | (paths.source == paths.end)))
    paths = paths.select(np.argsort(-paths.gain, kind="stable"))
    nobody = len(wave.slots)
    clients = np.where(paths.swaps >= 0, np.r_[swaps.client, nobody][paths.swaps], nobody)
    ordered = np.sort(clients, axis=1)
    once = ~((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] < nobody)).any(1)
    paths, clients = paths.select(once), clients[once]
    taken, units, chosen = np.zeros(nobody + 1, np.bool_), np.r_[left, 0], []
    for _ in range(PASSES):
        free = np.flatnonzero(~taken[clients].any(1) & ((units[paths.source] > 0) | (paths.source == paths.end)))
        if not len(free):
            break
        first = np.full(nobody + 1, len(paths.gain))
        np.minimum.at(first, clients[free].ravel(), np.repeat(free, clients.shape[1]))
        first[nobody] = len(paths.gain)
        own = free[((first[clients[free]] == free[:, None]) | (clients[free] == nobody)).all(1)]
        own = own[_admit_by_units(paths.source[own], paths.end[own], units)]
        taken[clients[own]], taken[nobody] = True, False
        np.subtract.at(units, paths.source[own][paths.source[own] != paths.end[own]], 1)
        chosen.append(own)
    return paths.select(np.sort(np.concatenate(chosen)) if chosen else np.zeros(0, np.int64))


def _admit_by_units(source: Ints, end: Ints, units: Ints) -> Bools:
    """Mark the chains for whose first unit the shelf suffices, in their order."""
    order = np.argsort(source, kind="stable")
    starts = np.flatnonzero(np.r_[True, source[order][1:] != source[order][:-1]]) if len(source) else order
    rank = np.empty(len(source), np.int64)
    rank[order] = np.arange(len(source)) - np.repeat(starts, np.diff(np.r_[starts, len(source)]))
    enough: Bools = (rank < units[source]) | (source == end)
    return enough


def _apply_paths(swaps: Swaps, paths: _Paths, chosen: Bools, left: Ints, clients: int) -> Bools:
    """Carry out chains; marks the clients that changed (n). Changes `chosen` and `left`."""
    done = paths.swaps[paths.swaps >= 0]
    give = swaps.give[done]
    chosen[give[give != NONE]] = False
    chosen[swaps.take[done]] = True
    moved = paths.source != paths.end
    np.subtract.at(left, paths.source[moved], 1)
    back = paths.end[moved & (paths.end < len(left))]
    np.add.at(left, back, 1)
    dirty = np.zeros(clients, np.bool_)
    dirty[swaps.client[done]] = True
    return dirty
