"""Features of an item in a session: numbers between 0 and 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from domain.arrays import Floats
from domain.blend import PARTS
from domain.histories import SIGNAL
from models.slots import Candidate, SessionQuestion, Touch

NAMES: Final = ("one", "house_score", *PARTS, "same_category", "same_colour", "price_near", "touched", "place")
"""Columns. `place`: how high on the page the item stood; what is seen first is touched more, whatever it is."""
HALF_LIFE_S: Final = 1_800.0
"""Seconds after which a touch of this session weighs half."""


def build_features(question: SessionQuestion) -> Floats:
    """Build the features of n items, shape (n, len(NAMES)); the last column is 0, because no item has a position yet.

    The blend's score and its parts are scaled within the question: 1 for the best item, 0 for the last.
    """
    items, touched = question.items, _weigh_touches(question)
    columns = [
        np.ones(len(items)),
        _scale_to_unit([item.house_score for item in items]),
        *(_scale_to_unit([item.parts.get(part, 0.0) for item in items]) for part in PARTS),
        _compute_touch_share(items, question.touches, touched, lambda entry: entry.category),
        _compute_touch_share(items, question.touches, touched, lambda entry: entry.colour),
        _compute_price_nearness(items, question.touches, touched),
        _flag_touched(items, question.touches),
        np.zeros(len(items)),
    ]
    return np.column_stack(columns)


def build_position_rows(matrix: Floats, indices: Sequence[int]) -> Floats:
    """Return the rows of items that were shown, first to last, with the position of each in the last column."""
    rows = matrix[list(indices)]
    rows[:, -1] = 1.0 / np.log2(np.arange(len(rows)) + 2)
    return rows


def _weigh_touches(question: SessionQuestion) -> Floats:
    """Weigh each touch by its kind and its age."""
    age = np.array([max((question.now - touch.at).total_seconds(), 0.0) for touch in question.touches])
    kind = np.array([max(SIGNAL.get(touch.kind, 0.0), 0.0) for touch in question.touches])
    return np.asarray(kind * 0.5 ** (age / HALF_LIFE_S))


def _scale_to_unit(values: Sequence[float]) -> Floats:
    array = np.array(values, np.float64)
    span = float(np.ptp(array)) if len(array) else 0.0
    return (array - array.min()) / span if span > 0 else np.zeros(len(array))


def _compute_touch_share(
    items: Sequence[Candidate], touches: Sequence[Touch], weights: Floats, word: Callable[[Candidate | Touch], str]
) -> Floats:
    """Compute, for each item, the weighted share of touches that have the item's category or colour."""
    sums: dict[str, float] = {}
    for touch, weight in zip(touches, weights.tolist(), strict=True):
        sums[word(touch)] = sums.get(word(touch), 0.0) + weight
    total = sum(sums.values())
    return np.array([sums.get(word(item), 0.0) / total if total and word(item) else 0.0 for item in items])


def _compute_price_nearness(items: Sequence[Candidate], touches: Sequence[Touch], weights: Floats) -> Floats:
    """Compute how near each price is to the usual price of what was touched: 1 at that price, 1/2 at its double or
    half."""
    priced = np.array([bool(touch.price_cents) for touch in touches], np.bool_) & (weights > 0)
    if not priced.any():
        return np.zeros(len(items))
    known = np.log2([touch.price_cents or 1 for touch in touches])[priced]
    usual = float(np.average(known, weights=weights[priced]))
    return np.asarray(0.5 ** np.abs(np.log2([max(item.price_cents, 1) for item in items]) - usual))


def _flag_touched(items: Sequence[Candidate], touches: Sequence[Touch]) -> Floats:
    known = {touch.item_id for touch in touches}
    return np.array([float(item.item_id in known) for item in items])
