"""Logs of recommendations with how likely each was, as the Open Bandit Dataset writes them: CSV or Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from algorithms.bandit_logs import Log
from errors import BadInput
from ingest.fix_columns import numbers, read, whole

COLUMNS: Final = ("item_id", "position", "click", "propensity_score")
BESIDE: Final = "item_context.csv"
"""A table of items that lies beside each log and is none."""


def read_log(path: Path) -> Log:
    """The log in a file, or in a folder that holds one. Further columns are passed over.

    Raises BadInput naming file, line and field.
    """
    table = read(_file(path), COLUMNS, None)
    item, place, click = (whole(table, name) for name in COLUMNS[:3])
    chance = numbers(table, COLUMNS[3])
    table.demand(click <= 1, "click", "must be 0 or 1")
    table.demand((chance > 0) & (chance <= 1), "propensity_score", "must be more than 0 and at most 1")
    for name, column in (("item_id", item), ("position", place)):
        table.demand(column < 10_000, name, "must be a number from 0 to 9999")
    if len(click) < 2:
        raise BadInput("holds fewer than two rows", str(table.path))
    return Log(item, place, click.astype(np.float64), chance)


def _file(path: Path) -> Path:
    if not path.is_dir():
        return path
    logs = [each for each in sorted(path.iterdir()) if each.suffix in (".csv", ".parquet") and each.name != BESIDE]
    if len(logs) != 1:
        raise BadInput(f"must hold one log, .csv or .parquet; it holds {len(logs)}. Name the file itself", str(path))
    return logs[0]
