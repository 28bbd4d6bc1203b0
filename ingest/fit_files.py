"""What clients said of the fit of what they tried, and garments to be tried, from CSV or Parquet; the chances out. The
first thing wrong stops it, with file, line (Parquet: row) and field."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from algorithms.fit.rows import FITS, Column, Feedback, Rows, plain_sizes
from domain.arrays import Floats, Ints
from errors import BadInput
from ingest import results
from ingest.fix_columns import Table, identifiers, read, texts
from ingest.interaction_files import moments

NAMED: Final = ("client_id", "item_id", "size")
FEEDBACK: Final = (*NAMED, "fit")
NO_FEATURES: Final = frozenset((*FEEDBACK, "occurred_at"))
DAY: Final = 86_400
OUT: Final = (*NAMED, "p_small", "p_fit", "p_large")


@dataclass(frozen=True)
class Targets:
    """Garments to be tried, and what the file wrote for NAMED."""

    rows: Rows
    written: tuple[pa.Array, ...]


def read_feedback(path: Path, *, dated: bool = False) -> Feedback:
    """`client_id,item_id,size,fit[,occurred_at]` and any further columns. `dated`: days must be there.

    Raises BadInput.
    """
    table = read(path, (*FEEDBACK, "occurred_at") if dated else FEEDBACK, None)
    said = texts(table, "fit")
    fit = pc.index_in(said, value_set=pa.array(FITS)).fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    table.demand(fit >= 0, "fit", f"must be one of {', '.join(FITS)}")
    if not len(fit):
        raise BadInput("holds no feedback", str(path))
    return Feedback(_rows(table)[0], fit, _days(table))


def read_targets(path: Path) -> Targets:
    """`client_id,item_id,size` and any further columns. Raises BadInput."""
    return Targets(*_rows(read(path, NAMED, None)))


def write_chances(path: Path, targets: Targets, chances: Floats) -> None:
    """OUT, in the order of the targets; of each row the three sum to 1. Raises BadInput."""
    small, large = np.round(chances[:, 0], 6), np.round(chances[:, 2], 6)
    three = (pa.array(column) for column in (small, np.round(1 - small - large, 6), large))
    results.write(path, dict(zip(OUT, (*targets.written, *three), strict=True)))


def _rows(table: Table) -> tuple[Rows, tuple[pa.Array, ...]]:
    written = (identifiers(table, "client_id"), identifiers(table, "item_id"), _text(table, "size"))
    further = {name: _column(cells) for name, cells in table.columns.items() if _tells(name, cells)}
    client, item, size = (_column(cells) for cells in written)
    return Rows(client, item, plain_sizes(size), further), written


def _tells(name: str, cells: pa.Array) -> bool:
    kind = cells.type
    nothing = pa.types.is_temporal(kind) or pa.types.is_nested(kind) or pa.types.is_null(kind)
    return name not in NO_FEATURES and not nothing and not pa.types.is_binary(kind)


def _text(table: Table, name: str) -> pa.Array:
    try:
        return table.columns[name].cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise BadInput(f"{name} holds something else than text", str(table.path)) from None


def _column(cells: pa.Array) -> Column:
    each = cells.dictionary_encode()
    values: list[Any] = each.dictionary.to_pylist()
    code = each.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    empty = np.array([_empty(value) for value in values] + [True])
    return Column(tuple(values), np.where(empty[code], -1, code))


def _empty(value: Any) -> bool:
    return value is None or value != value or not str(value).strip()  # noqa: PLR0124 (NaN stands for nothing)


def _days(table: Table) -> Ints | None:
    if "occurred_at" not in table.columns:
        return None
    return np.asarray(moments(table, "occurred_at") // DAY, np.int64)
