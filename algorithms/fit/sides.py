"""Side columns, such as height, body type or occasion, as columns of the design.

A word becomes a level. A number becomes tents (linear splines): the nearest two knots share a weight of 1. So a cell is
at most two columns of the design, each with its weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from algorithms.fit.numbers import parse_number
from algorithms.fit.rows import Column
from domain.arrays import Floats, Ints

KNOTS: Final = (0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99)
NUMBERS: Final = 0.95
"""The share of filled cells that must hold a number for the column to be one of numbers."""
FEWEST: Final = 20
"""The fewest rows with a word, or with an empty cell, for it to get a column."""
LEVELS: Final = 50
COVERED: Final = 0.5
"""A column in which the levels cover less than this share of the filled cells is free text, and is left out."""


class Cells(NamedTuple):
    """Columns of a design and their weights, both of shape (n, k); column -1 is none, and weighs 0."""

    column: Ints
    weight: Floats


class Tents(NamedTuple):
    """A linear spline, by its rising knots."""

    knots: tuple[float, ...]

    @classmethod
    def place_knots(cls, values: Floats, shares: Sequence[float] = KNOTS) -> Tents:
        """Place knots at these quantiles of `values`; one distinct value makes one knot."""
        return cls(tuple(np.unique(np.quantile(values, shares)).tolist())) if len(values) else cls((0.0,))

    def encode(self, values: Floats) -> Cells:
        """Encode values in two columns each (k = 2); values beyond the outer knots count as those knots."""
        knots = np.array(self.knots)
        if len(knots) == 1:
            return Cells(np.tile([0, -1], (len(values), 1)), np.tile([1.0, 0.0], (len(values), 1)))
        inside = np.clip(values, knots[0], knots[-1])
        left = np.clip(np.searchsorted(knots, inside, side="right") - 1, 0, len(knots) - 2)
        share = (inside - knots[left]) / (knots[left + 1] - knots[left])
        return Cells(np.stack([left, left + 1], 1), np.stack([1 - share, share], 1))


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """A column of numbers. `usual` stands for an empty cell where too few were empty to learn from; else None."""

    name: str
    tents: Tents
    usual: float | None

    @property
    def width(self) -> int:
        """Columns of the design."""
        return len(self.tents.knots) + 1

    def values(self, column: Column) -> Floats:
        """Return the number in each cell, NaN where there is none."""
        return column.expand(np.array([parse_number(value) for value in column.values], np.float64), np.nan)

    def encode(self, column: Column) -> Cells:
        """Encode the cells; the last column of the design is that of empty cells."""
        values = self.values(column)
        empty = np.isnan(values)
        encoded = self.tents.encode(np.where(empty, self.usual or 0.0, values))
        if self.usual is None:
            encoded.column[empty] = (self.width - 1, -1)
            encoded.weight[empty] = (1.0, 0.0)
        return encoded


@dataclass(frozen=True, slots=True)
class WordColumn:
    """A column of words, most frequent first; any other word is no column of the design."""

    name: str
    levels: tuple[str, ...]

    @property
    def width(self) -> int:
        """Columns of the design."""
        return len(self.levels)

    def encode(self, column: Column) -> Cells:
        """Encode the cells in one column each (k = 1)."""
        index = {level: i for i, level in enumerate(self.levels)}
        codes = column.expand(
            np.array([index.get(_normalise_word(value), -1) for value in column.values], np.int64), -1
        )
        return Cells(codes[:, None], (codes[:, None] >= 0).astype(np.float64))


Side = NumberColumn | WordColumn


def build_side(name: str, column: Column) -> Side | None:
    """Build the reader of a column; None where it is empty, has one value, or is free text."""
    filled = column.code[column.code >= 0]
    if len(filled) < FEWEST or len(np.unique(filled)) < 2:
        return None
    values = np.array([parse_number(value) for value in column.values], np.float64)
    cells = values[filled]
    numbers = ~np.isnan(cells)
    if numbers.mean() >= NUMBERS:
        empty = len(column.code) - int(numbers.sum())
        usual = float(np.median(cells[numbers])) if empty < FEWEST else None
        return NumberColumn(name, Tents.place_knots(cells[numbers]), usual)
    return _build_words(name, column.values, filled)


def _build_words(name: str, values: Sequence[Any], filled: Ints) -> WordColumn | None:
    names, of_value = np.unique([_normalise_word(value) for value in values], return_inverse=True)
    times = np.bincount(of_value[filled], minlength=len(names))
    often = [at for at in np.argsort(-times, kind="stable")[:LEVELS].tolist() if times[at] >= FEWEST]
    if times[often].sum() < COVERED * len(filled):
        return None
    return WordColumn(name, tuple(str(names[at]) for at in often))


def _normalise_word(value: Any) -> str:
    return " ".join(str(value).casefold().split())
