"""What the verbs `predict` and `evaluate` share: how days are typed, and a file of forecasts, written whole or not."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from errors import BadInput

if TYPE_CHECKING:
    from algorithms.risk.cadence import Forecast

ENDINGS: Final = (".csv", ".parquet")
LONGEST: Final = 3_650


def day_named(text: str, field: str) -> int:
    """Days from 1970-01-01 to the day that was typed. Raises BadInput."""
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()
    except ValueError:
        raise BadInput(f"{text!r} is no day such as 2026-11-21", field) from None


def check(horizon: int, out: Path | None = None) -> None:
    """Raises BadInput for a horizon out of range and a file that could not be written, before any work is done."""
    if not 0 < horizon <= LONGEST:
        raise BadInput(f"must be 1 to {LONGEST} days", "horizon")
    if out is not None:
        check_out(out)


def check_out(out: Path) -> None:
    """Raises BadInput for a file that could not be written."""
    if out.suffix.lower() not in ENDINGS:
        raise BadInput(f"{out.name} ends in none of {', '.join(ENDINGS)}", "out")
    if not out.parent.is_dir():
        raise BadInput(f"there is no folder {out.parent}", "out")


def write(out: Path, found: Forecast) -> None:
    """One row a client, by client_id. Raises BadInput when the file cannot be written."""
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import csv, parquet  # noqa: PLC0415

    columns = {
        "client_id": pa.array(found.ids, pa.string()),
        "p_alive": found.p_alive.round(6),
        "expected_orders": found.expected_orders.round(6),
        "p_order": found.p_order.round(6),
    }
    if found.expected_value is not None:
        columns["expected_value"] = found.expected_value.round(4)
    table, unfinished = pa.table(columns), out.with_name(f".{out.name}.{os.getpid()}")
    try:
        if out.suffix.lower() == ".parquet":
            parquet.write_table(table, unfinished)
        else:
            with unfinished.open("wb") as file:  # ids need no quotes
                file.write((",".join(table.column_names) + "\n").encode())
                csv.write_csv(table, file, csv.WriteOptions(include_header=False, quoting_style="none"))
        unfinished.replace(out)
    except OSError as failed:
        raise BadInput(f"cannot write {out}: {failed.strerror}", "out") from None
    finally:
        unfinished.unlink(missing_ok=True)
