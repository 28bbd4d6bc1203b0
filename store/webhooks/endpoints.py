"""Endpoints of other systems, with their sealed secrets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, literal, select, update

from models.webhooks import EndpointState, MessageState, WebhookEndpoint, WebhookType
from store.sql.records import Record
from store.sql.types import UtcTime
from store.tables import webhook_endpoints, webhook_messages, webhook_subscriptions


@dataclass(frozen=True, slots=True)
class EndpointRow(Record):
    """One endpoint, whole: the secrets are sealed."""

    name: str
    url: str
    state: EndpointState
    why: str
    secret: str = field(repr=False)
    old_secret: str = field(repr=False)
    old_until: datetime | None
    failing_since: datetime | None
    created_at: datetime
    created_by: str


_ENDPOINT: Final = select(*EndpointRow.list_columns(webhook_endpoints))


def add_endpoint(connection: Connection, row: EndpointRow, types: Collection[WebhookType]) -> None:
    """Add an endpoint and what it is told."""
    connection.execute(insert(webhook_endpoints).values(asdict(row)))
    connection.execute(insert(webhook_subscriptions), [{"type": kind, "endpoint": row.name} for kind in types])


def find_endpoint(connection: Connection, name: str, *, lock: bool = False) -> EndpointRow | None:
    """Find an endpoint; with `lock` nobody else changes it before the transaction ends."""
    query = _ENDPOINT.where(webhook_endpoints.c.name == name)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else EndpointRow.from_row(row)


def list_endpoints(connection: Connection) -> Sequence[EndpointRow]:
    """List all endpoints, by name."""
    return [EndpointRow.from_row(row) for row in connection.execute(_ENDPOINT.order_by(webhook_endpoints.c.name))]


def describe_endpoints(connection: Connection, rows: Collection[EndpointRow]) -> tuple[WebhookEndpoint, ...]:
    """Describe endpoints without their secrets, with what each is told and how many messages are in which state."""
    s, m = webhook_subscriptions.c, webhook_messages.c
    names = [row.name for row in rows]
    types: dict[str, list[WebhookType]] = defaultdict(list)
    for endpoint, kind in connection.execute(select(s.endpoint, s.type).where(s.endpoint.in_(names)).order_by(s.type)):
        types[endpoint].append(WebhookType(kind))
    counts: dict[str, dict[MessageState, int]] = defaultdict(dict)
    counted = select(m.endpoint, m.state, func.count()).where(m.endpoint.in_(names)).group_by(m.endpoint, m.state)
    for endpoint, state, count in connection.execute(counted):
        counts[endpoint][MessageState(state)] = count
    return tuple(
        WebhookEndpoint(
            name=row.name,
            url=row.url,
            types=tuple(types[row.name]),
            state=row.state,
            why=row.why,
            created_at=row.created_at,
            created_by=row.created_by,
            failing_since=row.failing_since,
            counts=counts[row.name],
        )
        for row in rows
    )


def change_endpoint(connection: Connection, name: str, **values: Any) -> None:
    """Change columns of an endpoint."""
    connection.execute(update(webhook_endpoints).where(webhook_endpoints.c.name == name).values(**values))


def delete_endpoint(connection: Connection, name: str) -> None:
    """Delete an endpoint with its messages."""
    connection.execute(delete(webhook_messages).where(webhook_messages.c.endpoint == name))
    connection.execute(delete(webhook_subscriptions).where(webhook_subscriptions.c.endpoint == name))
    connection.execute(delete(webhook_endpoints).where(webhook_endpoints.c.name == name))


def note_result(connection: Connection, name: str, *, good: bool, real_now: datetime) -> datetime | None:
    """Note how a try ended, and return since when every try failed; None: the last one succeeded."""
    e = webhook_endpoints.c
    if good:
        connection.execute(
            update(webhook_endpoints).where(e.name == name, e.failing_since.is_not(None)).values(failing_since=None)
        )
        return None
    failing = update(webhook_endpoints).where(e.name == name)
    values = failing.values(failing_since=func.coalesce(e.failing_since, literal(real_now, UtcTime))).returning(
        e.failing_since
    )
    since: datetime | None = connection.scalar(values)
    return since


def list_failing(connection: Connection) -> Sequence[EndpointRow]:
    """List the endpoints that fail now, or were disabled because they failed."""
    e = webhook_endpoints.c
    query = _ENDPOINT.where(e.failing_since.is_not(None)).order_by(e.name)
    return [EndpointRow.from_row(row) for row in connection.execute(query)]
