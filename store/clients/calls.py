"""Calls for stylists to make: opened by an assessment, ended by a stylist or when they are no longer of use."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select, update

from domain.next_actions import OpenCall
from domain.states import CALL
from errors import NotFound
from models.base import ClientId
from models.calls import Call, CallState
from models.states import Phase, TouchKind
from store.sql.bulk import insert_into
from store.sql.records import Record
from store.tables import assessments, calls, clients


@dataclass(frozen=True, slots=True)
class CallRow(Record):
    """One call, with the client's name and what the assessment that opened it says. None: that is gone. `place`: among
    the calls of its `day`, from 1."""

    call_id: str
    client_id: ClientId
    key: str
    reason: TouchKind
    day: str
    place: int
    state: CallState
    outcome: str
    by: str
    created_at: datetime
    until: datetime
    done_at: datetime | None
    first_name: str | None
    score: float | None
    phase: Phase | None
    risk: dict[str, Any] | None


_CALLS: Final = (
    select(*CallRow.list_columns(calls, clients, assessments))
    .select_from(calls)
    .outerjoin(clients, clients.c.client_id == calls.c.client_id)
    .outerjoin(assessments, assessments.c.id == calls.c.assessment_id)
)


def count_used(connection: Connection, day: str) -> int:
    """Count the calls used up on the shop's `day`, ended ones included."""
    return connection.scalar(select(func.max(calls.c.place)).where(calls.c.day == day)) or 0


def has_open_call(connection: Connection, client_id: ClientId) -> bool:
    """Return whether a stylist is to call the client already."""
    query = select(calls.c.call_id).where(calls.c.client_id == client_id, calls.c.state == CallState.OPEN)
    return connection.scalar(query) is not None


def open_call(
    connection: Connection,
    client_id: ClientId,
    key: str,
    reason: TouchKind,
    *,
    assessment_id: str,
    day: str,
    most: int,
    now: datetime,
    until: datetime,
) -> OpenCall | None:
    """Open the call for this trigger if fewer than `most` are used that `day`; return it, or None for want of room.

    The same trigger is the same call. The index among the day's calls (column `place`) is unique, so that workers who
    race share the limit.
    """
    call_id = hashlib.sha256(f"call/{client_id}/{key}".encode()).hexdigest()[:20]
    values = {
        "call_id": call_id,
        "client_id": client_id,
        "key": key,
        "reason": reason,
        "assessment_id": assessment_id,
        "day": day,
        "state": CallState.OPEN,
        "created_at": now,
        "until": until,
    }
    for index in range(count_used(connection, day) + 1, most + 1):
        statement = insert_into(connection, calls).values(values | {"place": index})
        statement = statement.on_conflict_do_nothing(index_elements=["day", "place"])
        if connection.scalar(statement.returning(calls.c.place)) is not None:
            return OpenCall(call_id=call_id, since=now, until=until)
    return None


def end_call(connection: Connection, call_id: str, to: CallState, outcome: str, now: datetime, by: str = "") -> bool:
    """End an open call, and return whether it was open."""
    ended = (
        update(calls)
        .where(calls.c.call_id == call_id, calls.c.state.in_(CALL.list_sources(to)))
        .values(state=to, outcome=outcome, by=by, done_at=now)
    )
    return connection.execute(ended).rowcount == 1


def load_call(connection: Connection, call_id: str) -> Call:
    """Load one call. Raises NotFound."""
    row = connection.execute(_CALLS.where(calls.c.call_id == call_id)).one_or_none()
    if row is None:
        raise NotFound("no call has this id", "call_id")
    return parse_call(CallRow.from_row(row))


def list_calls(connection: Connection, state: str = "", limit: int = 100) -> list[CallRow]:
    """List calls in `state` (empty: all) with the client's name: open ones by age, others the latest first."""
    order = [calls.c.created_at, calls.c.place] if state == CallState.OPEN else [calls.c.created_at.desc()]
    query = _CALLS.order_by(*order, calls.c.call_id)
    if state:
        query = query.where(calls.c.state == state)
    return [CallRow.from_row(row) for row in connection.execute(query.limit(limit))]


def count_by_state(connection: Connection) -> dict[str, int]:
    """Count the calls in each state."""
    rows = connection.execute(select(calls.c.state, func.count()).group_by(calls.c.state))
    return {state: count for state, count in rows}  # noqa: C416 - dict() of rows loses the types


def parse_call(row: CallRow) -> Call:
    """Parse a row of `list_calls`, without the client's name."""
    return Call(
        call_id=row.call_id,
        client_id=row.client_id,
        reason=row.reason,
        why=(row.risk or {}).get("why", ""),
        state=row.state,
        outcome=row.outcome,
        by=row.by,
        created_at=row.created_at,
        until=row.until,
        done_at=row.done_at,
    )
