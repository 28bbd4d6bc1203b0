"""Reads CSV, JSON Lines and Parquet as one stream of rows with their line numbers, however large the file."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from errors import BadInput
from ingest.csv_reader import CsvReader
from ingest.faults import RowFault
from ingest.file_format import AS_DOCUMENTED, FileFormat
from ingest.rows import Columns, FileLine, Row

LONGEST_LINE: Final = 1_000_000  # bytes; a longer one is a mistake, and would fill the memory
PARQUET_ROWS: Final = 10_000


@dataclass
class Source:
    """An open file: its rows, and how far they have been read. `done` and `total` are bytes (Parquet: rows)."""

    lines: Iterator[FileLine]
    total: int
    tell: Callable[[], int]
    columns: tuple[str, ...] | None = None
    """The columns that every row has; None where rows state their own."""
    count_blank_rows: Callable[[], int] = int


def open_source(path: Path, columns: Columns, written: FileFormat = AS_DOCUMENTED) -> Source:
    """Open `path` with the reader for its ending. Raises BadInput when it cannot be read at all."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise BadInput(f"the name must end in {', '.join(_READERS)}", str(path))
    try:
        path.open("rb").close()
        return reader(path, columns, written)
    except OSError as refused:
        raise BadInput(f"cannot be read: {refused.strerror or refused}", str(path)) from None


def _open_csv(path: Path, columns: Columns, written: FileFormat) -> Source:
    reader = CsvReader(path, columns, written)
    return Source(
        reader.read_rows(),
        path.stat().st_size,
        lambda: reader.characters,
        tuple(filter(None, reader.header)),
        lambda: reader.blank_rows,
    )


def _open_json_lines(path: Path, _columns: Columns, written: FileFormat) -> Source:
    read, ours = 0, {theirs: name for name, theirs in written.columns.items()}

    def rows() -> Iterator[FileLine]:
        nonlocal read
        with path.open("rb") as file:
            for number, text in enumerate(iter(lambda: file.readline(LONGEST_LINE + 1), b""), 1):
                read = file.tell()
                if len(text) > LONGEST_LINE:
                    _skip_line(file, text)
                    yield FileLine(number, {}, RowFault("", f"is longer than {LONGEST_LINE:,} bytes"))
                elif text.strip(b"\xef\xbb\xbf \t\r\n"):
                    yield _parse_json_line(number, text.removeprefix(b"\xef\xbb\xbf"), ours, written.left_out)

    return Source(rows(), path.stat().st_size, lambda: read)


def _skip_line(file: BinaryIO, text: bytes) -> None:
    while text and not text.endswith(b"\n"):
        text = file.readline(LONGEST_LINE)


def _parse_json_line(number: int, text: bytes, ours: dict[str, str], left_out: Container[str] = ()) -> FileLine:
    try:
        parsed = orjson.loads(text)
    except orjson.JSONDecodeError as wrong:
        return FileLine(
            number, {"text": text[:2_000].decode(errors="replace")}, RowFault("", f"is not JSON: {wrong.msg}")
        )
    if not isinstance(parsed, dict):
        return FileLine(number, {"value": parsed}, RowFault("", "is not a JSON object"))
    row: Row = parsed
    named = {ours.get(name, name): value for name, value in row.items() if value is not None and name not in left_out}
    return FileLine(number, named)


def _open_parquet(path: Path, columns: Columns, written: FileFormat) -> Source:
    import pyarrow as pa  # noqa: PLC0415 (slow to import; most files are not Parquet)
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        file = pq.ParquetFile(path, pre_buffer=False)
    except pa.ArrowInvalid:
        raise BadInput("is not a Parquet file", str(path)) from None
    names = written.rename(file.schema_arrow.names)
    columns.check([name for name in names if name], path)
    read = 0

    def rows() -> Iterator[FileLine]:
        nonlocal read
        try:
            for batch in file.iter_batches(PARQUET_ROWS):
                yield from _read_parquet_rows(batch, read, names)
                read += batch.num_rows
        except pa.ArrowException as broken:
            raise BadInput(f"breaks off after row {read}: {broken}; the rows before are in", str(path)) from None

    return Source(rows(), file.metadata.num_rows, lambda: read, tuple(filter(None, names)))


def _read_parquet_rows(batch: Any, before: int, names: list[str]) -> Iterator[FileLine]:
    import pyarrow as pa  # noqa: PLC0415

    columns = []
    for column in batch.columns:
        if pa.types.is_timestamp(column.type):  # nanoseconds are finer than what we keep
            column = column.cast(pa.timestamp("us", column.type.tz), safe=False)  # noqa: PLW2901
        columns.append(column.to_pylist())
    for number, cells in enumerate(zip(*columns, strict=True), before + 1):
        yield FileLine(
            number, {name: cell for name, cell in zip(names, cells, strict=True) if name and not _is_empty(cell)}
        )


def _is_empty(cell: Any) -> bool:
    return cell is None or cell == "" or cell != cell  # noqa: PLR0124 (not a number: what some tools write for nothing)


_READERS: Final[dict[str, Callable[[Path, Columns, FileFormat], Source]]] = {
    ".csv": _open_csv,
    ".tsv": _open_csv,
    ".jsonl": _open_json_lines,
    ".ndjson": _open_json_lines,
    ".parquet": _open_parquet,
}
