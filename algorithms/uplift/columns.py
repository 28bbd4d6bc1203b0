"""What is known of clients, as numbers for regressions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np

from domain.arrays import Floats

MOST_LEVELS: Final = 12
SKEWED: Final = 1.5

ClientColumns = Mapping[str, Sequence[Any]]
"""The values of n clients by column: numbers or text."""


@dataclass(frozen=True)
class UpliftFeature:
    """One number of a client: a column, its logarithm, or whether it equals `level`; less `middle`, divided by
    `width`."""

    column: str
    level: str | None = None
    logged: bool = False
    middle: float = 0.0
    width: float = 1.0

    @property
    def name(self) -> str:
        """The feature's name for people."""
        return self.column if self.level is None else f"{self.column} = {self.level}"

    def standardise(self, values: Sequence[Any]) -> Floats:
        """Standardise the values, shape (n,). A missing value, or text that is no number, counts as the middle."""
        return np.asarray((np.nan_to_num(self._read_numbers(values), nan=self.middle) - self.middle) / self.width)

    def fit_scale(self, values: Sequence[Any]) -> Self:
        """Return this feature with the middle and width of these values."""
        raw = self._read_numbers(values)
        width = float(np.nanstd(raw))
        return type(self)(self.column, self.level, self.logged, float(np.nanmean(raw)), width if width > 0 else 1.0)

    def _read_numbers(self, values: Sequence[Any]) -> Floats:
        if self.level is not None:
            return np.array([float(str(value) == self.level) for value in values])
        numbers = np.array([parse_number(value) for value in values])
        return np.asarray(np.log1p(np.maximum(numbers, 0.0))) if self.logged else numbers


def parse_number(value: Any) -> float:
    """Parse a value as a finite number; NaN for anything else."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return math.nan
    return number if math.isfinite(number) else math.nan


def choose_features(columns: ClientColumns) -> tuple[UpliftFeature, ...]:
    """Choose the features of these columns: numbers, as logarithms where a few are far larger than the rest, and one
    feature for each level of a text. Columns with one value and texts of more than MOST_LEVELS levels are left out."""
    features: list[UpliftFeature] = []
    for column, values in columns.items():
        numbers = np.array([parse_number(value) for value in values])
        if not np.isnan(numbers).any():
            if numbers.std() > 0:
                features.append(UpliftFeature(column, logged=_is_skewed(numbers)).fit_scale(values))
            continue
        levels = sorted({str(value) for value in values})
        if 1 < len(levels) <= MOST_LEVELS:
            features += [UpliftFeature(column, level).fit_scale(values) for level in levels]
    return tuple(features)


def build_matrix(features: Sequence[UpliftFeature], columns: ClientColumns) -> Floats:
    """Build the feature matrix, shape (n, features)."""
    return np.column_stack([feature.standardise(columns[feature.column]) for feature in features])


def serialise_feature(feature: UpliftFeature) -> dict[str, Any]:
    """Return the feature as JSON values for a file."""
    return asdict(feature)


def _is_skewed(numbers: Floats) -> bool:
    if numbers.min() < 0 or len(np.unique(numbers)) <= 2:
        return False
    return float((((numbers - numbers.mean()) / numbers.std()) ** 3).mean()) > SKEWED
