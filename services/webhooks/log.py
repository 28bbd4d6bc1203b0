"""See what was sent to an endpoint, send it again, and send a test."""

from __future__ import annotations

import asyncio
from datetime import datetime

from sqlalchemy import Engine

from domain import permissions
from domain.permissions import Action
from errors import BadInput, NotFound
from models.actors import Actor, Subject, SubjectKind
from models.webhooks import (
    EndpointState,
    MessageState,
    WebhookLog,
    WebhookMessage,
    WebhookReplay,
    WebhookReplayed,
    WebhookTest,
)
from services.webhooks.delivery import WebhookSender
from services.webhooks.endpoints import describe, hide_address, open_secrets, require_endpoint
from services.webhooks.outcomes import settle_try
from settings import Settings
from store.activity import write_activity
from store.database import read_transaction, write_transaction
from store.webhooks import messages
from store.webhooks.endpoints import EndpointRow
from store.webhooks.messages import LeasedMessage


def show_log(
    engine: Engine, name: str, state: MessageState | None = None, limit: int = 50, actor: Actor | None = None
) -> WebhookLog:
    """Show the latest messages to an endpoint, each with its tries. `actor`: who sees it. Raises NotFound."""
    with read_transaction(engine) as connection:
        endpoint = hide_address(describe(connection, name), actor)
        return WebhookLog(endpoint=endpoint, messages=tuple(messages.list_messages(connection, name, state, limit)))


def replay(
    engine: Engine, actor: Actor, name: str, order: WebhookReplay, now: datetime, real_now: datetime
) -> WebhookReplayed:
    """Send messages again under their old ids, from the first try on.

    Raises: NotAllowed; NotFound for no such endpoint or message; BadInput without a choice, or while it is disabled.
    """
    permissions.require(actor, Action.REPLAY_WEBHOOK)
    if (order.message_id is None) == (order.since is None):
        raise BadInput("say which: one message by its id, or all since a moment", "since")
    with write_transaction(engine) as connection:
        if require_endpoint(connection, name, lock=True).state is EndpointState.DISABLED:
            raise BadInput("is disabled; enable it first", "name")
        chosen = {"message_id": order.message_id, "since": order.since, "everything": order.everything}
        count = messages.replay_messages(connection, name, **chosen)  # type: ignore[arg-type]
        if order.message_id is not None and not count:
            raise NotFound("this endpoint has no such message", "message_id")
        if count:
            subject = Subject(kind=SubjectKind.WEBHOOK, id=name)
            write_activity(connection, actor, Action.REPLAY_WEBHOOK, subject, now, real_now, {"messages": count})
    return WebhookReplayed(messages=count)


async def send_test(
    engine: Engine,
    actor: Actor,
    settings: Settings,
    name: str,
    order: WebhookTest,
    now: datetime,
    real_now: datetime,
) -> WebhookMessage:
    """Send a message that only tells that it is a test, at once, and return it with the answer; one that fails is tried
    again like any other. Raises NotAllowed, NotFound; BadInput while the endpoint is disabled."""
    permissions.require(actor, Action.TEST_WEBHOOK)

    def _begin() -> tuple[EndpointRow, LeasedMessage]:
        with write_transaction(engine) as connection:
            row = require_endpoint(connection, name, lock=True)
            if row.state is EndpointState.DISABLED:
                raise BadInput("is disabled; enable it first", "name")
            added = messages.add_test(connection, name, now)
            subject = Subject(kind=SubjectKind.WEBHOOK, id=name)
            write_activity(connection, actor, Action.TEST_WEBHOOK, subject, now, real_now)
            return row, messages.lease_message(connection, added, real_now, 2 * order.seconds)

    row, message = await asyncio.to_thread(_begin)
    sender = WebhookSender.from_settings(settings, order.seconds)
    try:
        secrets = open_secrets(row, settings.keys.signing, real_now)
        result = await sender.send(row.url, secrets, message, real_now)
    finally:
        await sender.close()

    def _settle() -> WebhookMessage:
        with write_transaction(engine) as connection:
            settle_try(connection, message, result, now, real_now)
            found = messages.find_message(connection, name, message.message_id)
            if found is None:
                raise NotFound("this endpoint was removed while its test was on the way", "name")
            return found

    return await asyncio.to_thread(_settle)
