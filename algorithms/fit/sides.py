"""Further columns, such as height, body type or occasion, as columns of a design: numbers bend, words are levels.

A number becomes tents (linear splines): the nearest two knots share a weight of 1. So a cell is at most two columns
of the design, each with its weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from algorithms.fit.numbers import number
from algorithms.fit.rows import Column
from domain.arrays import Floats, Ints

KNOTS: Final = (0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99)
NUMBERS: Final = 0.95
"""The share of filled cells that must hold a number, so that a column counts as one of numbers."""
FEWEST: Final = 20
"""Rows with a word, or with an empty cell, from which it is learnt."""
LEVELS: Final = 50
COVERED: Final = 0.5
"""A column in which the known levels cover less than this share of the filled cells is free text, and is left out."""


class Cells(NamedTuple):
    """Columns of a design and their weights, both of shape (n, k); column -1 is none, and weighs 0."""

    column: Ints
    weight: Floats


class Tents(NamedTuple):
    """Rising knots."""

    knots: tuple[float, ...]

    @classmethod
    def at(cls, values: Floats, shares: Sequence[float] = KNOTS) -> Tents:
        """Knots where these shares of `values` lie below; one value alone makes one knot."""
        return cls(tuple(np.unique(np.quantile(values, shares)).tolist())) if len(values) else cls((0.0,))

    def cells(self, values: Floats) -> Cells:
        """k = 2; beyond the outer knots nothing changes any more."""
        knots = np.array(self.knots)
        if len(knots) == 1:
            return Cells(np.tile([0, -1], (len(values), 1)), np.tile([1.0, 0.0], (len(values), 1)))
        inside = np.clip(values, knots[0], knots[-1])
        left = np.clip(np.searchsorted(knots, inside, side="right") - 1, 0, len(knots) - 2)
        share = (inside - knots[left]) / (knots[left + 1] - knots[left])
        return Cells(np.stack([left, left + 1], 1), np.stack([1 - share, share], 1))


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of numbers. `usual` stands for an empty cell where too few were empty to learn from; else None."""

    name: str
    tents: Tents
    usual: float | None

    @property
    def width(self) -> int:
        """Columns of the design."""
        return len(self.tents.knots) + 1

    def values(self, column: Column) -> Floats:
        """The number in each cell, NaN where there is none."""
        return column.spread(np.array([number(value) for value in column.values], np.float64), np.nan)

    def cells(self, column: Column) -> Cells:
        """The last column of the design is that of empty cells."""
        values = self.values(column)
        empty = np.isnan(values)
        found = self.tents.cells(np.where(empty, self.usual or 0.0, values))
        if self.usual is None:
            found.column[empty] = (self.width - 1, -1)
            found.weight[empty] = (1.0, 0.0)
        return found


@dataclass(frozen=True, slots=True)
class Words:
    """A column of words, most frequent first; any other word is no column of the design."""

    name: str
    levels: tuple[str, ...]

    @property
    def width(self) -> int:
        """Columns of the design."""
        return len(self.levels)

    def cells(self, column: Column) -> Cells:
        """k = 1."""
        place = {level: at for at, level in enumerate(self.levels)}
        found = column.spread(np.array([place.get(_word(value), -1) for value in column.values], np.int64), -1)
        return Cells(found[:, None], (found[:, None] >= 0).astype(np.float64))


Side = Numbers | Words


def learnt(name: str, column: Column) -> Side | None:
    """How a column is read; None when nothing can be learnt from it: it is empty, has one value, or is free text."""
    filled = column.code[column.code >= 0]
    if len(filled) < FEWEST or len(np.unique(filled)) < 2:
        return None
    values = np.array([number(value) for value in column.values], np.float64)
    cells = values[filled]
    numbers = ~np.isnan(cells)
    if numbers.mean() >= NUMBERS:
        empty = len(column.code) - int(numbers.sum())
        usual = float(np.median(cells[numbers])) if empty < FEWEST else None
        return Numbers(name, Tents.at(cells[numbers]), usual)
    return _words(name, column.values, filled)


def _words(name: str, values: Sequence[Any], filled: Ints) -> Words | None:
    names, of_value = np.unique([_word(value) for value in values], return_inverse=True)
    times = np.bincount(of_value[filled], minlength=len(names))
    often = [at for at in np.argsort(-times, kind="stable")[:LEVELS].tolist() if times[at] >= FEWEST]
    if times[often].sum() < COVERED * len(filled):
        return None
    return Words(name, tuple(str(names[at]) for at in often))


def _word(value: Any) -> str:
    return " ".join(str(value).casefold().split())
