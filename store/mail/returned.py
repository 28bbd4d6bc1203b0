"""Which mail a return is about, and when it left."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select, update

from domain.outreach import COUNTED, RETURNED
from models.base import ClientId
from store.tables import clients, outreaches


class SentMail(NamedTuple):
    """One mail that left, and where it went. `mailbox` is that of the client now for a mail from before it was kept."""

    client_id: ClientId
    n: int
    mailbox: str


def find_sent_mail(connection: Connection, client_id: ClientId, n: int | None, until: datetime) -> SentMail | None:
    """Find the mail `n` of a client; without `n` the last one that left until then."""
    o = outreaches.c
    query = (
        select(o.client_id, o.n, o.mailbox, clients.c.mailbox.label("present"))
        .join(clients, clients.c.client_id == o.client_id)
        .where(o.client_id == client_id)
    )
    if n is not None:
        query = query.where(o.n == n)
    else:
        left = o.state.in_(sorted(COUNTED | RETURNED)) & (func.coalesce(o.sent_at, o.updated_at) <= until)
        query = query.where(left).order_by(o.n.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else SentMail(row.client_id, row.n, row.mailbox or row.present)


def save_sent_time(connection: Connection, mail: SentMail, at: datetime) -> None:
    """Save that a mail left at `at`, unless it is known when."""
    o = outreaches.c
    unset = update(outreaches).where(o.client_id == mail.client_id, o.n == mail.n, o.sent_at.is_(None))
    connection.execute(unset.values(sent_at=at))
