"""What happened, written as messages to the endpoints that asked for it, in the transaction of the change."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, Integer, String, bindparam, case, insert, literal, select

from models.webhooks import Announcement, EndpointState, MessageState
from store.sql.types import Json, UtcTime
from store.tables import webhook_endpoints, webhook_messages, webhook_subscriptions

_TOLD: Final = webhook_subscriptions.c.type == bindparam("told", type_=String)
_FIRST_STATE: Final = case(
    (webhook_endpoints.c.state == EndpointState.ENABLED, str(MessageState.WAITING)), else_=str(MessageState.HELD)
)
_NEW_MESSAGES: Final = insert(webhook_messages).from_select(
    ("endpoint", "message_id", "type", "at", "client_id", "n", "data", "state", "attempts", "tries"),
    select(
        webhook_endpoints.c.name,
        bindparam("message", type_=String),
        webhook_subscriptions.c.type,
        bindparam("moment", type_=UtcTime),
        bindparam("client", type_=String),
        bindparam("number", type_=Integer),
        bindparam("content", type_=Json),
        _FIRST_STATE,
        literal(0, Integer),
        literal([], Json),
    )
    .select_from(webhook_subscriptions)
    .join(webhook_endpoints, webhook_endpoints.c.name == webhook_subscriptions.c.endpoint)
    .where(_TOLD),
)
_IS_TOLD: Final = select(literal(1)).where(_TOLD).limit(1)


def push_messages(connection: Connection, happenings: Sequence[Announcement]) -> None:
    """Write a message to each endpoint that asked for what happened, all of one type. Nobody asked: nothing is written.
    What happens while an endpoint is disabled is held for it."""
    if not happenings or connection.execute(_IS_TOLD, {"told": happenings[0].type}).first() is None:
        return
    rows = [
        {
            "told": one.type,
            "message": f"msg_{secrets.token_hex(12)}",
            "moment": one.at,
            "client": one.client_id,
            "number": one.n,
            "content": one.data,
        }
        for one in happenings
    ]
    connection.execute(_NEW_MESSAGES, rows)
