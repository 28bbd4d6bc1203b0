"""One Fix as the API and the command tell it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from models.fix_views import BoxedItem, FixView, PassedStep
from models.fixes import FixId, FixWish
from store import fixes
from store.fixes import FixRow
from store.reservations import IN_BOX
from store.tables import fix_items


def view(connection: Connection, fix_id: FixId) -> FixView:
    """Where a Fix stands, with its box and how it came there. Raises NotFound."""
    row = fixes.get(connection, fix_id)
    inside = (fix_items.c.fix_id == fix_id) & fix_items.c.state.in_(IN_BOX)
    box = connection.execute(select(fix_items).where(inside).order_by(fix_items.c.score.desc(), fix_items.c.sku))
    return FixView(
        **_told(row),
        wish=FixWish.model_validate(row.wish),
        said=tuple((row.note_read or {}).get("said", ())),
        left_out=(row.candidates or {}).get("counts", {}),
        box=tuple(_boxed(each) for each in box),
        steps=tuple(
            PassedStep(at=each.at, state=each.state, code=each.code) for each in fixes.steps(connection, fix_id)
        ),
    )


def _told(row: FixRow) -> dict[str, Any]:
    names = ("fix_id", "client_id", "state", "code", "wave_id", "decide_by", "decided_by", "created_at", "shipped_at")
    return {name: getattr(row, name) for name in (*names, "algorithm", "version", "objective")}


def _boxed(row: Row[Any]) -> BoxedItem:
    return BoxedItem.model_validate(row, from_attributes=True)
