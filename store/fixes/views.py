"""One Fix as the API and the command tell it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Row

from domain.fixes.swaps import may_leave
from models.fix_views import BoxedItem, FixView, OfferedItem, PassedStep
from models.fixes import FixId, FixState, FixWish
from store.catalogue import availability
from store.fixes import fixes, reservations
from store.fixes.fixes import FixRow
from store.fixes.rows import counts_of, items_of, wish_of

OFFERS: Final = 12
"""Candidates for a swap that are told."""


def view(connection: Connection, fix_id: FixId) -> FixView:
    """Where a Fix stands, with its box and how it came there. Raises NotFound."""
    row = fixes.get(connection, fix_id)
    read, box = row.note_read or {}, reservations.box_rows(connection, fix_id)
    return FixView(
        **_told(row),
        worth=sum(each.score for each in box),
        wish=FixWish.model_validate(row.wish),
        note=row.note,
        read_by=read.get("by", ""),
        said=tuple(read.get("said", ())),
        left_out=counts_of(row),
        box=tuple(BoxedItem.model_validate(each, from_attributes=True) for each in box),
        offers=tuple(islice(_offers(connection, row), OFFERS)),
        steps=tuple(map(_step, fixes.steps(connection, fix_id))),
    )


def _told(row: FixRow) -> dict[str, Any]:
    names = ("fix_id", "client_id", "state", "code", "wave_id", "decide_by", "decided_by", "created_at", "shipped_at")
    return {name: getattr(row, name) for name in (*names, "algorithm", "version", "objective")}


def _step(step: Row[Any]) -> PassedStep:
    return PassedStep(at=step.at, state=step.state, code=step.code, by=(step.data or {}).get("decided_by", ""))


def _offers(connection: Connection, row: FixRow) -> Iterator[OfferedItem]:
    """What may be swapped into a proposed box: by the rules of a swap, and with a unit free."""
    if row.state != FixState.PROPOSED:
        return
    wish, box = wish_of(row), reservations.box(connection, row.fix_id)
    items = items_of(row)
    free = availability.free(connection, [item.sku for item in items])
    for item in items:
        instead_of = may_leave(wish, box, item) if free.get(item.sku, 0) > 0 else ()
        if instead_of:
            named = item.model_dump(include=set(OfferedItem.model_fields))
            yield OfferedItem(**named, instead_of=instead_of)
