"""A client's mails and Fixes that are under way when their erasure comes, and how they end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, or_, select

from domain.fixes.states import SETTLED as FIX_OVER
from domain.outreach import SETTLED as MAIL_OVER
from models.base import ClientId
from models.fixes import FixId
from models.states import OutreachState
from store.mail import ledger
from store.sql.records import Record
from store.tables import fixes, outreaches

ERASED: Final = "erased"
"""Code of a mail or a Fix that was cancelled for it. What an earlier attempt cancelled is listed again."""


@dataclass(frozen=True, slots=True)
class OpenMail(Record):
    """A mail that must be stopped. `lease_until`: real time up to which an attempt may be sending it."""

    n: int
    state: OutreachState
    lease_until: datetime | None


def list_mails(connection: Connection, client_id: ClientId) -> list[OpenMail]:
    """List the mails to stop, and those that were stopped before for the erasure."""
    o = outreaches.c
    query = select(*OpenMail.list_columns(outreaches)).where(o.client_id == client_id)
    rows = connection.execute(query.where(or_(o.state.not_in(MAIL_OVER), o.code == ERASED)).order_by(o.n))
    return [OpenMail.from_row(row) for row in rows]


def stop_mails(connection: Connection, client_id: ClientId, now: datetime, real_now: datetime) -> None:
    """Reject each mail that is not with the mail server; one that is, and whose attempt cannot be alive any more,
    becomes `unknown`."""
    for mail in list_mails(connection, client_id):
        in_data = mail.state == OutreachState.DATA
        if not in_data:
            ledger.move_mail(connection, client_id, mail.n, OutreachState.REJECTED, now, code=ERASED)
        elif mail.lease_until is None or real_now >= mail.lease_until:
            ledger.move_mail(connection, client_id, mail.n, OutreachState.UNKNOWN, now, code=ERASED)


def list_fixes(connection: Connection, client_id: ClientId) -> list[FixId]:
    """List the Fixes, shipped ones included, since nobody asks any more what was kept."""
    f = fixes.c
    query = select(f.fix_id).where(f.client_id == client_id, or_(f.state.not_in(FIX_OVER), f.code == ERASED))
    return list(connection.scalars(query.order_by(f.fix_id)))
