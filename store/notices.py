"""Which faults stand and were told, by channel: each is told once when it begins and once when it ends, by one of all
workers."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, select, update

from models.notices import Fault, NoticeChannel
from store.sql.bulk import insert_ignoring
from store.tables import notices

_N = notices.c


def claim_notice(
    connection: Connection, fault: Fault, channel: NoticeChannel, stands: bool, real_now: datetime, lease: timedelta
) -> bool:
    """Claim the telling of a fault, or of its end, for the time of the lease; return whether it is the caller's. What
    begins is told when it still stands a lease later; until then, its end is told to nobody."""
    which = _match(fault, channel)
    if stands:
        row = {"fault": fault, "channel": channel, "since": real_now, "told": False, "leased_until": real_now + lease}
        insert_ignoring(connection, notices, [row])
    else:
        connection.execute(delete(notices).where(*which, _N.told.is_(False), _N.leased_until <= real_now))
    claimed = update(notices).where(*which, _N.told.is_(not stands), _N.leased_until <= real_now)
    return connection.execute(claimed.values(leased_until=real_now + lease)).rowcount == 1


def settle_notice(connection: Connection, fault: Fault, channel: NoticeChannel, stands: bool) -> None:
    """Note that a fault was told, or forget one whose end was told."""
    which = _match(fault, channel)
    told = update(notices).where(*which).values(told=True)
    connection.execute(told if stands else delete(notices).where(*which))


def find_begin(connection: Connection, fault: Fault, channel: NoticeChannel) -> datetime | None:
    """Find since when a fault is known."""
    since: datetime | None = connection.scalar(select(_N.since).where(*_match(fault, channel)))
    return since


def _match(fault: Fault, channel: NoticeChannel) -> tuple[ColumnElement[bool], ...]:
    return _N.fault == fault, _N.channel == channel
