"""One Fix as the API and the command tell it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from models.fix_views import BoxedItem, FixView, PassedStep
from models.fixes import FixId, FixWish
from store import fixes, reservations
from store.fix_rows import counts_of
from store.fixes import FixRow


def view(connection: Connection, fix_id: FixId) -> FixView:
    """Where a Fix stands, with its box and how it came there. Raises NotFound."""
    row = fixes.get(connection, fix_id)
    return FixView(
        **_told(row),
        wish=FixWish.model_validate(row.wish),
        said=tuple((row.note_read or {}).get("said", ())),
        left_out=counts_of(row),
        box=tuple(
            BoxedItem.model_validate(each, from_attributes=True) for each in reservations.box_rows(connection, fix_id)
        ),
        steps=tuple(
            PassedStep(at=each.at, state=each.state, code=each.code) for each in fixes.steps(connection, fix_id)
        ),
    )


def _told(row: FixRow) -> dict[str, Any]:
    names = ("fix_id", "client_id", "state", "code", "wave_id", "decide_by", "decided_by", "created_at", "shipped_at")
    return {name: getattr(row, name) for name in (*names, "algorithm", "version", "objective")}
