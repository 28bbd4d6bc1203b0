"""Order histories for these tests: made-up ones, and the CDNOW sample."""

from __future__ import annotations

import numpy as np

from algorithms.risk.orders import Orders, merge_orders
from bench.risk import cdnow_sample, day

__all__ = ["cdnow_sample", "day", "make_orders"]


def make_orders(clients: int = 600, days: int = 400, seed: int = 1) -> Orders:
    """Clients who buy to a gap of their own, fairly regularly, until they stop: what BG/NBD takes for chance."""
    rng = np.random.default_rng(seed)
    ids: list[str] = []
    when: list[int] = []
    for client in range(clients):
        gap, at = rng.uniform(10, 90), rng.uniform(0, days / 2)
        while at < days:
            ids.append(f"c{client:04}")
            when.append(10_000 + int(at))
            if rng.random() < 0.12:
                break
            at += gap * rng.uniform(0.7, 1.3)
    return merge_orders(ids, np.array(when, np.int64), rng.gamma(3.0, 20.0, len(ids)))
