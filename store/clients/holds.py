"""Holds on a client's mail, one for each source. Mail goes out only while there is none."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, case, delete, select, update

from models.base import ClientId
from models.clients import ClientPolicy
from models.states import HoldSource, OutreachState, Overdue
from store.sql.bulk import insert_ignoring
from store.tables import clients, holds, outreaches


def add_hold(
    connection: Connection,
    client_id: ClientId,
    source: HoldSource,
    reason: str,
    now: datetime,
    until: datetime | None = None,
) -> bool:
    """Hold the client's mail, `until` then or until somebody lifts it, and return whether that changed anything. A hold
    of that source stays as it is, unless it ends by itself: then the new end counts."""
    row = {"client_id": client_id, "source": source, "since": now, "reason": reason, "until": until}
    if insert_ignoring(connection, holds, [row]):
        return True
    h = holds.c
    ends = update(holds).where(h.client_id == client_id, h.source == source, h.until.is_not(None))
    since = case((h.until > now, h.since), else_=now)
    changed = ends.where(h.until.is_distinct_from(until)).values(until=until, since=since)
    return connection.execute(changed).rowcount > 0


def find_break_end(connection: Connection, client_id: ClientId, now: datetime) -> datetime | None:
    """Find the day until which the client asked for a break; None where there is none at `now`."""
    h = holds.c
    query = select(h.until).where(h.client_id == client_id, h.source == HoldSource.CLIENT, h.until > now)
    return connection.scalar(query)


def remove_hold(connection: Connection, client_id: ClientId, source: HoldSource, overdue: Overdue) -> bool:
    """Remove one hold, set what becomes of the client's mail that was parked meanwhile, and return whether there was
    one."""
    removed = connection.execute(delete(holds).where(holds.c.client_id == client_id, holds.c.source == source))
    connection.execute(
        update(outreaches)
        .where(outreaches.c.client_id == client_id, outreaches.c.state == OutreachState.PARKED)
        .values(overdue=overdue)
    )
    return removed.rowcount > 0


def save_policy(connection: Connection, client_id: ClientId, policy: ClientPolicy) -> bool:
    """Save the client's own mail preferences, and return whether they changed. Only the fields set in `policy` change,
    so that setting an hour does not lift a limit set before. None gives a field back to the shop's rule."""
    stored = connection.scalar(select(clients.c.policy).where(clients.c.client_id == client_id).with_for_update())
    merged = {**(stored or {}), **policy.model_dump(mode="json")}
    wishes = {name: value for name, value in merged.items() if value is not None}
    connection.execute(update(clients).where(clients.c.client_id == client_id).values(policy=wishes))
    return wishes != (stored or {})
