"""Refreshes: the plan fixed at the start, where each stands, and what it came to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from errors import NotFound
from models.base import ClientId
from models.refreshes import RefreshId, RefreshReport, RefreshState, SlotOutcome
from store.tables import refreshes


def begin(
    connection: Connection,
    report: RefreshReport,
    slots: Sequence[str],
    shards: Sequence[ClientId],
    now: datetime,
) -> Row[Any]:
    """The Refresh with its plan; one that was begun before keeps the plan it has."""
    if (row := found(connection, report.refresh)) is not None:
        return row
    values = {"refresh_id": report.refresh, "at": now, "state": report.state, "report": report.model_dump(mode="json")}
    plan = {"slots": list(slots), "shards": list(shards)}
    connection.execute(insert(refreshes).values(**values, plan=plan))
    return get(connection, report.refresh)


def found(connection: Connection, refresh_id: RefreshId, *, lock: bool = False) -> Row[Any] | None:
    """The row of a Refresh, if there is one."""
    query = select(refreshes).where(refreshes.c.refresh_id == refresh_id)
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def get(connection: Connection, refresh_id: RefreshId, *, lock: bool = False) -> Row[Any]:
    """The row of a Refresh. Raises NotFound."""
    row = found(connection, refresh_id, lock=lock)
    if row is None:
        raise NotFound("no refresh has this id", "refresh")
    return row


def latest(connection: Connection, most: int = 1, *, done: bool = False) -> list[RefreshReport]:
    """The Refreshes that began last, the latest first; `done`: those alone that have ended."""
    query = select(refreshes).order_by(refreshes.c.at.desc(), refreshes.c.refresh_id.desc()).limit(most)
    rows = connection.execute(query.where(refreshes.c.state == RefreshState.DONE) if done else query)
    return [report_of(row) for row in rows]


def report_of(row: Row[Any]) -> RefreshReport:
    """What a Refresh came to so far."""
    return RefreshReport.model_validate(row.report | {"state": row.state})


def days(row: Row[Any]) -> tuple[datetime, datetime, datetime]:
    """From when on, to the cut, to when: what every Refresh has fixed at its beginning."""
    told = report_of(row)
    if told.since is None or told.cut is None or told.until is None:
        raise NotFound("this refresh has no days", "refresh")
    return told.since, told.cut, told.until


def note(connection: Connection, refresh_id: RefreshId, **changed: Any) -> RefreshReport:
    """Change the report, and with it the state; the report as it is then."""
    told = report_of(get(connection, refresh_id, lock=True)).model_copy(update=changed)
    values = {"state": told.state, "report": told.model_dump(mode="json")}
    connection.execute(update(refreshes).where(refreshes.c.refresh_id == refresh_id).values(**values))
    return told


def outcome(connection: Connection, refresh_id: RefreshId, slot: str) -> SlotOutcome | None:
    """What is on record of one slot."""
    told = report_of(get(connection, refresh_id)).slots
    return next((each for each in told if each.slot == slot), None)


def keep_outcome(connection: Connection, refresh_id: RefreshId, outcome: SlotOutcome) -> SlotOutcome:
    """Put it in the place of what is on record of its slot."""
    told = report_of(get(connection, refresh_id, lock=True)).slots
    others = tuple(each for each in told if each.slot != outcome.slot)
    note(connection, refresh_id, slots=(*others, outcome))
    return outcome
