"""Reads CSV, JSON Lines and Parquet as one stream of rows with their line numbers, however large the file."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import orjson

from errors import BadInput
from ingest.faults import RowFault

LONGEST_LINE: Final = 1_000_000  # bytes; a longer one is a mistake, and would fill the memory
PARQUET_ROWS: Final = 10_000

Row = dict[str, Any]


class FileLine(NamedTuple):
    """One row of a file; `number` is the line on which it begins (Parquet: the row), the first is 1.

    `row` leaves out what is empty or null. With a `fault` the row could not be read, and `row` holds what was there.
    """

    number: int
    row: Row
    fault: RowFault | None = None


@dataclass(frozen=True)
class Columns:
    """The columns that a kind of file requires and allows."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    def check(self, names_found: Sequence[str], path: Path) -> None:
        """Raise BadInput when columns are missing, unknown or repeated."""
        missing = [name for name in self.required if name not in names_found]
        unknown = [name for name in names_found if name not in self.required + self.optional]
        twice = sorted({name for name in names_found if names_found.count(name) > 1})
        for what, names in (("missing", missing), ("unknown", unknown), ("repeated", twice)):
            if names:
                hint = (
                    "; cells must be parted by commas"
                    if len(names_found) == 1 and set(names_found[0]) & set(";\t|")
                    else ""
                )
                raise BadInput(
                    f"{what} in the header: {', '.join(map(repr, names))} ({self.describe()}){hint}", str(path)
                )

    def describe(self) -> str:
        """Describe the columns that a header may hold."""
        others = f"; others: {', '.join(self.optional)}" if self.optional else ""
        return f"required: {', '.join(self.required)}{others}"


@dataclass
class Source:
    """An open file: its rows, and how far they have been read. `done` and `total` are bytes (Parquet: rows)."""

    lines: Iterator[FileLine]
    total: int
    tell: Callable[[], int]


def open_source(path: Path, columns: Columns) -> Source:
    """Open `path` with the reader for its ending. Raises BadInput when it cannot be read at all."""
    readers = {".csv": _open_csv, ".jsonl": _open_json_lines, ".ndjson": _open_json_lines, ".parquet": _open_parquet}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise BadInput(f"the name must end in {', '.join(readers)}", str(path))
    try:
        path.open("rb").close()
        return reader(path, columns)
    except OSError as refused:
        raise BadInput(f"cannot be read: {refused.strerror or refused}", str(path)) from None


def require_text(path: Path) -> None:
    """Raise BadInput unless the first line of `path` is UTF-8; spreadsheets also write UTF-16 and older encodings."""
    with path.open("rb") as file:
        first = file.readline(LONGEST_LINE)
    try:
        first.decode()
    except UnicodeDecodeError:
        raise BadInput("is not UTF-8; save it anew as 'CSV UTF-8'", str(path)) from None


def _open_csv(path: Path, columns: Columns) -> Source:
    require_text(path)
    read = 0

    def lines() -> Iterator[str]:
        nonlocal read
        # Bytes that are not UTF-8 become surrogates, so that one bad byte costs one row.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            for text in file:
                read += len(text)
                yield text

    reader = csv.reader(lines())
    header = [name.strip() for name in _read_header(reader) or []]
    columns.check(header, path)
    return Source(_read_csv_rows(reader, header), path.stat().st_size, lambda: read)


def _read_header(reader: Any) -> list[str] | None:
    try:
        return next(reader, None)
    except csv.Error as wrong:
        raise BadInput(f"is not CSV: {wrong}") from None


def _read_csv_rows(reader: Any, header: list[str]) -> Iterator[FileLine]:
    while True:
        try:
            yield from _read_csv_run(reader, header)
            return
        except csv.Error as wrong:
            yield FileLine(
                reader.line_num, {}, RowFault("", f"is not CSV: {wrong}; a quote may never have been closed")
            )


def _read_csv_run(reader: Any, header: list[str]) -> Iterator[FileLine]:
    width, number = len(header), reader.line_num + 1
    for cells in reader:
        if len(cells) == width:
            yield FileLine(number, {name: cell for name, cell in zip(header, cells, strict=True) if cell})
        elif cells:
            row = {name: cell for name, cell in zip(header, cells, strict=False) if cell}
            yield FileLine(number, row, RowFault("", f"has {len(cells)} cells where the header has {width}"))
        number = reader.line_num + 1


def _open_json_lines(path: Path, _columns: Columns) -> Source:
    read = 0

    def rows() -> Iterator[FileLine]:
        nonlocal read
        with path.open("rb") as file:
            for number, text in enumerate(iter(lambda: file.readline(LONGEST_LINE + 1), b""), 1):
                read = file.tell()
                if len(text) > LONGEST_LINE:
                    _skip_line(file, text)
                    yield FileLine(number, {}, RowFault("", f"is longer than {LONGEST_LINE:,} bytes"))
                elif text.strip(b"\xef\xbb\xbf \t\r\n"):
                    yield _parse_json_line(number, text.removeprefix(b"\xef\xbb\xbf"))

    return Source(rows(), path.stat().st_size, lambda: read)


def _skip_line(file: BinaryIO, text: bytes) -> None:
    while text and not text.endswith(b"\n"):
        text = file.readline(LONGEST_LINE)


def _parse_json_line(number: int, text: bytes) -> FileLine:
    try:
        parsed = orjson.loads(text)
    except orjson.JSONDecodeError as wrong:
        return FileLine(
            number, {"text": text[:2_000].decode(errors="replace")}, RowFault("", f"is not JSON: {wrong.msg}")
        )
    if not isinstance(parsed, dict):
        return FileLine(number, {"value": parsed}, RowFault("", "is not a JSON object"))
    return FileLine(number, {name: value for name, value in parsed.items() if value is not None})


def _open_parquet(path: Path, columns: Columns) -> Source:
    import pyarrow as pa  # noqa: PLC0415 (slow to import; most files are not Parquet)
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        file = pq.ParquetFile(path, pre_buffer=False)
    except pa.ArrowInvalid:
        raise BadInput("is not a Parquet file", str(path)) from None
    columns.check(file.schema_arrow.names, path)
    read = 0

    def rows() -> Iterator[FileLine]:
        nonlocal read
        try:
            for batch in file.iter_batches(PARQUET_ROWS):
                yield from _read_parquet_rows(batch, read)
                read += batch.num_rows
        except pa.ArrowException as broken:
            raise BadInput(f"breaks off after row {read}: {broken}; the rows before are in", str(path)) from None

    return Source(rows(), file.metadata.num_rows, lambda: read)


def _read_parquet_rows(batch: Any, before: int) -> Iterator[FileLine]:
    import pyarrow as pa  # noqa: PLC0415

    columns = []
    for column in batch.columns:
        if pa.types.is_timestamp(column.type):  # nanoseconds are finer than what we keep
            column = column.cast(pa.timestamp("us", column.type.tz), safe=False)  # noqa: PLW2901
        columns.append(column.to_pylist())
    names = batch.schema.names
    for number, cells in enumerate(zip(*columns, strict=True), before + 1):
        yield FileLine(number, {name: cell for name, cell in zip(names, cells, strict=True) if not _is_empty(cell)})


def _is_empty(cell: Any) -> bool:
    return cell is None or cell == "" or cell != cell  # noqa: PLR0124 (not a number: what some tools write for nothing)
