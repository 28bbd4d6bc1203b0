"""Hold the units of a box, all or none, and propose it to a stylist."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from models.fixes import FixState
from services.context import ServiceContext
from services.fixes.fix_steps import compute_decision_deadline, compute_hold_end
from store.fixes import fixes, reservations
from store.fixes.rows import FixRow, parse_candidates


def propose_box(
    context: ServiceContext, connection: Connection, row: FixRow, box: Sequence[str], now: datetime
) -> bool:
    """Hold the units of `box` and propose it; return whether they were all free. The row is locked by the caller."""
    candidates = {item.sku: item for item in parse_candidates(row)}
    units = [candidates[sku] for sku in box]
    short = reservations.reserve_box(connection, row.fix_id, units, now, compute_hold_end(context.settings, now))
    if short:
        fixes.move_fix(connection, row.fix_id, FixState.RANKED, now, code="short_of_stock", data={"short": list(short)})
        return False
    by = {"decide_by": compute_decision_deadline(context.settings, now)}
    return fixes.move_fix(connection, row.fix_id, FixState.PROPOSED, now, values=by, data={"in": list(box)})
