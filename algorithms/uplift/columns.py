"""What is known of clients, as numbers that regressions take."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np

from domain.arrays import Floats

MOST_LEVELS: Final = 12
SKEWED: Final = 1.5

Known = Mapping[str, Sequence[Any]]
"""Of each column the values of n clients: numbers or text."""


@dataclass(frozen=True)
class Feature:
    """One number of a client: a column itself, its logarithm, or whether it is `level`; less `middle`, by `width`."""

    column: str
    level: str | None = None
    logged: bool = False
    middle: float = 0.0
    width: float = 1.0

    @property
    def name(self) -> str:
        """As people read it."""
        return self.column if self.level is None else f"{self.column} = {self.level}"

    def of(self, values: Sequence[Any]) -> Floats:
        """Standardised, shape (n,). What is missing or no number counts as the middle."""
        return np.asarray((np.nan_to_num(self._raw(values), nan=self.middle) - self.middle) / self.width)

    def standardised(self, values: Sequence[Any]) -> Self:
        """The same with the middle and width that these values have."""
        raw = self._raw(values)
        width = float(np.nanstd(raw))
        return type(self)(self.column, self.level, self.logged, float(np.nanmean(raw)), width if width > 0 else 1.0)

    def _raw(self, values: Sequence[Any]) -> Floats:
        if self.level is not None:
            return np.array([float(str(value) == self.level) for value in values])
        found = np.array([as_number(value) for value in values])
        return np.asarray(np.log1p(np.maximum(found, 0.0))) if self.logged else found


def as_number(value: Any) -> float:
    """NaN for what is none."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return math.nan
    return found if math.isfinite(found) else math.nan


def features_of(known: Known) -> tuple[Feature, ...]:
    """Numbers as they are, or as their logarithm where a few are far larger than the rest; text of few levels as one
    feature a level. Columns that say nothing, and text of more than MOST_LEVELS levels, are left out."""
    found: list[Feature] = []
    for column, values in known.items():
        numbers = np.array([as_number(value) for value in values])
        if not np.isnan(numbers).any():
            if numbers.std() > 0:
                found.append(Feature(column, logged=_skewed(numbers)).standardised(values))
            continue
        levels = sorted({str(value) for value in values})
        if 1 < len(levels) <= MOST_LEVELS:
            found += [Feature(column, level).standardised(values) for level in levels]
    return tuple(found)


def matrix(features: Sequence[Feature], known: Known) -> Floats:
    """Shape (n, features)."""
    return np.column_stack([feature.of(known[feature.column]) for feature in features])


def kept(feature: Feature) -> dict[str, Any]:
    """For a file."""
    return asdict(feature)


def _skewed(numbers: Floats) -> bool:
    if numbers.min() < 0 or len(np.unique(numbers)) <= 2:
        return False
    return float((((numbers - numbers.mean()) / numbers.std()) ** 3).mean()) > SKEWED
