"""Which mail a return is about, and where it went."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Integer, Select, bindparam, func, select

from domain.outreach import COUNTED, RETURNED
from models.base import ClientId
from store.sql.bulk import give, match_given
from store.tables import clients, outreaches


class SentMail(NamedTuple):
    """One mail that left, and where it went. `mailbox` is that of the client now for a mail from before it was kept;
    `present`: that of the client now."""

    client_id: ClientId
    n: int
    mailbox: str
    present: str


_COLUMNS: Final = (
    outreaches.c.client_id,
    outreaches.c.n,
    outreaches.c.mailbox,
    outreaches.c.message_id,
    clients.c.mailbox.label("present"),
)


def find_sent_mail(connection: Connection, client_id: ClientId, n: int | None, until: datetime) -> SentMail | None:
    """Find the mail `n` of a client; without `n` the last one that left until then."""
    if n is not None:
        return find_sent_mails(connection, [(client_id, n)]).get((client_id, n))
    o = outreaches.c
    left = o.state.in_(sorted(COUNTED | RETURNED)) & (func.coalesce(o.sent_at, o.updated_at) <= until)
    query = _QUERY.where(o.client_id == client_id, left).order_by(o.n.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else _build_mail(row)


def find_sent_mails(connection: Connection, keys: Collection[tuple[ClientId, int]]) -> dict[tuple[str, int], SentMail]:
    """Find mails by client and number."""
    if not keys:
        return {}
    given = give(connection, sorted({client_id for client_id, _ in keys})) | {"numbers": sorted({n for _, n in keys})}
    mails = map(_build_mail, connection.execute(_select_numbered(connection.dialect.name), given))
    return {(mail.client_id, mail.n): mail for mail in mails if (mail.client_id, mail.n) in keys}


def find_named_mails(connection: Connection, message_ids: Collection[str]) -> dict[str, SentMail]:
    """Find mails by Message-ID."""
    if not message_ids:
        return {}
    rows = connection.execute(_select_named(connection.dialect.name), give(connection, sorted(message_ids)))
    return {row.message_id: _build_mail(row) for row in rows}


_QUERY: Final = select(*_COLUMNS).join(clients, clients.c.client_id == outreaches.c.client_id)


@cache  # building a statement takes longer than running it
def _select_named(dialect: str) -> Select[Any]:
    return _QUERY.where(match_given(dialect, outreaches.c.message_id))


@cache
def _select_numbered(dialect: str) -> Select[Any]:
    numbers = bindparam("numbers", expanding=True, type_=Integer)
    return _QUERY.where(match_given(dialect, outreaches.c.client_id), outreaches.c.n.in_(numbers))


def _build_mail(row: Any) -> SentMail:
    return SentMail(row.client_id, row.n, row.mailbox or row.present, row.present)
