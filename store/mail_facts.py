"""What decides whether a client may be mailed, read in one place for the plan, the door and the sentence."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from domain.eligibility import Hold, MailFacts
from models.base import ClientId
from models.clients import ClientPolicy
from models.states import HoldSource, OutreachState
from store.suppressions import suppressed
from store.tables import holds, outreaches

_LEFT = (OutreachState.SENT, OutreachState.UNKNOWN, OutreachState.DATA)
"""An unknown mail may have arrived, so it counts against the caps like one that did."""


def load(connection: Connection, client: Row[Any], signing_key: str, now: datetime) -> MailFacts:
    """The facts of `client` (a row with the columns of `clients`) at `now`."""
    client_id: ClientId = client.client_id
    return MailFacts(
        consent=client.consent,
        suppressed=suppressed(connection, signing_key, client.email),
        holds=tuple(
            Hold(source=HoldSource(row.source), since=row.since)
            for row in connection.execute(
                select(holds.c.source, holds.c.since).where(holds.c.client_id == client_id).order_by(holds.c.since)
            )
        ),
        sent_at=sent_at(connection, client_id, now),
        time_zone=client.time_zone,
        policy=ClientPolicy.model_validate(client.policy or {}),
    )


def sent_at(connection: Connection, client_id: ClientId, now: datetime) -> tuple[datetime, ...]:
    """When the client's mails of the last sixty days left, or may have."""
    left = select(outreaches.c.sent_at, outreaches.c.updated_at).where(
        outreaches.c.client_id == client_id,
        outreaches.c.state.in_(_LEFT),
        outreaches.c.updated_at > now - timedelta(days=60),
    )
    return tuple(row.sent_at or row.updated_at for row in connection.execute(left))
