"""Turns feature columns of any file into words such as `colour:navy`, which rankers learn from."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import pyarrow as pa

from domain.histories import normalise_word
from ingest.columns import Table

BINS: Final = 10
FEW: Final = 12
"""A column of numbers with more values than this is cut into BINS of equal count; with fewer, each value is a word."""
TITLE: Final = 0.5
"""A column of texts of which more than this share stand alone is a title: its single words count."""
LIST: Final = re.compile(r"\s*[|;]\s*")
WORD: Final = re.compile(r"[^\W\d_]{3,}")


def build_feature_words(table: Table, key: str) -> list[tuple[str, ...]]:
    """Build the words of each row; the column `key` and empty cells give none."""
    rows = len(table.columns[key])
    words_of: list[list[str]] = [[] for _ in range(rows)]
    for name, column in table.columns.items():
        if name != key:
            for row, words in enumerate(_build_column_words(name, column)):
                words_of[row] += words
    return [tuple(dict.fromkeys(words)) for words in words_of]


def _build_column_words(name: str, column: Any) -> list[list[str]]:
    cells = [_format_cell(cell) for cell in column.to_pylist()]
    filled = [cell for cell in cells if cell]
    values = _parse_numbers(filled) if not pa.types.is_boolean(column.type) else None
    if values is not None and len(set(values)) > FEW:
        edges = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1]))
        return [[f"{name}:{int(np.searchsorted(edges, float(cell), 'right'))}"] if cell else [] for cell in cells]
    if values is None and len(set(filled)) > max(TITLE * len(filled), FEW):
        return [[f"{name}:{word}" for word in WORD.findall(cell)] for cell in cells]
    return [[f"{name}:{part}" for part in LIST.split(cell) if part] for cell in cells]


def _format_cell(cell: Any) -> str:
    if cell is None or cell != cell:  # noqa: PLR0124 (not a number: what some tools write for nothing)
        return ""
    if isinstance(cell, list):
        return "|".join(map(str, cell)).casefold()
    return normalise_word(str(cell))


def _parse_numbers(filled: list[str]) -> list[float] | None:
    """Parse the cells as numbers; return None when one of them is not a finite number."""
    try:
        values = [float(cell) for cell in filled]
    except ValueError:
        return None
    return values if values and np.isfinite(values).all() else None
