"""What decides whether a client may be mailed, read in one place for the plan, the door and the sentence."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, select

from domain.eligibility import Hold, MailFacts
from models.base import CampaignSlug, ClientId, ItemId
from models.clients import ClientPolicy
from models.states import CampaignState, EnrolmentState, HoldSource, OutreachState
from store.mail.suppressions import suppressed
from store.sql.types import UtcTime
from store.tables import campaigns, enrolments, events, holds, outreaches

_LEFT = (OutreachState.SENT, OutreachState.UNKNOWN, OutreachState.DATA)
"""An unknown mail may have arrived, so it counts against the caps like one that did."""


def load(connection: Connection, client: Row[Any], signing_key: str, now: datetime) -> MailFacts:
    """The facts of `client` (a row with the columns of `clients`) at `now`."""
    client_id: ClientId = client.client_id
    held = select(holds.c.source, holds.c.since).where(holds.c.client_id == client_id).order_by(holds.c.since)
    by = tuple(Hold(source=HoldSource(row.source), since=row.since) for row in connection.execute(held))
    return MailFacts(
        consent=client.consent,
        suppressed=suppressed(connection, signing_key, client.email),
        erased=any(hold.source is HoldSource.ERASURE for hold in by),
        holds=by,
        sent_at=sent_at(connection, client_id, now),
        time_zone=client.time_zone,
        policy=ClientPolicy.model_validate(client.policy or {}),
    )


def held_out_of(connection: Connection, client_id: ClientId) -> tuple[CampaignSlug, ...]:
    """The campaigns not yet ended that hold the client out, the latest first. They hinder no mail, so `load` does
    not ask."""
    e = enrolments.c
    return tuple(
        connection.scalars(
            select(e.campaign)
            .join(campaigns, campaigns.c.slug == e.campaign)
            .where(
                e.client_id == client_id,
                e.state == EnrolmentState.HELD_OUT,
                campaigns.c.state != CampaignState.ENDED,
            )
            .order_by(e.enrolled_at.desc(), e.campaign)
        )
    )


def sent_at(connection: Connection, client_id: ClientId, now: datetime) -> tuple[datetime, ...]:
    """When the client's mails of the last sixty days left, or may have."""
    left = select(outreaches.c.sent_at, outreaches.c.updated_at).where(
        outreaches.c.client_id == client_id,
        outreaches.c.state.in_(_LEFT),
        outreaches.c.updated_at > now - timedelta(days=60),
    )
    return tuple(row.sent_at or row.updated_at for row in connection.execute(left))


def shown_since(connection: Connection, client_id: ClientId, since: datetime, *, but: int) -> tuple[ItemId, ...]:
    """Items that mails sent to the client since then have shown; `but` is the mail that asks."""
    drafts = connection.scalars(
        select(outreaches.c.draft).where(
            outreaches.c.client_id == client_id,
            outreaches.c.n != but,
            outreaches.c.state == OutreachState.SENT,
            outreaches.c.sent_at > since,
        )
    )
    return tuple(blurb["item_id"] for draft in drafts if draft for blurb in draft["items"])


def read_at(connection: Connection, client_id: ClientId, now: datetime, limit: int) -> tuple[datetime, ...]:
    """The last moments at which the client opened or clicked our mail, latest first; what a machine opened is none."""
    return tuple(connection.scalars(_READ, {"client": client_id, "until": now, "most": limit}))


# Put together once: on the way of every mail, building it would take as long as running it.
_READ: Final = (
    select(events.c.occurred_at)
    .where(
        events.c.client_id == bindparam("client"),
        events.c.type.in_(("email_opened", "email_clicked")),
        events.c.occurred_at <= bindparam("until", type_=UtcTime()),
        events.c.data["machine"].as_boolean().is_not(True),
    )
    .order_by(events.c.occurred_at.desc())
    .limit(bindparam("most"))
)
