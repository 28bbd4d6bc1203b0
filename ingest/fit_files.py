"""Reads feedback on the fit of garments, and garments to predict for, from CSV or Parquet; writes the probabilities.

The first error stops the reading and is named with file, line (Parquet: row) and field.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from algorithms.fit.rows import FITS, Column, Feedback, Rows, normalise_sizes
from domain.arrays import Floats, Ints
from errors import BadInput
from ingest import results
from ingest.columns import Table, read_ids, read_table, read_texts
from ingest.interaction_files import read_moments

KEY_COLUMNS: Final = ("client_id", "item_id", "size")
FEEDBACK: Final = (*KEY_COLUMNS, "fit")
NO_FEATURES: Final = frozenset((*FEEDBACK, "occurred_at"))
DAY: Final = 86_400
OUT: Final = (*KEY_COLUMNS, "p_small", "p_fit", "p_large")


@dataclass(frozen=True)
class FitTargets:
    """Garments to predict the fit of, and their KEY_COLUMNS as the file wrote them."""

    rows: Rows
    key_columns: tuple[pa.Array, ...]


def read_feedback(path: Path, *, dated: bool = False) -> Feedback:
    """Read `client_id,item_id,size,fit[,occurred_at]` and any further columns; with `dated`, `occurred_at` is required.

    Raises:
        BadInput: names file, line and field.
    """
    table = read_table(path, (*FEEDBACK, "occurred_at") if dated else FEEDBACK, None)
    answers = read_texts(table, "fit")
    fit = pc.index_in(answers, value_set=pa.array(FITS)).fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    table.require(fit >= 0, "fit", f"must be one of {', '.join(FITS)}")
    if not len(fit):
        raise BadInput("holds no feedback", str(path))
    return Feedback(_build_rows(table)[0], fit, _read_days(table))


def read_targets(path: Path) -> FitTargets:
    """Read `client_id,item_id,size` and any further columns. Raises BadInput."""
    return FitTargets(*_build_rows(read_table(path, KEY_COLUMNS, None)))


def write_chances(path: Path, targets: FitTargets, chances: Floats) -> None:
    """Write the columns OUT in the order of the targets; the three probabilities of a row sum to 1. Raises BadInput."""
    small, large = np.round(chances[:, 0], 6), np.round(chances[:, 2], 6)
    three = (pa.array(column) for column in (small, np.round(1 - small - large, 6), large))
    results.write_table(path, dict(zip(OUT, (*targets.key_columns, *three), strict=True)))


def _build_rows(table: Table) -> tuple[Rows, tuple[pa.Array, ...]]:
    written = (read_ids(table, "client_id"), read_ids(table, "item_id"), _read_text(table, "size"))
    further = {name: _encode_column(cells) for name, cells in table.columns.items() if _is_feature(name, cells)}
    client, item, size = (_encode_column(cells) for cells in written)
    return Rows(client, item, normalise_sizes(size), further), written


def _is_feature(name: str, cells: pa.Array) -> bool:
    kind = cells.type
    nothing = pa.types.is_temporal(kind) or pa.types.is_nested(kind) or pa.types.is_null(kind)
    return name not in NO_FEATURES and not nothing and not pa.types.is_binary(kind)


def _read_text(table: Table, name: str) -> pa.Array:
    try:
        return table.columns[name].cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise BadInput(f"{name} holds something else than text", str(table.path)) from None


def _encode_column(cells: pa.Array) -> Column:
    encoded = cells.dictionary_encode()
    values: list[Any] = encoded.dictionary.to_pylist()
    code = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    empty = np.array([_is_empty(value) for value in values] + [True])
    return Column(tuple(values), np.where(empty[code], -1, code))


def _is_empty(value: Any) -> bool:
    return value is None or value != value or not str(value).strip()  # noqa: PLR0124 (NaN stands for nothing)


def _read_days(table: Table) -> Ints | None:
    if "occurred_at" not in table.columns:
        return None
    return np.asarray(read_moments(table, "occurred_at") // DAY, np.int64)
