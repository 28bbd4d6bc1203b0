"""Reads columns of a file as arrays and checks them as a whole; the line is looked up only when something is wrong."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from algorithms.assembly.model import NO_LIMIT, Bools, Floats, Ints
from errors import BadInput
from ingest.csv_reader import require_text
from ingest.rows import Columns
from models.base import ID_PATTERN

WHOLE: Final = r"^[0-9]{1,9}(\.0*)?$"
MONEY: Final = r"^[0-9]{1,9}(\.[0-9]{0,2}0*)?$"
LARGEST: Final = 999_999_999


@dataclass(frozen=True)
class Table:
    """A file's columns. CSV cells are all text; Parquet columns keep their types."""

    path: Path
    columns: dict[str, pa.Array]

    def refuse(self, index: int, field: str, reason: str) -> NoReturn:
        """Raise BadInput for the row at `index`."""
        where = f"row {index + 1}" if self.path.suffix.lower() == ".parquet" else f"line {_find_line(self.path, index)}"
        raise BadInput(f"{field} {reason}", f"{self.path}, {where}")

    def require(self, right: Bools, field: str, reason: str) -> None:
        """Raise BadInput for the first row that is not right."""
        if not right.all():
            self.refuse(int(np.flatnonzero(~right)[0]), field, reason)


def read_table(path: Path, names: tuple[str, ...], optional: tuple[str, ...] | None = ()) -> Table:
    """Read the columns `names` of a CSV or Parquet file, and those of `optional` that it has (None: all others too).

    Raises:
        BadInput: the file cannot be read, lacks a column or has others.
    """
    ending = path.suffix.lower()
    if ending not in (".csv", ".parquet"):
        raise BadInput("must end in .csv or .parquet", str(path))
    try:
        path.open("rb").close()
        table = _read_parquet(path) if ending == ".parquet" else _read_csv(path)
    except OSError as refused:
        raise BadInput(f"cannot be read: {refused.strerror or refused}", str(path)) from None
    except pa.ArrowInvalid as wrong:
        raise BadInput(f"is no {ending[1:]} file: {str(wrong).splitlines()[0]}", str(path)) from None
    names_found = [name.strip() for name in table.column_names]
    allowed = (name for name in names_found if name not in names) if optional is None else optional
    Columns(names, tuple(allowed)).check(names_found, path)
    return Table(path, {name: _combine_chunks(table.column(index)) for index, name in enumerate(names_found)})


def _combine_chunks(column: pa.ChunkedArray) -> pa.Array:
    whole_column = column.combine_chunks()
    if pa.types.is_dictionary(whole_column.type):
        whole_column = whole_column.cast(whole_column.type.value_type)
    return whole_column


def _read_parquet(path: Path) -> pa.Table:
    import pyarrow.parquet as pq  # noqa: PLC0415 (slow to import)

    return pq.read_table(path, use_threads=False)


def _read_csv(path: Path) -> pa.Table:
    from pyarrow import csv as arrow_csv  # noqa: PLC0415

    require_text(path)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        header = next(csv.reader(file), None)
    if not header:
        raise BadInput("is empty; the first line names the columns", str(path))
    texts_only = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False, check_utf8=True
    )
    try:
        return arrow_csv.read_csv(path, convert_options=texts_only)
    except pa.ArrowInvalid:
        _find_ragged(path, len(header))
        raise


def _find_ragged(path: Path, width: int) -> None:
    """Raise BadInput for the first line that has not as many cells as the header."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.reader(file)
        for cells in reader:
            if cells and len(cells) != width:
                raise BadInput(
                    f"has {len(cells)} cells where the header has {width}", f"{path}, line {reader.line_num}"
                )


def _find_line(path: Path, index: int) -> int:
    """Find the line of the row at `index`; empty lines are not rows."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.reader(file)
        rows = -1
        for cells in reader:
            rows += bool(cells)
            if rows == index + 1:
                break
        return reader.line_num


def read_ids(table: Table, name: str) -> pa.Array:
    """Read ids as text. Raises BadInput for one that is missing or not written like an id."""
    column = read_texts(table, name)
    right = pc.match_substring_regex(column, ID_PATTERN)
    table.require(_to_bools(right), name, "must be 1 to 64 letters, digits, dots, underscores or hyphens")
    return column


def read_texts(table: Table, name: str) -> pa.Array:
    """Read text that is not empty. Raises BadInput."""
    column = table.columns[name].cast(pa.string())
    table.require(_to_bools(pc.greater(pc.binary_length(column), 0).fill_null(False)), name, "is missing")
    return column


def read_whole_numbers(table: Table, name: str, *, optional: bool = False) -> Ints:
    """Read whole numbers from 0; a missing `optional` one becomes NO_LIMIT. Raises BadInput."""
    return _read_amounts(table, name, WHOLE, 1, "must be a whole number from 0 to 999999999", optional)


def read_cents(table: Table, name: str, *, optional: bool = False) -> Ints:
    """Read amounts as cents; a missing `optional` one becomes NO_LIMIT. Raises BadInput for a fraction of a cent."""
    return _read_amounts(table, name, MONEY, 100, "must be an amount from 0 in exact cents, such as 49.90", optional)


def read_numbers(table: Table, name: str) -> Floats:
    """Read finite numbers. Raises BadInput."""
    column = table.columns[name]
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        shaped = pc.match_substring_regex(column, r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$")
        table.require(_to_bools(shaped), name, "must be a number")
    values = _read_floats(table, name)
    table.require(np.isfinite(values), name, "must be a finite number")
    return values


def _read_amounts(table: Table, name: str, pattern: str, unit: int, requirement: str, optional: bool) -> Ints:
    column = table.columns[name]
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        empty = _to_bools(pc.equal(column, "").fill_null(True))
        table.require(_to_bools(pc.match_substring_regex(column, pattern)) | (empty & optional), name, requirement)
        column = pc.if_else(pa.array(empty), "0", column)
        values = _read_floats(Table(table.path, {name: column}), name)
    else:
        values = _read_floats(table, name)
        empty = np.isnan(values)
        exact = np.abs(values * unit - np.round(values * unit)) < 1e-6
        right = (values >= 0) & (values <= LARGEST) & exact
        table.require(right | (empty & optional), name, requirement)
    rounded = np.round(np.where(empty, 0.0, values) * unit).astype(np.int64)
    return np.where(empty, NO_LIMIT, rounded)


def _read_floats(table: Table, name: str) -> Floats:
    """Read amounts as floats, which hold amounts up to LARGEST exactly to the cent."""
    try:
        column: Any = table.columns[name].cast(pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise BadInput(f"{name} holds something else than numbers", str(table.path)) from None
    values: Floats = column.to_numpy(zero_copy_only=False).astype(np.float64)
    return values


def _to_bools(column: Any) -> Bools:
    values: Bools = column.fill_null(False).to_numpy(zero_copy_only=False).astype(np.bool_)
    return values
