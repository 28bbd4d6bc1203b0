"""The order of what was found: how well it answers, then how much the client likes it and how much is taken of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from domain.arrays import Floats

LIKED: Final = 0.5
"""How much the best of the client's own list gains; an item that answers twice as well still comes first."""
TAKEN: Final = 0.1
"""How much what everybody takes gains."""


def rerank(answers: Sequence[float], liking: Sequence[float], taken: Sequence[float]) -> tuple[list[int], Floats]:
    """Order what was found, best first.

    Args:
        answers: how well each answers, any positive scale, shape (k,).
        liking: how much the client likes each, 0 to 1, shape (k,).
        taken: how much of each is taken by everybody, 0 to 1, shape (k,).

    Returns:
        Places in the given order, best first; of equal ones the earlier. And the scores, at most 1, in the given order.
    """
    scores = np.asarray(answers, np.float64)
    highest = scores.max(initial=0.0)
    scores = scores / highest if highest > 0 else np.ones(len(scores))
    scores = scores * (1 + LIKED * np.asarray(liking, np.float64) + TAKEN * np.asarray(taken, np.float64))
    scores = scores / (1 + LIKED + TAKEN)
    return np.argsort(-scores, kind="stable").tolist(), scores
