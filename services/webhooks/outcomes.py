"""Lease what is due to an endpoint, and settle what came of each try: the next one, or the end of the endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection

from domain.permissions import Action
from domain.webhook_rules import GIVE_UP, GONE, compute_next_try, is_given_up
from models.actors import SYSTEM, Subject, SubjectKind
from models.webhooks import EndpointState, MessageState
from services import metrics
from services.context import ServiceContext
from services.webhooks.delivery import TryResult
from services.webhooks.endpoints import open_secrets
from store.activity import write_activity
from store.clock import load_business_time
from store.database import read_transaction, write_transaction
from store.webhooks import endpoints, messages
from store.webhooks.messages import LeasedMessage

LEASE_S: Final = 60.0
"""Longer than a try may take; whoever died meanwhile lets others send it again, under the same id."""
MOST_AN_HOUR: Final = 200_000


class DueBatch(NamedTuple):
    """What is to be sent to one endpoint now. `url` is empty where nothing is."""

    url: str
    secrets: tuple[str, ...]
    messages: Sequence[LeasedMessage]


def find_due(context: ServiceContext, real_now: datetime) -> list[str]:
    """Find the enabled endpoints to which something is due, and count what waits."""
    with read_transaction(context.engine) as connection:
        metrics.webhooks_waiting.set(messages.count_waiting(connection))
        return messages.list_due_endpoints(connection, real_now)


def lease_due(context: ServiceContext, name: str, limit: int, real_now: datetime) -> DueBatch:
    """Take a lease of what is due to an endpoint."""
    with write_transaction(context.engine) as connection:
        row = endpoints.find_endpoint(connection, name)
        if row is None or row.state is EndpointState.DISABLED:
            return DueBatch("", (), ())
        secrets = open_secrets(row, context.settings.keys.signing, real_now)
        return DueBatch(row.url, secrets, messages.lease_messages(connection, name, limit, real_now, LEASE_S))


def settle_due(
    context: ServiceContext, batch: Sequence[LeasedMessage], results: Sequence[TryResult], real_now: datetime
) -> None:
    """Settle the tries of a batch in one transaction."""
    with write_transaction(context.engine) as connection:
        now = load_business_time(connection, real_now)
        for message, result in zip(batch, results, strict=True):
            settle_try(connection, message, result, now, real_now)


def settle_try(
    connection: Connection, message: LeasedMessage, result: TryResult, now: datetime, real_now: datetime
) -> None:
    """Settle one try: delivered, to be tried again, or given up; disable the endpoint that is gone or failed for
    days."""
    metrics.webhooks.labels(outcome="delivered" if result.good else "failed").inc()
    due_at = None if result.good else compute_next_try(message.attempts + 1, real_now, result.wished_s)
    state = MessageState.DELIVERED if result.good else MessageState.WAITING if due_at else MessageState.FAILED
    messages.settle_message(connection, message, state, due_at, result.describe(real_now))
    failing_since = endpoints.note_result(connection, message.endpoint, good=result.good, real_now=real_now)
    if result.status == GONE:
        _disable(connection, message.endpoint, "it answered 410: it wants no more messages", now, real_now)
    elif is_given_up(failing_since, real_now):
        _disable(connection, message.endpoint, f"every try failed for {GIVE_UP.days} days", now, real_now)


def _disable(connection: Connection, name: str, why: str, now: datetime, real_now: datetime) -> None:
    row = endpoints.find_endpoint(connection, name, lock=True)
    if row is None or row.state is EndpointState.DISABLED:
        return
    endpoints.change_endpoint(connection, name, state=EndpointState.DISABLED, why=why)
    data = {"before": row.state, "after": EndpointState.DISABLED, "held": messages.hold_messages(connection, name)}
    subject = Subject(kind=SubjectKind.WEBHOOK, id=name)
    write_activity(connection, SYSTEM, Action.SET_WEBHOOK_STATE, subject, now, real_now, data)


def forget_old_messages(context: ServiceContext, real_now: datetime) -> int:
    """Delete messages that are older than SELVEDGE_WEBHOOK_DAYS and wait no longer; return how many these were."""
    deleted = 0
    while deleted < MOST_AN_HOUR:
        with write_transaction(context.engine) as connection:
            before = load_business_time(connection, real_now) - timedelta(days=context.settings.webhook_days)
            count = messages.delete_old_messages(connection, before)
        deleted += count
        if not count:
            break
    return deleted
