"""Reads orders from a plain file, CSV, JSON Lines or Parquet, without store or server. The first bad line stops it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from algorithms.risk.orders import Orders, merge_orders
from errors import BadInput
from ingest.faults import RowFault
from ingest.readers import open_source
from ingest.rows import Columns, FileLine
from models.base import FIRST_YEAR, ID_PATTERN, LAST_YEAR

ORDERS: Final = Columns(("client_id", "occurred_at"), ("value",))
EVENTS: Final = Columns(
    ("client_id", "occurred_at"),
    ("value", "type", "event_id", "item_id", "order_id", "quantity", "currency", "offer_code"),
)
"""Orders, or the events of docs/formats.md, of which those of the type `order_placed` are orders."""
ORDER: Final = "order_placed"
EPOCH: Final = date(1970, 1, 1).toordinal()
MOST: Final = 1e12
REPORT: Final = 20_000

_ID: Final = re.compile(ID_PATTERN)


def read_orders(path: Path, columns: Columns = ORDERS, report: Callable[[int], None] = lambda _: None) -> Orders:
    """Read the orders in `path`, and call `report` with the number of rows read since the last call.

    Raises:
        BadInput: names the file and, for a row, its line, the field and what to correct.
    """
    ids: list[str] = []
    days: list[int] = []
    values: list[float | None] = []
    days_of: dict[Any, int] = {}
    read = 0
    for read, line in enumerate(open_source(path, columns).lines, 1):
        if line.fault is not None:
            raise _build_error(path, line, line.fault)
        if line.row.get("type", ORDER) == ORDER:
            ids.append(_parse_client(path, line))
            days.append(_parse_day(path, line, days_of))
            values.append(_parse_value(path, line))
        if read % REPORT == 0:
            report(REPORT)
    report(read % REPORT)
    if not ids:
        raise BadInput("holds no order", str(path))
    return merge_orders(ids, np.array(days, np.int64), _require_all_or_none(path, values))


def _build_error(path: Path, line: FileLine, fault: RowFault) -> BadInput:
    where = f"line {line.number}"
    return BadInput(f"{where}, {fault.field}: {fault.reason}" if fault.field else f"{where} {fault.reason}", str(path))


def _parse_client(path: Path, line: FileLine) -> str:
    client_id = line.row.get("client_id")
    if isinstance(client_id, int) and not isinstance(client_id, bool):  # what a Parquet column of whole numbers holds
        client_id = str(client_id)
    if client_id is None:
        raise _build_error(path, line, RowFault("client_id", "is missing"))
    if not isinstance(client_id, str) or not _ID.match(client_id) or client_id.endswith("\n"):
        reason = "must be 1 to 64 letters, digits, dots, underscores or hyphens"
        raise _build_error(path, line, RowFault("client_id", reason))
    return client_id


def _parse_day(path: Path, line: FileLine, known: dict[Any, int]) -> int:
    """Parse the UTC day; days and moments without an offset are UTC. Each text is parsed once and kept in `known`."""
    cell = line.row.get("occurred_at")
    if cell is None:
        raise _build_error(path, line, RowFault("occurred_at", "is missing"))
    if (day := known.get(cell)) is not None:
        return day
    try:
        moment = datetime.fromisoformat(cell) if isinstance(cell, str) and cell[4:5] == "-" else cell
        if isinstance(moment, datetime):
            moment = (moment.astimezone(UTC) if moment.tzinfo else moment).date()
        if not isinstance(moment, date) or not FIRST_YEAR <= moment.year < LAST_YEAR:
            raise ValueError
    except (ValueError, OverflowError):
        reason = f"{str(cell)[:40]!r} is neither a day such as 2026-03-01 nor a moment such as 2026-03-01T09:30:00Z"
        raise _build_error(path, line, RowFault("occurred_at", reason)) from None
    known[cell] = moment.toordinal() - EPOCH
    return known[cell]


def _parse_value(path: Path, line: FileLine) -> float | None:
    cell = line.row.get("value")
    if cell is None:
        return None
    try:
        value = float("nan") if isinstance(cell, bool) else float(cell)
    except (TypeError, ValueError):
        value = float("nan")
    if not math.isfinite(value) or abs(value) > MOST:
        raise _build_error(path, line, RowFault("value", f"{str(cell)[:40]!r} is not an amount such as 59.90"))
    return value


def _require_all_or_none(path: Path, values: list[float | None]) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """Return the values of all orders, or None when no order has one. Raises BadInput when only some have one."""
    missing = sum(value is None for value in values)
    if missing == len(values):
        return None
    if missing:
        raise BadInput(f"value: is missing in {missing:,} of {len(values):,} orders; give all or none", str(path))
    return np.array(values, np.float64)
