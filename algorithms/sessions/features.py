"""What is known of an item in a session, as numbers between 0 and 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from domain.arrays import Floats
from domain.blend import PARTS
from domain.histories import SIGNAL
from models.slots import Candidate, SessionQuestion, Touch

NAMES: Final = ("one", "house_score", *PARTS, "same_category", "same_colour", "price_near", "touched", "place")
"""Columns. `place`: how high on the page it stood; an item seen first is touched more, whatever it is."""
HALF_LIFE_S: Final = 1_800.0
"""Seconds after which a touch of this session weighs half."""


def features(question: SessionQuestion) -> Floats:
    """Of n items, shape (n, len(NAMES)); the last column is 0, for no item has a place yet.

    The house's score and its parts count against the other items of the question: 1 for the best, 0 for the last.
    """
    items, touched = question.items, _weights(question)
    columns = [
        np.ones(len(items)),
        _standing([item.house_score for item in items]),
        *(_standing([item.parts.get(part, 0.0) for item in items]) for part in PARTS),
        _share(items, question.touches, touched, lambda each: each.category),
        _share(items, question.touches, touched, lambda each: each.colour),
        _near(items, question.touches, touched),
        _touched(items, question.touches),
        np.zeros(len(items)),
    ]
    return np.column_stack(columns)


def shown(found: Floats, places: Sequence[int]) -> Floats:
    """The rows of items that were shown, first to last, with how high each stood."""
    rows = found[list(places)]
    rows[:, -1] = 1.0 / np.log2(np.arange(len(rows)) + 2)
    return rows


def _weights(question: SessionQuestion) -> Floats:
    """How much each touch says: what it was, and how long ago."""
    age = np.array([max((question.now - touch.at).total_seconds(), 0.0) for touch in question.touches])
    kind = np.array([max(SIGNAL.get(touch.kind, 0.0), 0.0) for touch in question.touches])
    return np.asarray(kind * 0.5 ** (age / HALF_LIFE_S))


def _standing(values: Sequence[float]) -> Floats:
    found = np.array(values, np.float64)
    span = float(np.ptp(found)) if len(found) else 0.0
    return (found - found.min()) / span if span > 0 else np.zeros(len(found))


def _share(
    items: Sequence[Candidate], touches: Sequence[Touch], weights: Floats, word: Callable[[Candidate | Touch], str]
) -> Floats:
    """How much of what was touched has the item's word."""
    sums: dict[str, float] = {}
    for touch, weight in zip(touches, weights.tolist(), strict=True):
        sums[word(touch)] = sums.get(word(touch), 0.0) + weight
    total = sum(sums.values())
    return np.array([sums.get(word(item), 0.0) / total if total and word(item) else 0.0 for item in items])


def _near(items: Sequence[Candidate], touches: Sequence[Touch], weights: Floats) -> Floats:
    """1 at the usual price of what was touched, 1/2 at its double or half."""
    priced = np.array([bool(touch.price_cents) for touch in touches], np.bool_) & (weights > 0)
    if not priced.any():
        return np.zeros(len(items))
    known = np.log2([touch.price_cents or 1 for touch in touches])[priced]
    usual = float(np.average(known, weights=weights[priced]))
    return np.asarray(0.5 ** np.abs(np.log2([max(item.price_cents, 1) for item in items]) - usual))


def _touched(items: Sequence[Candidate], touches: Sequence[Touch]) -> Floats:
    known = {touch.item_id for touch in touches}
    return np.array([float(item.item_id in known) for item in items])
