"""The stored clock: one row that every process reads, so that all agree on business time.

No row (production): business time is real time. With a row, a stopped clock stands where it was stopped, and one whose
keeper was killed stands where it was last seen, so that the demo goes on where it left off.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Row, select

from models.clock import Clock
from store.tables import clock

ONLY: Final = 1
BEAT: Final = timedelta(seconds=2)
"""A keeper beats each second; a killed clock is taken to have run this much past its last beat, never less, since
business time must not go backwards."""
SILENT: Final = timedelta(seconds=10)
"""Real time without a beat after which the keeper is dead or the machine was asleep."""


def load(connection: Connection, real_now: datetime | None = None) -> Clock:
    """The clock in force. With `real_now` (aware UTC), a clock whose keeper fell silent is seen to stand still."""
    row = _row(connection)
    return Clock() if row is None else _reading(row, real_now)


def business(connection: Connection, real_now: datetime) -> datetime:
    """Business time at the real moment `real_now` (aware UTC)."""
    return load(connection, real_now).business(real_now)


def start(connection: Connection, real_now: datetime, pace: float, business_start: datetime) -> Clock:
    """Set the clock going: at `business_start` the first time, later where it stands. `pace` may be a new one."""
    row = _row(connection)
    begins = business_start if row is None else _reading(row, real_now).business(real_now)
    going = Clock(real_anchor=real_now, business_anchor=begins, pace=pace)
    if row is None:
        connection.execute(clock.insert().values(id=ONLY, **_columns(going), seen_real=real_now, stands=False))
    else:
        connection.execute(clock.update().values(**_columns(going), seen_real=real_now, stands=False))
    return going


def beat(connection: Connection, real_now: datetime) -> Clock:
    """A sign of life, due each second from whoever keeps the clock. After a silence, as when the machine slept, the
    clock goes on where it was, as if no time had passed. Without a clock it does nothing."""
    row = _row(connection)
    if row is None:
        return Clock()
    going = _reading(row, real_now)
    if not row.stands and going.pace == 0.0:
        going = Clock(real_anchor=real_now, business_anchor=going.business_anchor, pace=row.pace)
        connection.execute(clock.update().values(**_columns(going)))
    connection.execute(clock.update().values(seen_real=real_now))
    return going


def stop(connection: Connection, real_now: datetime) -> None:
    """Let the clock stand where it is now."""
    row = _row(connection)
    if row is not None and not row.stands:
        still = _reading(row, real_now).reanchored(real_now, _reading(row, real_now).business(real_now))
        connection.execute(
            clock.update().values(
                real_anchor=real_now, business_anchor=still.business_anchor, seen_real=real_now, stands=True
            )
        )


def _row(connection: Connection) -> Row[tuple[int, datetime, datetime, float, datetime | None, bool]] | None:
    return connection.execute(select(clock).where(clock.c.id == ONLY)).first()


def _reading(
    row: Row[tuple[int, datetime, datetime, float, datetime | None, bool]], real_now: datetime | None
) -> Clock:
    going = Clock(real_anchor=row.real_anchor, business_anchor=row.business_anchor, pace=row.pace)
    if row.stands:
        return going.model_copy(update={"pace": 0.0})
    if real_now is not None and row.seen_real is not None and real_now - row.seen_real > SILENT:
        last = row.seen_real + BEAT
        return Clock(real_anchor=last, business_anchor=going.business(last), pace=0.0)
    return going


def _columns(going: Clock) -> dict[str, object]:
    return {"real_anchor": going.real_anchor, "business_anchor": going.business_anchor, "pace": going.pace}
