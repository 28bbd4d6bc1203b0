"""Feature columns of any file as words such as `colour:navy`, which is what rankers learn from."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import pyarrow as pa

from domain.histories import plain
from ingest.fix_columns import Table

BINS: Final = 10
FEW: Final = 12
"""A column of numbers with more values than this is told in BINS of equal count; with fewer, each value is a word."""
TITLE: Final = 0.5
"""A column of texts of which more than this share stand alone is a title: its single words count."""
LIST: Final = re.compile(r"\s*[|;]\s*")
WORD: Final = re.compile(r"[^\W\d_]{3,}")


def described(table: Table, key: str) -> list[tuple[str, ...]]:
    """The words of each row; the column `key` and empty cells have none."""
    rows = len(table.columns[key])
    found: list[list[str]] = [[] for _ in range(rows)]
    for name, column in table.columns.items():
        if name != key:
            for row, words in enumerate(_words(name, column)):
                found[row] += words
    return [tuple(dict.fromkeys(words)) for words in found]


def _words(name: str, column: Any) -> list[list[str]]:
    cells = [_cell(cell) for cell in column.to_pylist()]
    filled = [cell for cell in cells if cell]
    values = _numbers(filled) if not pa.types.is_boolean(column.type) else None
    if values is not None and len(set(values)) > FEW:
        edges = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1]))
        return [[f"{name}:{int(np.searchsorted(edges, float(cell), 'right'))}"] if cell else [] for cell in cells]
    if values is None and len(set(filled)) > max(TITLE * len(filled), FEW):
        return [[f"{name}:{word}" for word in WORD.findall(cell)] for cell in cells]
    return [[f"{name}:{part}" for part in LIST.split(cell) if part] for cell in cells]


def _cell(cell: Any) -> str:
    if cell is None or cell != cell:  # noqa: PLR0124 (not a number: what some tools write for nothing)
        return ""
    if isinstance(cell, list):
        return "|".join(map(str, cell)).casefold()
    return plain(str(cell))


def _numbers(filled: list[str]) -> list[float] | None:
    """None when something is no finite number."""
    try:
        values = [float(cell) for cell in filled]
    except ValueError:
        return None
    return values if values and np.isfinite(values).all() else None
