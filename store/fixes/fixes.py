"""Fixes: one row each, moved only by conditional updates, with every step on record.

Order of locks, in every transaction that changes a Fix: the client, if at all; its row here; then stock by sku, then
its items; the outbox last. So one Fix a transaction.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update

from domain.fixes.states import OPEN, SETTLED, list_sources
from errors import BadInput, NotFound
from models.base import ClientId
from models.fixes import FixId, FixState, FixWish, ItemState
from models.webhooks import Announcement, WebhookType
from store.fixes.rows import FixRow, FixStepRow
from store.sql.bulk import among
from store.tables import clients, fix_items, fix_steps, fixes
from store.webhooks.announcements import push_messages

_ID_LENGTH: Final = 20
_FIX: Final = select(*FixRow.list_columns(fixes))


def save_request(
    connection: Connection,
    client_id: ClientId,
    wish: FixWish,
    now: datetime,
    *,
    request_key: str | None = None,
    due: datetime | None = None,
) -> FixId:
    """Save a client's request for a Fix and return the Fix's id. The same client and key is the same request.

    `due`: when to go on without a wave, if the wish does not say. Raises NotFound for an unknown client, BadInput when
    the key was used for another wish, or another Fix of the client is being made.
    """
    _lock_client(connection, client_id)
    fix_id = _build_id(client_id, request_key)
    before = connection.execute(select(fixes.c.wish, fixes.c.note).where(fixes.c.fix_id == fix_id)).one_or_none()
    if before is not None:
        if FixWish.model_validate(before.wish | {"note": before.note}) != wish:
            raise BadInput(f"was used for another wish of this client, Fix {fix_id}; take a new key", "request_key")
        return fix_id
    if open_fixes := list_open(connection, client_id):
        raise BadInput(f"Fix {open_fixes[0].fix_id} of this client is being made; let it end or cancel it", "client_id")
    connection.execute(
        insert(fixes).values(
            fix_id=fix_id,
            client_id=client_id,
            request_key=request_key,
            wish=wish.model_dump(mode="json", exclude={"note"}),
            note=wish.note,
            wave=wish.when == "wave",
            state=FixState.REQUESTED,
            due_at=wish.due or due,
            created_at=now,
            updated_at=now,
        )
    )
    _save_step(connection, fix_id, FixState.REQUESTED, "", None, now)
    _tell_state(connection, fix_id, client_id, FixState.REQUESTED, "", now)
    return fix_id


def find_request(connection: Connection, client_id: ClientId, request_key: str | None) -> FixId | None:
    """Find the Fix that the client requested with this key before; the client is locked. Raises NotFound for an unknown
    client."""
    _lock_client(connection, client_id)
    if request_key is None:
        return None
    query = select(fixes.c.fix_id).where(fixes.c.fix_id == _build_id(client_id, request_key))
    return connection.scalar(query)


def _lock_client(connection: Connection, client_id: ClientId) -> None:
    """Lock the client, so that requests of one client take turns."""
    known = select(clients.c.client_id).where(clients.c.client_id == client_id).with_for_update(key_share=True)
    if connection.scalar(known) is None:
        raise NotFound("no client has this id", "client_id")


def _build_id(client_id: ClientId, request_key: str | None) -> FixId:
    if request_key is None:
        return secrets.token_hex(_ID_LENGTH // 2)
    return hashlib.sha256(f"{client_id}/{request_key}".encode()).hexdigest()[:_ID_LENGTH]


def require_decidable(connection: Connection, fix_id: FixId) -> None:
    """Require a Fix that has not ended, since an ended one has no workflow to answer. Raises NotFound and BadInput."""
    state = load_fix(connection, fix_id).state
    if state in SETTLED:
        raise BadInput(f"this Fix is {state}; only a proposed one can be decided")


def load_fix(connection: Connection, fix_id: FixId, *, lock: bool = False) -> FixRow:
    """Load the row of a Fix. `lock`: nobody else changes it until the transaction ends. Raises NotFound."""
    query = _FIX.where(fixes.c.fix_id == fix_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound("no Fix has this id", "fix_id")
    return FixRow.from_row(row)


def load_fixes(connection: Connection, fix_ids: Sequence[FixId]) -> list[FixRow]:
    """Load the rows of these Fixes, in their order; those of clients who were erased meanwhile are left out."""
    query = _FIX.where(among(connection, fixes.c.fix_id, fix_ids))
    rows = {row.fix_id: FixRow.from_row(row) for row in connection.execute(query)}
    return [rows[fix_id] for fix_id in fix_ids if fix_id in rows]


def move_fix(
    connection: Connection,
    fix_id: FixId,
    to: FixState,
    now: datetime,
    *,
    code: str = "",
    values: Mapping[str, Any] | None = None,
    data: Any = None,
) -> bool:
    """Move a Fix to `to` if its state allows that step, and return whether it moved. `values`: further columns; `data`:
    JSON stored with the step."""
    moved = connection.execute(
        update(fixes)
        .where(fixes.c.fix_id == fix_id, fixes.c.state.in_(list_sources(to)))
        .values(state=to, code=code, updated_at=now, **(values or {}))
        .returning(fixes.c.client_id)
    ).one_or_none()
    if moved is not None:
        _save_step(connection, fix_id, to, code, data, now)
        _tell_state(connection, fix_id, moved.client_id, to, code, now)
    return moved is not None


def _tell_state(
    connection: Connection, fix_id: FixId, client_id: ClientId, state: FixState, code: str, now: datetime
) -> None:
    told = {"fix_id": fix_id, "state": str(state), "code": code}
    push_messages(connection, [Announcement(WebhookType.FIX_STATE, now, told, client_id)])


def save_stylist_note(connection: Connection, fix_id: FixId, words: str | None) -> None:
    """Save what a stylist writes to the client."""
    connection.execute(update(fixes).where(fixes.c.fix_id == fix_id).values(stylist_note=words))


def save_note(connection: Connection, fix_id: FixId, read: Mapping[str, Any]) -> None:
    """Save a note as it was parsed (a FixNote as JSON). The first one saved stays."""
    unread = (fixes.c.fix_id == fix_id) & (fixes.c.state == FixState.REQUESTED) & fixes.c.note_read.is_(None)
    connection.execute(update(fixes).where(unread).values(note_read=dict(read)))


def count_unanswered(connection: Connection, fix_id: FixId) -> int:
    """Count the items of a shipped box that have no feedback yet."""
    sold = select(func.count()).where(fix_items.c.fix_id == fix_id, fix_items.c.state == ItemState.SOLD)
    return connection.scalar(sold) or 0


def list_open(connection: Connection, client_id: ClientId) -> list[FixRow]:
    """List the client's Fixes that are being made, oldest first."""
    query = _FIX.where(fixes.c.client_id == client_id, fixes.c.state.in_(OPEN))
    rows = connection.execute(query.order_by(fixes.c.created_at, fixes.c.fix_id))
    return [FixRow.from_row(row) for row in rows]


