"""The array types of the algorithms, and the best of an array. Shapes are stated in the docstrings of the functions."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]


def select_highest(scores: Floats, n: int) -> Ints:
    """Select the indices of the `n` highest scores and of all that equal the last of them, best first, ties in their
    order."""
    if n >= len(scores):
        return np.argsort(-scores, kind="stable")
    head = np.flatnonzero(scores >= np.partition(scores, len(scores) - n)[len(scores) - n])
    return head[np.argsort(-scores[head], kind="stable")]
