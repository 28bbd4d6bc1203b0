"""Finds the mail in the ledger that belongs to a delivered message."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from domain.outreach import COUNTED, RETURNED
from models.base import ClientId
from store.tables import clients, outreaches


def find_by_message_id(connection: Connection, message_ids: Iterable[str]) -> dict[str, tuple[ClientId, int]]:
    """Find the client and number of each mail with one of these Message-IDs."""
    ids = [message_id for message_id in message_ids if message_id]
    if not ids:
        return {}
    columns = (outreaches.c.message_id, outreaches.c.client_id, outreaches.c.n)
    rows = connection.execute(select(*columns).where(outreaches.c.message_id.in_(ids)))
    return {row.message_id: (row.client_id, row.n) for row in rows}


def find_sent_at(connection: Connection, client_id: ClientId, n: int) -> datetime | None:
    """Find the business time at which a mail was sent; while that is not settled, its last change."""
    o = outreaches.c
    row = connection.execute(select(o.sent_at, o.updated_at).where(o.client_id == client_id, o.n == n)).one_or_none()
    return None if row is None else row.sent_at or row.updated_at


class LinkMail(NamedTuple):
    """A mail whose link was opened: when it was sent, and where; mailboxes are keyed hashes, empty where unknown."""

    sent_at: datetime | None
    sent_to: str
    mailbox: str


def find_link_mail(connection: Connection, client_id: ClientId, n: int) -> LinkMail | None:
    """Find the mail to which a link belongs, with the client's present mailbox."""
    o = outreaches.c
    query = (
        select(o.sent_at, o.updated_at, o.mailbox, clients.c.mailbox.label("present"))
        .join(clients, clients.c.client_id == o.client_id)
        .where(o.client_id == client_id, o.n == n)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else LinkMail(row.sent_at or row.updated_at, row.mailbox or "", row.present)


class PastMail(NamedTuple):
    """A mail that left, as it was written: its brief and draft, and the items as it showed them, by id."""

    brief: dict[str, Any]
    draft: dict[str, Any]
    shown: dict[str, Any]


def find_past_mail(connection: Connection, client_id: ClientId, n: int) -> PastMail | None:
    """Find a mail that left, or may have."""
    o = outreaches.c
    left = o.state.in_(sorted(COUNTED | RETURNED))
    query = select(o.brief, o.draft, o.shown).where(o.client_id == client_id, o.n == n, left)
    row = connection.execute(query).one_or_none()
    return None if row is None or not row.draft else PastMail(row.brief or {}, row.draft, row.shown or {})
