"""Reads logs of recommendations with their propensities, as the Open Bandit Dataset writes them: CSV or Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from algorithms.evaluation.bandit_logs import BanditLog
from errors import BadInput
from ingest.columns import read_numbers, read_table, read_whole_numbers

COLUMNS: Final = ("item_id", "position", "click", "propensity_score")
CONTEXT_TABLE: Final = "item_context.csv"
"""A table of items beside each log, which is not a log."""


def read_log(path: Path) -> BanditLog:
    """Read the log in a file, or in a folder that holds one; ignore further columns.

    Raises:
        BadInput: names file, line and field.
    """
    table = read_table(_find_file(path), COLUMNS, None)
    item, position, click = (read_whole_numbers(table, name) for name in COLUMNS[:3])
    propensity = read_numbers(table, COLUMNS[3])
    table.require(click <= 1, "click", "must be 0 or 1")
    table.require((propensity > 0) & (propensity <= 1), "propensity_score", "must be more than 0 and at most 1")
    for name, column in (("item_id", item), ("position", position)):
        table.require(column < 10_000, name, "must be a number from 0 to 9999")
    if len(click) < 2:
        raise BadInput("holds fewer than two rows", str(table.path))
    return BanditLog(item, position, click.astype(np.float64), propensity)


def _find_file(path: Path) -> Path:
    if not path.is_dir():
        return path
    logs = [
        file for file in sorted(path.iterdir()) if file.suffix in (".csv", ".parquet") and file.name != CONTEXT_TABLE
    ]
    if len(logs) != 1:
        raise BadInput(f"must hold one log, .csv or .parquet; it holds {len(logs)}. Name the file itself", str(path))
    return logs[0]
