"""Calls that a stylist is to make: opened by an assessment, ended by a stylist or when they are of no use any more."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, update

from errors import BadInput, NotFound
from models.base import ClientId
from models.calls import Call, CallDecision, CallState
from models.states import TouchKind
from store.events import outbox
from store.sql.upserts import insert_into
from store.tables import assessments, calls, clients


def taken(connection: Connection, day: str) -> int:
    """How many calls of the shop's `day` are used up, ended ones among them."""
    return connection.scalar(select(func.max(calls.c.place)).where(calls.c.day == day)) or 0


def begin(
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
) -> bool:
    """Open the call for this occasion, as one of at most so many that `day`; False where they are used up.

    The same occasion is the same call. The place among the day's calls is unique, so that workers who race share the
    limit.
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
    for place in range(taken(connection, day) + 1, most + 1):
        statement = insert_into(connection, calls).values(values | {"place": place})
        statement = statement.on_conflict_do_nothing(index_elements=["day", "place"])
        if connection.scalar(statement.returning(calls.c.place)) is not None:
            return True
    return False


def end(connection: Connection, call_id: str, to: CallState, outcome: str, now: datetime, by: str = "") -> bool:
    """End an open call; whether it was open."""
    ended = (
        update(calls)
        .where(calls.c.call_id == call_id, calls.c.state == CallState.OPEN)
        .values(state=to, outcome=outcome, by=by, done_at=now)
    )
    return connection.execute(ended).rowcount == 1


def decide(connection: Connection, call_id: str, decision: CallDecision, now: datetime, real_now: datetime) -> Call:
    """A stylist's word on a call; the client's workflow is nudged, for their mail may go on. Saying the same twice is
    saying it once. Raises NotFound, and BadInput for a call that has ended otherwise."""
    if end(connection, call_id, decision.state, decision.outcome, now, decision.by):
        call = get(connection, call_id)
        outbox.push(connection, "client", [call.client_id], real_now)
        return call
    call = get(connection, call_id)
    if (call.state, call.outcome) != (decision.state, decision.outcome):
        raise BadInput(f"this call has ended ({call.outcome.replace('_', ' ')}); only an open one can be decided")
    return call


def get(connection: Connection, call_id: str) -> Call:
    """One call. Raises NotFound."""
    row = connection.execute(_told().where(calls.c.call_id == call_id)).one_or_none()
    if row is None:
        raise NotFound("no call has this id", "call_id")
    return call_of(row)


def listing(connection: Connection, state: str = "", limit: int = 100) -> Sequence[Row[Any]]:
    """Calls in `state` (empty: all), the longest open first, else the latest begun first; with the client's name."""
    order = [calls.c.created_at, calls.c.place] if state == CallState.OPEN else [calls.c.created_at.desc()]
    query = _told().add_columns(clients.c.first_name, assessments.c.score, assessments.c.phase)
    query = query.outerjoin(clients, clients.c.client_id == calls.c.client_id).order_by(*order, calls.c.call_id)
    if state:
        query = query.where(calls.c.state == state)
    return connection.execute(query.limit(limit)).all()


def by_state(connection: Connection) -> dict[str, int]:
    """How many calls stand in each state."""
    rows = connection.execute(select(calls.c.state, func.count()).group_by(calls.c.state))
    return {state: count for state, count in rows}  # noqa: C416 - dict() of rows loses the types


def call_of(row: Row[Any]) -> Call:
    """A row of `listing` as others see it: without a name."""
    given = {**row._mapping, "why": (row.risk or {}).get("why", "")}
    return Call.model_validate(given)


def _told() -> Select[Any]:
    return select(calls, assessments.c.risk).outerjoin(assessments, assessments.c.id == calls.c.assessment_id)
