"""Nightly trainings (Refreshes): the plan fixed at the start, the state and the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from domain.states import REFRESH
from errors import NotFound
from models.base import ClientId
from models.refreshes import RefreshId, RefreshReport, RefreshState, SlotOutcome
from store.sql.records import Record
from store.tables import refreshes


@dataclass(frozen=True, slots=True)
class RefreshRow(Record):
    """One Refresh. `plan`: its slots, and the first client of each shard."""

    refresh_id: RefreshId
    at: datetime
    state: RefreshState
    plan: dict[str, Any]
    report: dict[str, Any]


_REFRESH: Final = select(*RefreshRow.list_columns(refreshes))


def begin_refresh(
    connection: Connection,
    report: RefreshReport,
    slots: Sequence[str],
    shards: Sequence[ClientId],
    now: datetime,
) -> RefreshRow:
    """Begin the Refresh with this plan and return its row; one that was begun before keeps its plan."""
    if (row := find_refresh(connection, report.refresh)) is not None:
        return row
    values = {"refresh_id": report.refresh, "at": now, "state": report.state, "report": report.model_dump(mode="json")}
    plan = {"slots": list(slots), "shards": list(shards)}
    connection.execute(insert(refreshes).values(**values, plan=plan))
    return load_refresh(connection, report.refresh)


def find_refresh(connection: Connection, refresh_id: RefreshId, *, lock: bool = False) -> RefreshRow | None:
    """Find the row of a Refresh, if there is one."""
    query = _REFRESH.where(refreshes.c.refresh_id == refresh_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else RefreshRow.from_row(row)


def load_refresh(connection: Connection, refresh_id: RefreshId, *, lock: bool = False) -> RefreshRow:
    """Load the row of a Refresh. Raises NotFound."""
    row = find_refresh(connection, refresh_id, lock=lock)
    if row is None:
        raise NotFound("no refresh has this id", "refresh")
    return row


def list_latest(connection: Connection, most: int = 1, *, done: bool = False) -> list[RefreshReport]:
    """List the Refreshes that began last, the latest first; `done`: only those that have ended."""
    query = _REFRESH.order_by(refreshes.c.at.desc(), refreshes.c.refresh_id.desc()).limit(most)
    rows = connection.execute(query.where(refreshes.c.state == RefreshState.DONE) if done else query)
    return [parse_report(RefreshRow.from_row(row)) for row in rows]


def parse_report(row: RefreshRow) -> RefreshReport:
    """Parse the report of a Refresh so far."""
    return RefreshReport.model_validate(row.report | {"state": row.state})


def parse_days(row: RefreshRow) -> tuple[datetime, datetime, datetime]:
    """Parse the start, the cut and the end of the data, which each Refresh fixes at its beginning."""
    report = parse_report(row)
    if report.since is None or report.cut is None or report.until is None:
        raise NotFound("this refresh has no days", "refresh")
    return report.since, report.cut, report.until


def update_report(connection: Connection, refresh_id: RefreshId, **changed: Any) -> RefreshReport:
    """Change the report, and with it the state, which stays where it may not become the new one; return the new
    report."""
    row = load_refresh(connection, refresh_id, lock=True)
    if not REFRESH.allows(row.state, changed.get("state", row.state)):
        changed["state"] = row.state
    report = parse_report(row).model_copy(update=changed)
    values = {"state": report.state, "report": report.model_dump(mode="json")}
    connection.execute(update(refreshes).where(refreshes.c.refresh_id == refresh_id).values(**values))
    return report


def find_outcome(connection: Connection, refresh_id: RefreshId, slot: str) -> SlotOutcome | None:
    """Find the outcome on record of one slot."""
    outcomes = parse_report(load_refresh(connection, refresh_id)).slots
    return next((outcome for outcome in outcomes if outcome.slot == slot), None)


def save_outcome(connection: Connection, refresh_id: RefreshId, outcome: SlotOutcome) -> SlotOutcome:
    """Save the outcome of a slot in place of the earlier one."""
    outcomes = parse_report(load_refresh(connection, refresh_id, lock=True)).slots
    others = tuple(other for other in outcomes if other.slot != outcome.slot)
    update_report(connection, refresh_id, slots=(*others, outcome))
    return outcome
