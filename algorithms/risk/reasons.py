"""Explanations of a client's risk in words: their silence against their own rhythm."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algorithms.risk.orders import WEEK, Orders, PurchaseSummary
from domain.churn_risk import explain_silence

Floats = NDArray[np.float64]


def explain_clients(past: Orders, clients: PurchaseSummary) -> list[str]:
    """Explain each client's silence in a sentence, in the order of `past.ids`; `clients` as of the day meant."""
    start = past.find_starts()
    days: Floats = np.diff(past.day, prepend=past.day[0]).astype(np.float64)
    ends = np.append(start[1:], len(past))
    silence = (clients.age - clients.t_x) * WEEK
    gaps = [days[a + 1 : b] for a, b in zip(start, ends, strict=True)]
    return [
        explain_silence(len(own) + 1, float(np.median(own)) if len(own) else 0.0, float(quiet))
        for quiet, own in zip(silence, gaps, strict=True)
    ]
