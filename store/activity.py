"""The log of who changed what, written in the transaction of each change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from domain.permissions import Action
from models.activity_queries import ActivityQuery
from models.actors import Activity, Actor, Subject, SubjectKind
from models.base import ClientId
from store.sql.row_arrays import insert_rows
from store.tables import activity


def write_activity(
    connection: Connection,
    actor: Actor,
    action: Action,
    subject: Subject,
    now: datetime,
    real_now: datetime,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Write one row of the log. Call in the transaction of the change, once the change is made.

    Args: `now` is business time, `real_now` real time; `data` holds codes and counts, no personal data.
    """
    write_activities(connection, actor, action, [(subject, data or {})], now, real_now)


def write_activities(
    connection: Connection,
    actor: Actor,
    action: Action,
    changes: Sequence[tuple[Subject, Mapping[str, Any]]],
    now: datetime,
    real_now: datetime,
) -> None:
    """Write a row for each of the changes that one transaction made; otherwise like `write_activity`."""
    by = {"actor": actor.who, "role": actor.role, "channel": actor.channel}
    rows = [
        {
            "at": now,
            "real_at": real_now,
            "action": action,
            "subject_kind": subject.kind,
            "subject_id": subject.id,
            "client_id": subject.id if subject.kind is SubjectKind.CLIENT else subject.client_id,
            "data": dict(data),
            **by,
        }
        for subject, data in changes
    ]
    insert_rows(connection, activity, rows)


def list_activities(
    connection: Connection, kind: SubjectKind | None = None, subject_id: str = "", limit: int = 100
) -> Sequence[Activity]:
    """List the latest changes, the latest first: all, those of a kind, or those of one subject. Those of a client
    contain the changes of their Fixes, calls and mails."""
    a = activity.c
    query = select(activity).order_by(a.id.desc()).limit(limit)
    if kind is SubjectKind.CLIENT and subject_id:
        query = query.where(a.client_id == subject_id)
    elif kind is not None:
        query = query.where(a.subject_kind == kind)
        query = query.where(a.subject_id == subject_id) if subject_id else query
    return [_parse_activity(row) for row in connection.execute(query)]


def list_changed_clients(connection: Connection, action: str, who: str, real_at: datetime) -> list[ClientId]:
    """List the clients whom somebody changed so at one very moment: those of one act on many."""
    a = activity.c
    query = select(a.client_id).where(a.real_at == real_at, a.actor == who, a.action == action)
    return list(connection.scalars(query.where(a.client_id.is_not(None)).order_by(a.client_id)))


def find_change_time(connection: Connection, action: str, who: str, real_at: datetime) -> datetime | None:
    """Find the business time of what somebody changed so at one very moment; None where they changed nothing."""
    a = activity.c
    query = select(func.min(a.at)).where(a.real_at == real_at, a.actor == who, a.action == action)
    found: datetime | None = connection.scalar(query)
    return found


def find_activities(connection: Connection, query: ActivityQuery) -> Sequence[Activity]:
    """Find the changes that a query asks for, the latest first, and one more than its limit where there are more."""
    a = activity.c
    equal = (
        (a.actor, query.who),
        (a.subject_kind, query.kind),
        (a.subject_id, query.id),
        (a.client_id, query.client),
        (a.channel, query.channel),
    )
    where = [column == wanted for column, wanted in equal if wanted]
    where += [a.action.startswith(query.action, autoescape=True)] if query.action else []
    where += [a.real_at >= query.since] if query.since else []
    where += [a.real_at < query.until] if query.until else []
    where += [a.id < query.before] if query.before else []
    found = select(activity).where(*where).order_by(a.id.desc()).limit(query.limit + 1)
    return [_parse_activity(row) for row in connection.execute(found)]


def list_actor_names(connection: Connection, limit: int = 200) -> Sequence[str]:
    """List who changed something, by name; the first `limit` of them."""
    names = select(activity.c.actor).distinct().order_by(activity.c.actor).limit(limit)
    return list(connection.scalars(names))


def delete_old_activities(connection: Connection, before: datetime, limit: int = 5_000) -> int:
    """Delete the oldest rows of before this moment of real time, `limit` at most, and return how many these were."""
    ids = select(activity.c.id).where(activity.c.real_at < before).order_by(activity.c.real_at).limit(limit)
    return connection.execute(delete(activity).where(activity.c.id.in_(ids.scalar_subquery()))).rowcount


def count_activities(connection: Connection, action: Action, client_id: ClientId, since: datetime) -> int:
    """Count how often somebody did this about a client since then, in real time."""
    a = activity.c
    query = select(func.count()).where(a.client_id == client_id, a.action == action, a.real_at > since)
    return int(connection.scalar(query) or 0)


def _parse_activity(row: Row[Any]) -> Activity:
    """Parse a row of the log."""
    return Activity(
        id=row.id,
        at=row.at,
        real_at=row.real_at,
        actor=Actor(who=row.actor, role=row.role, channel=row.channel),
        action=row.action,
        subject=Subject(kind=row.subject_kind, id=row.subject_id, client_id=row.client_id),
        data=row.data,
    )


def anonymise_activity(connection: Connection, client_id: ClientId, limit: int) -> int:
    """Take the client out of the next `limit` rows about them, and return how many these were. Who did what and when
    stays on record."""
    ids = select(activity.c.id).where(activity.c.client_id == client_id).limit(limit)
    anonymous = update(activity).where(activity.c.id.in_(ids)).values(client_id=None, subject_id="")
    return connection.execute(anonymous).rowcount
