"""Positions of sizes on a scale, where their labels have an order ("S" under "M", 8 under 10).

Positions are normal scores: the distance of a size from the middle of the sizes worn, in standard deviations. So
numbers, letters and waists can be compared, whatever the steps between labels.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from scipy.special import ndtri

from domain.arrays import Floats, Ints
from domain.sizes import fold_size, parse_size

OWN_SCALE: Final = 200
"""The fewest rows for a category to get a scale of its own, so that shoes are not measured by dresses."""

Steps = tuple[tuple[float, ...], tuple[float, ...]]
"""The ranks of the sizes of one scale, rising, and their positions."""


def normalise_size(size: str) -> str:
    """Normalise a size for comparison; "8.0", which some tools write for 8, becomes "8"."""
    plain = fold_size(size)
    return plain[:-2] if re.fullmatch(r"\d+\.0", plain) else plain


@dataclass(frozen=True, slots=True)
class SizeScale:
    """Positions by category and size system; category "" stands for all categories together."""

    steps: dict[tuple[str, str], Steps]
    _cache: dict[tuple[str, str], float] = field(default_factory=dict)

    @classmethod
    def build(cls, sizes: Sequence[str], categories: Sequence[str], size: Ints, category: Ints) -> SizeScale:
        """Build the scale from the sizes worn: `size` and `category`, shape (n,), point into their names."""
        pairs, worn = np.unique(np.stack([size, category], 1), axis=0, return_counts=True)
        counts: defaultdict[tuple[str, str], defaultdict[float, int]] = defaultdict(lambda: defaultdict(int))
        for (s, c), times in zip(pairs.tolist(), worn.tolist(), strict=True):
            if (rank := parse_size(sizes[s])) is not None:
                for name in {"", categories[c]}:
                    counts[name, rank[0]][rank[1]] += times
        large = {key: of for key, of in counts.items() if not key[0] or sum(of.values()) >= OWN_SCALE}
        return cls({key: _compute_steps(of) for key, of in large.items()})

    def find_positions(self, sizes: Sequence[str], categories: Sequence[str]) -> Floats:
        """Find the position of each size, shape (n,); 0, the middle, where it is unknown."""
        return np.array([self._find_position(size, category) for size, category in zip(sizes, categories, strict=True)])

    def _find_position(self, size: str, category: str) -> float:
        if (known := self._cache.get((size, category))) is None:
            known = self._cache[size, category] = self._compute_position(size, category)
        return known

    def _compute_position(self, size: str, category: str) -> float:
        rank = parse_size(size)
        if rank is None:
            return 0.0
        steps = self.steps.get((category, rank[0])) or self.steps.get(("", rank[0]))
        return float(np.interp(rank[1], *steps)) if steps else 0.0


def _compute_steps(counts: dict[float, int]) -> Steps:
    order = sorted(counts)
    worn = np.array([counts[rank] for rank in order], np.float64)
    return tuple(order), tuple(ndtri((worn.cumsum() - worn / 2) / worn.sum()).tolist())
