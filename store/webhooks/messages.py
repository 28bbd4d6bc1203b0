"""Messages to endpoints: leased, sent, settled, and kept as a log. `announcements.py` writes them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, delete, func, insert, or_, select, update

from models.base import ClientId
from models.webhooks import EndpointState, MessageState, WebhookMessage, WebhookType
from store.sql.records import Record
from store.tables import outreaches, webhook_endpoints, webhook_messages

KEPT_TRIES: Final = 20
"""The latest tries of a message that are kept."""
_M: Final = webhook_messages.c
_WAITING: Final = str(MessageState.WAITING)


@dataclass(frozen=True, slots=True)
class LeasedMessage(Record):
    """A message taken for a while; `leased_until` fences it. `kind`, `campaign`: of the mail that it tells of."""

    id: int
    endpoint: str
    message_id: str
    type: WebhookType
    at: datetime
    client_id: ClientId | None
    n: int | None
    data: dict[str, Any]
    attempts: int
    tries: tuple[dict[str, Any], ...]
    leased_until: datetime | None
    kind: str | None = None
    campaign: str | None = None


def list_due_endpoints(connection: Connection, real_now: datetime) -> list[str]:
    """List the enabled endpoints with a message that is due."""
    due = select(_M.id).where(_M.endpoint == webhook_endpoints.c.name, *_build_due(real_now)).exists()
    query = select(webhook_endpoints.c.name).where(webhook_endpoints.c.state == EndpointState.ENABLED, due)
    return list(connection.scalars(query))


def _build_due(real_now: datetime) -> tuple[Any, ...]:
    free = or_(_M.leased_until.is_(None), _M.leased_until <= real_now)
    return _M.state == _WAITING, or_(_M.due_at.is_(None), _M.due_at <= real_now), free


def lease_messages(
    connection: Connection, endpoint: str, limit: int, real_now: datetime, seconds: float
) -> list[LeasedMessage]:
    """Take up to `limit` due messages of an endpoint for `seconds`, the oldest first."""
    query = select(_M.id).where(_M.endpoint == endpoint, *_build_due(real_now)).order_by(_M.id).limit(limit)
    ids = list(connection.scalars(query.with_for_update(skip_locked=True)))
    return _lease(connection, ids, real_now + timedelta(seconds=seconds)) if ids else []


def lease_message(connection: Connection, row_id: int, real_now: datetime, seconds: float) -> LeasedMessage:
    """Take one message, which was written in this transaction."""
    return _lease(connection, [row_id], real_now + timedelta(seconds=seconds))[0]


def _lease(connection: Connection, ids: Sequence[int], until: datetime) -> list[LeasedMessage]:
    connection.execute(update(webhook_messages).where(_M.id.in_(ids)).values(leased_until=until))
    of_mail = and_(outreaches.c.client_id == _M.client_id, outreaches.c.n == _M.n)
    columns = LeasedMessage.list_columns(webhook_messages, outreaches)
    query = select(*columns).select_from(webhook_messages.outerjoin(outreaches, of_mail))
    return [LeasedMessage.from_row(row) for row in connection.execute(query.where(_M.id.in_(ids)).order_by(_M.id))]


def settle_message(
    connection: Connection,
    message: LeasedMessage,
    state: MessageState,
    due_at: datetime | None,
    latest: dict[str, Any],
) -> None:
    """Settle a try of a leased message; one that was overtaken settles nothing."""
    tries = [*message.tries, latest][-KEPT_TRIES:]
    changes = {"state": state, "due_at": due_at, "leased_until": None, "attempts": message.attempts + 1}
    owned = update(webhook_messages).where(_M.id == message.id, _M.leased_until == message.leased_until)
    connection.execute(owned.values(**changes, tries=tries))


def add_test(connection: Connection, endpoint: str, now: datetime) -> int:
    """Add a message that only tells that it is a test, and return its row's id."""
    row = {"endpoint": endpoint, "message_id": f"msg_{secrets.token_hex(12)}", "type": WebhookType.TEST, "at": now}
    added = insert(webhook_messages).values(**row, data={}, state=_WAITING, attempts=0, tries=[])
    return int(connection.execute(added.returning(_M.id)).scalar_one())


def list_messages(
    connection: Connection, endpoint: str, state: MessageState | None = None, limit: int = 50
) -> Sequence[WebhookMessage]:
    """List the latest messages of an endpoint, the newest first."""
    query = select(webhook_messages).where(_M.endpoint == endpoint).order_by(_M.id.desc()).limit(limit)
    return [_describe(row) for row in connection.execute(query.where(_M.state == state) if state else query)]


def find_message(connection: Connection, endpoint: str, message_id: str) -> WebhookMessage | None:
    """Find one message of an endpoint; None where it is gone."""
    query = select(webhook_messages).where(_M.endpoint == endpoint, _M.message_id == message_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _describe(row)


def _describe(row: Row[Any]) -> WebhookMessage:
    return WebhookMessage.model_validate({**row._mapping, "data": _complete(row.data, row.client_id, row.n)})


def _complete(data: dict[str, Any], client_id: str | None, n: int | None) -> dict[str, Any]:
    named = {"client_id": client_id, "n": n}
    return {**{name: value for name, value in named.items() if value is not None}, **data}


def replay_messages(
    connection: Connection,
    endpoint: str,
    *,
    message_id: str | None = None,
    since: datetime | None = None,
    everything: bool = False,
) -> int:
    """Let messages of an endpoint wait again, from their first try: one by its id, or those since a moment that failed
    or were held, with `everything` the delivered ones too. Return how many these are."""
    where = [_M.endpoint == endpoint]
    if message_id is not None:
        where.append(_M.message_id == message_id)
    else:
        lost = (str(MessageState.FAILED), str(MessageState.HELD))
        where += [] if everything else [_M.state.in_(lost)]
        where += [_M.at >= since] if since else []
    again = {"state": _WAITING, "due_at": None, "leased_until": None, "attempts": 0}
    return connection.execute(update(webhook_messages).where(*where).values(**again)).rowcount


def hold_messages(connection: Connection, endpoint: str) -> int:
    """Hold what waits for an endpoint, and return how many these are."""
    held = update(webhook_messages).where(_M.endpoint == endpoint, _M.state == _WAITING)
    return connection.execute(held.values(state=str(MessageState.HELD), leased_until=None)).rowcount


def delete_old_messages(connection: Connection, before: datetime, limit: int = 5_000) -> int:
    """Delete the oldest messages of before this moment that wait no longer, `limit` at most; return how many."""
    over = select(_M.id).where(_M.at < before, _M.state != _WAITING).order_by(_M.at).limit(limit)
    return connection.execute(delete(webhook_messages).where(_M.id.in_(over.scalar_subquery()))).rowcount


def count_waiting(connection: Connection) -> int:
    """Count the messages that wait to be sent."""
    return connection.scalar(select(func.count()).where(_M.state == _WAITING)) or 0
