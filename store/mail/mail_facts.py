"""The facts that decide whether a client may be mailed, read in one place for the plan, the send gate and `why-not`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, select

from domain.eligibility import Hold, MailFacts
from models.base import CampaignSlug, ClientId, ItemId
from models.clients import ClientPolicy
from models.states import CampaignState, EnrolmentState, HoldSource, OutreachState
from store.mail.suppressions import find_suppression
from store.sql.types import UtcTime
from store.tables import campaigns, enrolments, events, holds, outreaches

_COUNTED_STATES = (OutreachState.SENT, OutreachState.UNKNOWN, OutreachState.DATA)
"""An unknown mail may have arrived, so it counts against the caps like one that did."""


def load_mail_facts(connection: Connection, client: Row[Any], signing_key: str, now: datetime) -> MailFacts:
    """Load the facts of `client` (a row with the columns of `clients`) at `now`."""
    client_id: ClientId = client.client_id
    query = select(holds.c.source, holds.c.since).where(holds.c.client_id == client_id).order_by(holds.c.since)
    client_holds = tuple(Hold(source=HoldSource(row.source), since=row.since) for row in connection.execute(query))
    return MailFacts(
        consent=client.consent,
        suppressed=find_suppression(connection, signing_key, client.email),
        erased=any(hold.source is HoldSource.ERASURE for hold in client_holds),
        holds=client_holds,
        sent_at=list_sent_times(connection, client_id, now),
        time_zone=client.time_zone,
        policy=ClientPolicy.model_validate(client.policy or {}),
    )


def list_holdouts(connection: Connection, client_id: ClientId) -> tuple[CampaignSlug, ...]:
    """List the campaigns not yet ended that hold the client out, the latest first. They hinder no mail, so
    `load_mail_facts` does not read them."""
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


def list_sent_times(connection: Connection, client_id: ClientId, now: datetime) -> tuple[datetime, ...]:
    """List when the client's mails of the last sixty days were sent, or may have been."""
    query = select(outreaches.c.sent_at, outreaches.c.updated_at).where(
        outreaches.c.client_id == client_id,
        outreaches.c.state.in_(_COUNTED_STATES),
        outreaches.c.updated_at > now - timedelta(days=60),
    )
    return tuple(row.sent_at or row.updated_at for row in connection.execute(query))


def list_shown_items(
    connection: Connection, client_id: ClientId, since: datetime, *, except_mail: int
) -> tuple[ItemId, ...]:
    """List the items shown in mails sent to the client since then, leaving out mail `except_mail`."""
    drafts = connection.scalars(
        select(outreaches.c.draft).where(
            outreaches.c.client_id == client_id,
            outreaches.c.n != except_mail,
            outreaches.c.state == OutreachState.SENT,
            outreaches.c.sent_at > since,
        )
    )
    return tuple(blurb["item_id"] for draft in drafts if draft for blurb in draft["items"])


def list_reading_times(connection: Connection, client_id: ClientId, now: datetime, limit: int) -> tuple[datetime, ...]:
    """List the last moments at which the client opened or clicked our mail, latest first; opens by machines do not
    count."""
    return tuple(connection.scalars(_READING_TIMES_QUERY, {"client": client_id, "until": now, "most": limit}))


# Built once: it runs for every mail, and building it would take as long as running it.
_READING_TIMES_QUERY: Final = (
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
