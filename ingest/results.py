"""Files that a command writes: whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from errors import BadInput

TABLES: Final = (".csv", ".parquet")


def check(path: Path, option: str = "out", endings: Sequence[str] = TABLES) -> None:
    """Raises BadInput when a file cannot come there, before any work is done for it."""
    if path.suffix.lower() not in endings:
        raise BadInput(f"{path.name} must end in {', '.join(endings[:-1])} or {endings[-1]}", option)
    if not path.parent.is_dir():
        raise BadInput(f"there is no folder {path.parent}", option)


@contextmanager
def whole(path: Path, option: str = "out") -> Iterator[Path]:
    """A path to write to inside the block; what was written comes into its place at the end of it. Raises BadInput."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield unfinished
        unfinished.replace(path)
    except OSError as failed:
        raise BadInput(f"cannot write {path}: {failed.strerror}", option) from None
    finally:
        unfinished.unlink(missing_ok=True)


def write(path: Path, columns: dict[str, Any], option: str = "out") -> None:
    """A CSV or Parquet file of these columns; cells are quoted only where one needs it. Raises BadInput."""
    import pyarrow as pa  # noqa: PLC0415 (slow to import, as are its parts)
    from pyarrow import csv, parquet  # noqa: PLC0415

    check(path, option)
    table = pa.table(columns)
    with whole(path, option) as unfinished:
        if path.suffix.lower() == ".parquet":
            parquet.write_table(table, unfinished)
            return
        with unfinished.open("wb") as file:
            file.write((",".join(table.column_names) + "\n").encode())
            csv.write_csv(table, file, csv.WriteOptions(include_header=False, quoting_style=_quotes(table)))


def _quotes(table: Any) -> str:
    """Arrow's "needed" quotes every text; ids need none."""
    from pyarrow import compute, types  # noqa: PLC0415

    texts = (column for column in table.columns if types.is_string(column.type))
    odd = any(compute.any(compute.match_substring_regex(text, '[",\r\n]')).as_py() for text in texts)
    return "needed" if odd else "none"
