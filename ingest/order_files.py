"""Orders from a plain file, CSV, JSON Lines or Parquet: no store, no server. The first bad line stops it, by name."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from algorithms.risk.orders import Orders, merged
from errors import BadInput
from ingest.faults import Fault
from ingest.readers import Columns, Line, open_source
from models.base import FIRST_YEAR, ID_PATTERN, LAST_YEAR

ORDERS: Final = Columns(("client_id", "occurred_at"), ("value",))
EVENTS: Final = Columns(
    ("client_id", "occurred_at"), ("value", "type", "event_id", "item_id", "order_id", "quantity", "currency")
)
"""Orders, or the events of docs/formats.md, of which those of the type `order_placed` are orders."""
ORDER: Final = "order_placed"
EPOCH: Final = date(1970, 1, 1).toordinal()
MOST: Final = 1e12
REPORT: Final = 20_000

_ID: Final = re.compile(ID_PATTERN)


def read_orders(path: Path, columns: Columns = ORDERS, more: Callable[[int], None] = lambda _: None) -> Orders:
    """The orders in `path`. `more` is told how many rows were read since it was last called.

    Raises BadInput naming the file and, for a row, its line, the field and what to mend.
    """
    ids: list[str] = []
    days: list[int] = []
    values: list[float | None] = []
    days_of: dict[Any, int] = {}
    read = 0
    for read, line in enumerate(open_source(path, columns).lines, 1):
        if line.fault is not None:
            raise _bad(path, line, line.fault)
        if line.row.get("type", ORDER) == ORDER:
            ids.append(_client(path, line))
            days.append(_day(path, line, days_of))
            values.append(_value(path, line))
        if read % REPORT == 0:
            more(REPORT)
    more(read % REPORT)
    if not ids:
        raise BadInput("holds no order", str(path))
    return merged(ids, np.array(days, np.int64), _all_or_none(path, values))


def _bad(path: Path, line: Line, fault: Fault) -> BadInput:
    where = f"line {line.number}"
    return BadInput(f"{where}, {fault.field}: {fault.reason}" if fault.field else f"{where} {fault.reason}", str(path))


def _client(path: Path, line: Line) -> str:
    found = line.row.get("client_id")
    if isinstance(found, int) and not isinstance(found, bool):  # what a Parquet column of whole numbers holds
        found = str(found)
    if found is None:
        raise _bad(path, line, Fault("client_id", "is missing"))
    if not isinstance(found, str) or not _ID.match(found) or found.endswith("\n"):
        told = "must be 1 to 64 letters, digits, dots, underscores or hyphens"
        raise _bad(path, line, Fault("client_id", told))
    return found


def _day(path: Path, line: Line, known: dict[Any, int]) -> int:
    """The UTC day; a bare day and a moment without offset are taken to be UTC. The same text is read once."""
    found = line.row.get("occurred_at")
    if found is None:
        raise _bad(path, line, Fault("occurred_at", "is missing"))
    if (day := known.get(found)) is not None:
        return day
    try:
        moment = datetime.fromisoformat(found) if isinstance(found, str) and found[4:5] == "-" else found
        if isinstance(moment, datetime):
            moment = (moment.astimezone(UTC) if moment.tzinfo else moment).date()
        if not isinstance(moment, date) or not FIRST_YEAR <= moment.year < LAST_YEAR:
            raise ValueError
    except (ValueError, OverflowError):
        told = f"{str(found)[:40]!r} is neither a day such as 2026-03-01 nor a moment such as 2026-03-01T09:30:00Z"
        raise _bad(path, line, Fault("occurred_at", told)) from None
    known[found] = moment.toordinal() - EPOCH
    return known[found]


def _value(path: Path, line: Line) -> float | None:
    found = line.row.get("value")
    if found is None:
        return None
    try:
        value = float("nan") if isinstance(found, bool) else float(found)
    except (TypeError, ValueError):
        value = float("nan")
    if not math.isfinite(value) or abs(value) > MOST:
        raise _bad(path, line, Fault("value", f"{str(found)[:40]!r} is not an amount such as 59.90"))
    return value


def _all_or_none(path: Path, values: list[float | None]) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """Values of all orders, or none where no order has one."""
    missing = sum(value is None for value in values)
    if missing == len(values):
        return None
    if missing:
        raise BadInput(f"value: is missing in {missing:,} of {len(values):,} orders; give all or none", str(path))
    return np.array(values, np.float64)