def list_due_for_wave(connection: Connection, now: datetime) -> list[FixId]:
    """List the Fixes that wait for a wave, requested up to `now`, oldest first."""
    waiting = select(fixes.c.fix_id).where(
        fixes.c.wave, fixes.c.state.in_((FixState.REQUESTED, FixState.RANKED)), fixes.c.created_at <= now
    )
    return list(connection.scalars(waiting.order_by(fixes.c.created_at, fixes.c.fix_id)))


def list_fixes(connection: Connection, states: Iterable[FixState] = (), limit: int = 50) -> list[FixRow]:
    """List Fixes in one of `states` (none: in any), the last changed first."""
    wanted = tuple(states)
    query = _FIX.order_by(fixes.c.updated_at.desc(), fixes.c.fix_id).limit(limit)
    rows = connection.execute(query.where(fixes.c.state.in_(wanted)) if wanted else query)
    return [FixRow.from_row(row) for row in rows]


def list_steps(connection: Connection, fix_id: FixId) -> list[FixStepRow]:
    """List every step that a Fix took, in order."""
    query = select(*FixStepRow.list_columns(fix_steps)).where(fix_steps.c.fix_id == fix_id).order_by(fix_steps.c.id)
    return [FixStepRow.from_row(row) for row in connection.execute(query)]


def _save_step(connection: Connection, fix_id: FixId, state: FixState, code: str, data: Any, now: datetime) -> None:
    connection.execute(insert(fix_steps).values(fix_id=fix_id, at=now, state=state, code=code, data=data))
