"""The facts that decide whether a client may be mailed, read in one place for the plan, the send gate and `why-not`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, NamedTuple, Protocol

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, literal_column, null, or_, select, union_all

from domain.eligibility import Hold, MailFacts
from domain.outreach import COUNTED, COUNTED_DAYS
from models.base import CampaignSlug, ClientId, ItemId
from models.clients import ClientPolicy
from models.states import CampaignState, EnrolmentState, HoldSource, OutreachState
from store.mail.ledger_in_bulk import MailKey
from store.mail.suppressions import hash_address
from store.mail.withdrawals import match_in_force
from store.sql.bulk import give, leave_index, match_given
from store.sql.types import UtcTime
from store.tables import campaigns, clients, enrolments, events, holds, outreaches, suppressions, withdrawals


class MailedClient(Protocol):
    """What the facts take of a client, who was loaded before."""

    @property
    def client_id(self) -> ClientId: ...
    @property
    def email(self) -> str: ...
    @property
    def consent(self) -> bool: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def policy(self) -> ClientPolicy: ...


def load_mail_facts(
    connection: Connection, client: MailedClient, signing_key: str, sent_at: tuple[datetime, ...]
) -> MailFacts:
    """Load the facts of `client`, who was mailed at `sent_at`; mail to the same mailbox under other ids is added."""
    of_client = {"client": client.client_id, "address": hash_address(signing_key, client.email)}
    barriers = sorted(connection.execute(_BARRIERS_QUERY, of_client), key=lambda row: row.since)
    client_holds = tuple(
        Hold(source=HoldSource(row.name), since=row.since, until=row.until) for row in barriers if row.barrier == "hold"
    )
    return MailFacts(
        consent=client.consent,
        suppressed=next((row.name for row in barriers if row.barrier == "suppression"), None),
        withdrawn=any(row.barrier == "withdrawal" for row in barriers),
        erased=any(hold.source is HoldSource.ERASURE for hold in client_holds),
        holds=client_holds,
        sent_at=(*sent_at, *(row.since for row in barriers if row.barrier == "mail")),
        time_zone=client.time_zone,
        policy=client.policy,
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


def list_sent_times(
    connection: Connection, client_ids: Iterable[ClientId], now: datetime
) -> dict[ClientId, tuple[datetime, ...]]:
    """List when mails of the last sixty days to each of these clients were sent, or may have been. Clients without any
    are left out."""
    given = give(connection, client_ids) | {"since": now - timedelta(days=COUNTED_DAYS)}
    found: dict[ClientId, list[datetime]] = defaultdict(list)
    for client_id, at in connection.execute(_select_sent_times(connection.dialect.name), given):
        found[client_id].append(at)
    return {client_id: tuple(times) for client_id, times in found.items()}


@cache  # building it takes longer than running it
def _select_sent_times(dialect: str) -> Select[Any]:
    o = outreaches.c
    counted = or_(*(leave_index(o.state) == state for state in sorted(COUNTED)))
    recent = o.updated_at > bindparam("since", type_=UtcTime())
    query = select(o.client_id, func.coalesce(o.sent_at, o.updated_at))
    return query.where(match_given(dialect, o.client_id), counted, recent)


class ShownBefore(NamedTuple):
    """What mails to one client showed: the items, and the subjects under which they came."""

    items: tuple[ItemId, ...]
    subjects: tuple[str, ...]


def load_shown(connection: Connection, mails: Collection[MailKey], since: datetime) -> dict[MailKey, ShownBefore]:
    """Load what other mails showed that were sent since then to the clients of these mails, in one statement."""
    given = give(connection, {client_id for client_id, _ in mails}) | {"since": since}
    drafts: dict[ClientId, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    for row in connection.execute(_select_shown(connection.dialect.name), given):
        if row.draft:
            drafts[row.client_id].append((row.n, row.draft))
    found = {}
    for client_id, n in mails:
        others = [draft for number, draft in drafts.get(client_id, ()) if number != n]
        items = tuple(blurb["item_id"] for draft in others for blurb in draft["items"])
        found[client_id, n] = ShownBefore(items, tuple(draft["subject"] for draft in others))
    return found


@cache  # building it takes longer than running it
def _select_shown(dialect: str) -> Select[Any]:
    o = outreaches.c
    sent = (leave_index(o.state) == OutreachState.SENT, o.sent_at > bindparam("since", type_=UtcTime()))
    query = select(o.client_id, o.n, o.draft).where(match_given(dialect, o.client_id), *sent)
    return query.order_by(o.client_id, o.n)


def list_reading_times(
    connection: Connection, client_ids: Iterable[ClientId], now: datetime, limit: int
) -> dict[ClientId, tuple[datetime, ...]]:
    """List the last moments, at most `limit`, at which each client opened or clicked our mail, latest first; opens by
    machines do not count. Clients without any are left out."""
    given = give(connection, client_ids) | {"until": now, "most": limit}
    found: dict[ClientId, list[datetime]] = defaultdict(list)
    for client_id, at in connection.execute(_select_reading_times(connection.dialect.name), given):
        found[client_id].append(at)
    return {client_id: tuple(times) for client_id, times in found.items()}


@cache
def _select_reading_times(dialect: str) -> Select[Any]:
    e = events.c
    place = func.row_number().over(partition_by=e.client_id, order_by=e.occurred_at.desc())
    reads = (
        select(e.client_id, e.occurred_at, place.label("place"))
        .where(
            match_given(dialect, e.client_id),
            e.type.in_(("email_opened", "email_clicked")),
            e.occurred_at <= bindparam("until", type_=UtcTime()),
            e.data["machine"].as_boolean().is_not(True),
        )
        .subquery()
        .c
    )
    query = select(reads.client_id, reads.occurred_at).where(reads.place <= bindparam("most"))
    return query.order_by(reads.client_id, reads.occurred_at.desc())


_MAILBOX: Final = select(clients.c.mailbox).where(clients.c.client_id == bindparam("client")).scalar_subquery()
_NO_NAME: Final[ColumnElement[str]] = literal_column("''")
_NO_END: Final = null().cast(UtcTime).label("until")
_BARRIERS_QUERY: Final = union_all(
    select(
        literal_column("'hold'").label("barrier"),
        holds.c.source.label("name"),
        holds.c.since.label("since"),
        holds.c.until,
    ).where(holds.c.client_id == bindparam("client")),
    select(literal_column("'suppression'"), suppressions.c.reason, suppressions.c.at, _NO_END).where(
        or_(suppressions.c.address_hash == bindparam("address"), suppressions.c.address_hash == _MAILBOX),
        suppressions.c.lifted_at.is_(None),
    ),
    select(literal_column("'withdrawal'"), _NO_NAME, withdrawals.c.at, _NO_END)
    .select_from(clients.join(withdrawals, match_in_force()))
    .where(clients.c.client_id == bindparam("client")),
    select(
        literal_column("'mail'"), _NO_NAME, func.coalesce(outreaches.c.sent_at, outreaches.c.updated_at), _NO_END
    ).where(
        outreaches.c.mailbox == _MAILBOX,
        outreaches.c.client_id != bindparam("client"),
        or_(*(outreaches.c.state == state for state in sorted(COUNTED))),
    ),
)
"""Everything that may stand in the way of a mail: holds, a suppression, a withdrawal, and mail to the same mailbox
under another client id."""
