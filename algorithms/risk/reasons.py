"""Why a client stands where they stand, in words: their own silence against their own rhythm."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from algorithms.risk.orders import WEEK, Orders, Rhythm

Floats = NDArray[np.float64]

LONG: Final = 1.5
"""A silence of so many own gaps is called long."""


def reasons(past: Orders, clients: Rhythm) -> list[str]:
    """One sentence a client, in the order of `past.ids`; `clients` as of the day that is spoken of."""
    start = past.starts()
    days: Floats = np.diff(past.day, prepend=past.day[0]).astype(np.float64)
    ends = np.append(start[1:], len(past))
    silence = (clients.age - clients.t_x) * WEEK
    return [_sentence(float(quiet), days[a + 1 : b]) for quiet, a, b in zip(silence, start, ends, strict=True)]


def _sentence(silence: float, gaps: Floats) -> str:
    quiet = f"{silence:,.0f} day{'' if silence == 1 else 's'}"
    if not len(gaps):
        return f"ordered once, {quiet} ago; no rhythm is known yet"
    usual = float(np.median(gaps))
    known = f"{len(gaps) + 1} orders, usually {usual:,.0f} day{'' if usual == 1 else 's'} apart"
    if silence <= usual:
        return f"{known}; the last {quiet} ago, within the usual gap"
    if silence <= LONG * usual:
        return f"{known}; the last {quiet} ago, a little over the usual gap"
    return f"{known}; silent for {quiet}, {silence / usual:.1f} times the usual gap"
