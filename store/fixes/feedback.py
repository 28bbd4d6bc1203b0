"""Clients' feedback on the items of a Fix: kept or returned, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, bindparam, exists, or_, select, update

from models.base import ClientId
from models.events import FixFeedback
from models.fixes import FixId, FixState, ItemState
from store.sql.bulk import among
from store.sql.types import Json, UtcTime
from store.tables import events, fix_items, fixes

_SENT_STATES: Final = (ItemState.SOLD, ItemState.KEPT, ItemState.RETURNED)
_MARKS: Final = ("price", "style", "quality", "rating")


def save_feedback(connection: Connection, answers: Iterable[FixFeedback]) -> set[FixId]:
    """Apply feedback that was just stored to the boxes it is about, and return the shipped Fixes that now wait for no
    more.

    A Fix that nobody knows, or of another client, is passed over: a shop may have had Fixes before us.
    """
    pairs = {(answer.fix_id, answer.client_id) for answer in answers if answer.fix_id is not None}
    if not pairs:
        return set()
    query = select(fixes.c.fix_id, fixes.c.client_id).where(
        among(connection, fixes.c.fix_id, {fix for fix, _ in pairs})
    )
    # Locked: a box that is being shipped at this moment would look for these events before they are there to see.
    rows = connection.execute(query.order_by(fixes.c.fix_id).with_for_update(key_share=True))
    known = {row.fix_id: row.client_id for row in rows if (row.fix_id, row.client_id) in pairs}
    if not known:
        return set()
    apply_latest(connection, known)
    waiting = exists().where(fix_items.c.fix_id == fixes.c.fix_id, fix_items.c.state == ItemState.SOLD)
    done = among(connection, fixes.c.fix_id, known), fixes.c.state == FixState.SHIPPED, ~waiting
    return set(connection.scalars(select(fixes.c.fix_id).where(*done)))


def apply_latest(connection: Connection, owners: Mapping[FixId, ClientId]) -> None:
    """Apply the latest feedback on each item that was sent to the boxes of these Fixes, of these clients."""
    e = events.c
    query = (
        select(e.client_id, e.item_id, e.occurred_at, e.data)
        .where(among(connection, e.client_id, owners.values()), e.type == "fix_feedback")
        .order_by(e.occurred_at, e.event_id)
    )
    latest: dict[tuple[str, str], dict[str, Any]] = {}
    for client_id, item_id, at, data in connection.execute(query):
        fix_id = data.get("fix_id")
        if owners.get(fix_id) == client_id:
            latest[fix_id, item_id] = {"_fix": fix_id, "_item": item_id, "_at": at, **_parse_feedback(data)}
    if latest:
        connection.execute(_APPLY, [latest[key] for key in sorted(latest)])


def _parse_feedback(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "_state": ItemState.KEPT if data["kept"] else ItemState.RETURNED,
        "_fit": data.get("fit"),
        "_marks": {name: data[name] for name in _MARKS if name in data},
        "_note": data.get("note"),
    }


_APPLY: Final = (
    update(fix_items)
    .where(
        fix_items.c.fix_id == bindparam("_fix"),
        fix_items.c.item_id == bindparam("_item"),
        or_(*(fix_items.c.state == state for state in _SENT_STATES)),  # an expanding IN takes no list of rows
    )
    .values(
        state=bindparam("_state"),
        fit=bindparam("_fit"),
        feedback=bindparam("_marks", type_=Json),
        note=bindparam("_note"),
        feedback_at=bindparam("_at", type_=UtcTime()),
    )
)
