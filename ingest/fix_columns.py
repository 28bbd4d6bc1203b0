"""Columns of a file as arrays, checked as a whole; only when something is wrong is the line looked up."""

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
from ingest.readers import Columns, check_text
from models.base import ID_PATTERN

WHOLE: Final = r"^[0-9]{1,9}(\.0*)?$"
MONEY: Final = r"^[0-9]{1,9}(\.[0-9]{0,2}0*)?$"
LARGEST: Final = 999_999_999


@dataclass(frozen=True)
class Table:
    """A file's columns. CSV cells are all text; Parquet columns have the types that they came with."""

    path: Path
    columns: dict[str, pa.Array]

    def refuse(self, place: int, field: str, reason: str) -> NoReturn:
        """Raise BadInput for the row at `place`."""
        where = f"row {place + 1}" if self.path.suffix.lower() == ".parquet" else f"line {_line(self.path, place)}"
        raise BadInput(f"{field} {reason}", f"{self.path}, {where}")

    def demand(self, right: Bools, field: str, reason: str) -> None:
        """Raise BadInput for the first row that is not right."""
        if not right.all():
            self.refuse(int(np.flatnonzero(~right)[0]), field, reason)


def read(path: Path, names: tuple[str, ...], optional: tuple[str, ...] | None = ()) -> Table:
    """The columns `names` of a CSV or Parquet file, and those of `optional` that it has (None: whatever else it has).
    Raises BadInput when it cannot be read, lacks some or has others."""
    ending = path.suffix.lower()
    if ending not in (".csv", ".parquet"):
        raise BadInput("must end in .csv or .parquet", str(path))
    try:
        path.open("rb").close()
        table = _parquet(path) if ending == ".parquet" else _csv(path)
    except OSError as refused:
        raise BadInput(f"cannot be read: {refused.strerror or refused}", str(path)) from None
    except pa.ArrowInvalid as wrong:
        raise BadInput(f"is no {ending[1:]} file: {str(wrong).splitlines()[0]}", str(path)) from None
    found = [name.strip() for name in table.column_names]
    known = (name for name in found if name not in names) if optional is None else optional
    Columns(names, tuple(known)).check(found, path)
    return Table(path, {name: _one(table.column(place)) for place, name in enumerate(found)})


def _one(column: pa.ChunkedArray) -> pa.Array:
    whole_column = column.combine_chunks()
    if pa.types.is_dictionary(whole_column.type):
        whole_column = whole_column.cast(whole_column.type.value_type)
    return whole_column


def _parquet(path: Path) -> pa.Table:
    import pyarrow.parquet as pq  # noqa: PLC0415 (slow to import)

    return pq.read_table(path, use_threads=False)


def _csv(path: Path) -> pa.Table:
    from pyarrow import csv as arrow_csv  # noqa: PLC0415

    check_text(path)
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


def _line(path: Path, place: int) -> int:
    """The line of the row at `place`; empty lines are no rows."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.reader(file)
        rows = -1
        for cells in reader:
            rows += bool(cells)
            if rows == place + 1:
                break
        return reader.line_num


def identifiers(table: Table, name: str) -> pa.Array:
    """Ids as text. Raises BadInput for one that is missing or not written like an id."""
    column = texts(table, name)
    right = pc.match_substring_regex(column, ID_PATTERN)
    table.demand(_bools(right), name, "must be 1 to 64 letters, digits, dots, underscores or hyphens")
    return column


def texts(table: Table, name: str) -> pa.Array:
    """Text that is not empty. Raises BadInput."""
    column = table.columns[name].cast(pa.string())
    table.demand(_bools(pc.greater(pc.binary_length(column), 0).fill_null(False)), name, "is missing")
    return column


def whole(table: Table, name: str, *, optional: bool = False) -> Ints:
    """Whole numbers from 0. Raises BadInput."""
    return _counted(table, name, WHOLE, 1, "must be a whole number from 0 to 999999999", optional)


def money(table: Table, name: str, *, optional: bool = False) -> Ints:
    """Cents. Raises BadInput for anything between two cents."""
    return _counted(table, name, MONEY, 100, "must be an amount from 0 in exact cents, such as 49.90", optional)


def numbers(table: Table, name: str) -> Floats:
    """Finite numbers. Raises BadInput."""
    column = table.columns[name]
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        shaped = pc.match_substring_regex(column, r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$")
        table.demand(_bools(shaped), name, "must be a number")
    found = _floats(table, name)
    table.demand(np.isfinite(found), name, "must be a finite number")
    return found


def _counted(table: Table, name: str, pattern: str, unit: int, wanted: str, optional: bool) -> Ints:
    column = table.columns[name]
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        empty = _bools(pc.equal(column, "").fill_null(True))
        table.demand(_bools(pc.match_substring_regex(column, pattern)) | (empty & optional), name, wanted)
        column = pc.if_else(pa.array(empty), "0", column)
        found = _floats(Table(table.path, {name: column}), name)
    else:
        found = _floats(table, name)
        empty = np.isnan(found)
        exact = np.abs(found * unit - np.round(found * unit)) < 1e-6
        right = (found >= 0) & (found <= LARGEST) & exact
        table.demand(right | (empty & optional), name, wanted)
    rounded = np.round(np.where(empty, 0.0, found) * unit).astype(np.int64)
    return np.where(empty, NO_LIMIT, rounded)


def _floats(table: Table, name: str) -> Floats:
    """Amounts up to LARGEST lie well within what a float holds to the cent."""
    try:
        column: Any = table.columns[name].cast(pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise BadInput(f"{name} holds something else than numbers", str(table.path)) from None
    found: Floats = column.to_numpy(zero_copy_only=False).astype(np.float64)
    return found


def _bools(column: Any) -> Bools:
    found: Bools = column.fill_null(False).to_numpy(zero_copy_only=False).astype(np.bool_)
    return found
