"""Sizes are opaque; where an order can be read off them ("S" under "M", 8 under 10), they get a place on a scale.

Places are normal scores: how far from the middle of what is worn a size lies, in standard deviations. So numbers,
letters and waists can be compared, and nothing hangs on the steps between labels.
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
from domain.sizes import ordered, plain_size

OWN_SCALE: Final = 200
"""Rows from which a category gets a scale of its own, so that shoes are not measured by dresses."""

Steps = tuple[tuple[float, ...], tuple[float, ...]]
"""Orders of the sizes of one scale, rising, and their places."""


def compared(size: str) -> str:
    """A size as it is compared; "8.0", which some tools write for 8, is 8."""
    found = plain_size(size)
    return found[:-2] if re.fullmatch(r"\d+\.0", found) else found


@dataclass(frozen=True, slots=True)
class Scale:
    """Places by category and system; category "" stands for all of them together."""

    steps: dict[tuple[str, str], Steps]
    _known: dict[tuple[str, str], float] = field(default_factory=dict)

    @classmethod
    def learnt(cls, sizes: Sequence[str], categories: Sequence[str], size: Ints, category: Ints) -> Scale:
        """From the sizes worn: `size` and `category`, shape (n,), point into their names."""
        pairs, worn = np.unique(np.stack([size, category], 1), axis=0, return_counts=True)
        counts: defaultdict[tuple[str, str], defaultdict[float, int]] = defaultdict(lambda: defaultdict(int))
        for (s, c), times in zip(pairs.tolist(), worn.tolist(), strict=True):
            if (found := ordered(sizes[s])) is not None:
                for name in {"", categories[c]}:
                    counts[name, found[0]][found[1]] += times
        some = {key: of for key, of in counts.items() if not key[0] or sum(of.values()) >= OWN_SCALE}
        return cls({key: _steps(of) for key, of in some.items()})

    def places(self, sizes: Sequence[str], categories: Sequence[str]) -> Floats:
        """The place of each size, shape (n,); 0, the middle, where none is known."""
        return np.array([self._place(size, category) for size, category in zip(sizes, categories, strict=True)])

    def _place(self, size: str, category: str) -> float:
        if (known := self._known.get((size, category))) is None:
            known = self._known[size, category] = self._found(size, category)
        return known

    def _found(self, size: str, category: str) -> float:
        read = ordered(size)
        if read is None:
            return 0.0
        steps = self.steps.get((category, read[0])) or self.steps.get(("", read[0]))
        return float(np.interp(read[1], *steps)) if steps else 0.0


def _steps(counts: dict[float, int]) -> Steps:
    order = sorted(counts)
    worn = np.array([counts[each] for each in order], np.float64)
    return tuple(order), tuple(ndtri((worn.cumsum() - worn / 2) / worn.sum()).tolist())
