"""What clients chose in a window of the past, and among what: each target's best items by every signal, those it took
marked."""

from __future__ import annotations

from typing import Final

import numpy as np

from algorithms.ranking.data import Singles, select_columns
from algorithms.ranking.own_signals import SILENCE
from algorithms.ranking.signals import Signals
from algorithms.ranking.splits import HoldoutSplit
from algorithms.ranking.stacking import Choices
from domain.arrays import Flags

MOST_TARGETS: Final = 1_000
"""Most targets of a window, drawn by the seed."""
CANDIDATES: Final = 40
"""A target's best items by each signal that compete; what the client took already does not, unless repeats count."""
OTHERS: Final = 100
"""Items drawn for each target beside them. Without, weights would go wrong where no signal is high."""
NO_CANDIDATES: Final = ("age", "silence", "new", "words", "cohort words", "own words", SILENCE)
"""Signals that say too little by themselves to name candidates."""
BLOCK: Final = 100


def draw_targets(held: HoldoutSplit, seed: int) -> HoldoutSplit:
    """Draw at most MOST_TARGETS targets."""
    drawn = np.random.default_rng(seed).permutation(len(held.targets))[:MOST_TARGETS]
    return held.part(np.sort(drawn))


def collect_choices(signals: Signals, held: HoldoutSplit, warm: bool, repeats: bool) -> list[Choices]:
    """Collect the choices of targets that took one of their candidates; all targets are warm, or none is."""
    rng = np.random.default_rng(len(held.targets))
    return [
        choices
        for begin in range(0, len(held.targets), BLOCK)
        if len(choices := _collect_block(signals, held, slice(begin, begin + BLOCK), warm, repeats, rng))
    ]


def _collect_block(
    signals: Signals, held: HoldoutSplit, rows: slice, warm: bool, repeats: bool, rng: np.random.Generator
) -> Choices:
    targets = held.targets.part(rows)
    items = signals.shortlist(targets)
    values = dict(signals.compute_item_signals(targets, items)) | dict(
        signals.compute_client_signals(targets, items, warm)
    )
    free = np.ones((len(targets), len(items)), np.bool_)
    if not repeats:
        free = select_columns(held.past.taken[targets.client], items).toarray() == 0
    competing = np.zeros_like(free)
    for name, value in values.items():
        if name not in NO_CANDIDATES:
            _mark_best(competing, np.where(free, value, -np.inf))
    competing |= rng.random(free.shape) < OTHERS / len(items)
    competing &= free
    wanted = select_columns(held.wanted[rows], items).toarray() > 0
    met = (wanted & competing).any(axis=1)
    competing[~met] = False
    counts = competing.sum(axis=1)[met]
    zeros = np.zeros(int(counts.sum()), np.float32)
    columns = [values[name][competing] if name in values else zeros for name in signals.names]
    return Choices(
        np.stack(columns, axis=1),
        wanted[competing],
        (np.cumsum(counts) - counts).astype(np.int64),
        np.diff(held.wanted[rows].indptr)[met].astype(np.int64),
    )


def _mark_best(marked: Flags, values: Singles) -> None:
    """Mark the CANDIDATES highest of each row."""
    most = min(CANDIDATES, values.shape[1])
    best = np.argpartition(-values, most - 1, axis=1)[:, :most]
    np.put_along_axis(marked, best, True, axis=1)
