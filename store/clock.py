"""The stored clock: one row that every process reads, so that all of them agree on business time.

Without a row (production), business time is real time. With a row, a stopped clock keeps the time at which it was
stopped, and one whose keeper was killed keeps the time of its last beat, so that the demo goes on where it left off.
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


def load_clock(connection: Connection, real_now: datetime | None = None) -> Clock:
    """Load the clock in force. With `real_now` (aware UTC), a clock whose keeper fell silent stands still."""
    row = _load_row(connection)
    return Clock() if row is None else _read_clock(row, real_now)


def load_business_time(connection: Connection, real_now: datetime) -> datetime:
    """Load business time at the real moment `real_now` (aware UTC)."""
    return load_clock(connection, real_now).business(real_now)


def start(connection: Connection, real_now: datetime, pace: float, business_start: datetime) -> Clock:
    """Start the clock: at `business_start` the first time, later where it stands. `pace` may be a new one."""
    row = _load_row(connection)
    begins = business_start if row is None else _read_clock(row, real_now).business(real_now)
    running = Clock(real_anchor=real_now, business_anchor=begins, pace=pace)
    if row is None:
        connection.execute(clock.insert().values(id=ONLY, **_columns(running), seen_real=real_now, stands=False))
    else:
        connection.execute(clock.update().values(**_columns(running), seen_real=real_now, stands=False))
    return running


def beat(connection: Connection, real_now: datetime) -> Clock:
    """Record a sign of life, due each second from whoever keeps the clock. After a silence, as when the machine slept,
    the clock goes on where it was, as if no time had passed. Without a clock it does nothing."""
    row = _load_row(connection)
    if row is None:
        return Clock()
    running = _read_clock(row, real_now)
    if not row.stands and running.pace == 0.0:
        running = Clock(real_anchor=real_now, business_anchor=running.business_anchor, pace=row.pace)
        connection.execute(clock.update().values(**_columns(running)))
    connection.execute(clock.update().values(seen_real=real_now))
    return running


def stop(connection: Connection, real_now: datetime) -> None:
    """Stop the clock where it is now."""
    row = _load_row(connection)
    if row is not None and not row.stands:
        stopped = _read_clock(row, real_now).reanchor(real_now, _read_clock(row, real_now).business(real_now))
        connection.execute(
            clock.update().values(
                real_anchor=real_now, business_anchor=stopped.business_anchor, seen_real=real_now, stands=True
            )
        )


def _load_row(connection: Connection) -> Row[tuple[int, datetime, datetime, float, datetime | None, bool]] | None:
    return connection.execute(_QUERY).first()


_QUERY: Final = select(clock).where(clock.c.id == ONLY)


def _read_clock(
    row: Row[tuple[int, datetime, datetime, float, datetime | None, bool]], real_now: datetime | None
) -> Clock:
    running = Clock(real_anchor=row.real_anchor, business_anchor=row.business_anchor, pace=row.pace)
    if row.stands:
        return running.model_copy(update={"pace": 0.0})
    if real_now is not None and row.seen_real is not None and real_now - row.seen_real > SILENT:
        last = row.seen_real + BEAT
        return Clock(real_anchor=last, business_anchor=running.business(last), pace=0.0)
    return running


def _columns(running: Clock) -> dict[str, object]:
    return {"real_anchor": running.real_anchor, "business_anchor": running.business_anchor, "pace": running.pace}
