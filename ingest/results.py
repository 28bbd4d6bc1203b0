"""Writes the files of a command's results: a file is written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from errors import BadInput

TABLES: Final = (".csv", ".parquet")


def check_path(path: Path, option: str = "out", endings: Sequence[str] = TABLES) -> None:
    """Raise BadInput when no file can be written at `path`; commands call this before any work."""
    if path.suffix.lower() not in endings:
        raise BadInput(f"{path.name} must end in {', '.join(endings[:-1])} or {endings[-1]}", option)
    if not path.parent.is_dir():
        raise BadInput(f"there is no folder {path.parent}", option)


@contextmanager
def open_whole(path: Path, option: str = "out") -> Iterator[Path]:
    """Give a temporary path to write to; at the end of the block the file moves to `path`. Raises BadInput."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield unfinished
        unfinished.replace(path)
    except OSError as failed:
        raise BadInput(f"cannot write {path}: {failed.strerror}", option) from None
    finally:
        unfinished.unlink(missing_ok=True)


def write_table(path: Path, columns: dict[str, Any], option: str = "out") -> None:
    """Write a CSV or Parquet file of these columns; CSV cells are quoted only where one needs it. Raises BadInput."""
    import pyarrow as pa  # noqa: PLC0415 (slow to import, as are its parts)
    from pyarrow import csv, parquet  # noqa: PLC0415

    check_path(path, option)
    table = pa.table(columns)
    with open_whole(path, option) as unfinished:
        if path.suffix.lower() == ".parquet":
            parquet.write_table(table, unfinished)
            return
        with unfinished.open("wb") as file:
            file.write((",".join(table.column_names) + "\n").encode())
            csv.write_csv(table, file, csv.WriteOptions(include_header=False, quoting_style=_choose_quoting(table)))


def _choose_quoting(table: Any) -> str:
    """Choose "none" unless a cell needs quotes; Arrow's "needed" would quote every text."""
    from pyarrow import compute, types  # noqa: PLC0415

    texts = (column for column in table.columns if types.is_string(column.type))
    odd = any(compute.any(compute.match_substring_regex(text, '[",\r\n]')).as_py() for text in texts)
    return "needed" if odd else "none"
