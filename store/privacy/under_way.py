"""What of a client was on its way when their erasure came, and its end."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, or_, select

from domain.fixes.states import SETTLED as FIX_OVER
from domain.outreach import SETTLED as MAIL_OVER
from models.base import ClientId
from models.fixes import FixId
from models.states import OutreachState
from store.mail import ledger
from store.tables import fixes, outreaches

ERASED: Final = "erased"
"""Code of a mail or a Fix that was called off for it. What an attempt before this one called off is told of again."""


def mails(connection: Connection, client_id: ClientId) -> list[Row[Any]]:
    """Number, state and lease of each mail."""
    o = outreaches.c
    query = select(o.n, o.state, o.lease_until).where(o.client_id == client_id)
    return list(connection.execute(query.where(or_(o.state.not_in(MAIL_OVER), o.code == ERASED)).order_by(o.n)))


def stop_mails(connection: Connection, client_id: ClientId, now: datetime, real_now: datetime) -> None:
    """Reject each mail, unless it is with the mail server; there, one whose attempt cannot be alive any more is
    `unknown`."""
    for mail in mails(connection, client_id):
        in_data = mail.state == OutreachState.DATA
        if not in_data:
            ledger.move(connection, client_id, mail.n, OutreachState.REJECTED, now, code=ERASED)
        elif mail.lease_until is None or real_now >= mail.lease_until:
            ledger.move(connection, client_id, mail.n, OutreachState.UNKNOWN, now, code=ERASED)


def boxes(connection: Connection, client_id: ClientId) -> list[FixId]:
    """The Fixes, those that were shipped among them: nobody asks any more what was kept."""
    f = fixes.c
    query = select(f.fix_id).where(f.client_id == client_id, or_(f.state.not_in(FIX_OVER), f.code == ERASED))
    return list(connection.scalars(query.order_by(f.fix_id)))
