"""Why a client stands where they stand, in words: their own silence against their own rhythm."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algorithms.risk.orders import WEEK, Orders, Rhythm
from domain.rhythm import words

Floats = NDArray[np.float64]


def reasons(past: Orders, clients: Rhythm) -> list[str]:
    """One sentence a client, in the order of `past.ids`; `clients` as of the day that is spoken of."""
    start = past.starts()
    days: Floats = np.diff(past.day, prepend=past.day[0]).astype(np.float64)
    ends = np.append(start[1:], len(past))
    silence = (clients.age - clients.t_x) * WEEK
    gaps = [days[a + 1 : b] for a, b in zip(start, ends, strict=True)]
    return [
        words(len(own) + 1, float(np.median(own)) if len(own) else 0.0, float(quiet))
        for quiet, own in zip(silence, gaps, strict=True)
    ]
