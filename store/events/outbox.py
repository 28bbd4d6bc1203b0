"""Nudges that wait to be sent to workflows, written in the transaction of the change that asks for them. Messages to
other systems: `store/webhooks/`.

What steers goes before what is fresh, and that before what comes in bulk; each of these lanes has a reserved share, so
that none waits for ever. There is one row for each target. Further changes raise its version, so many events are one
nudge, and a nudge that was being sent while something changed is sent again. All times here are real time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from functools import cache
from typing import Any, Final, Literal

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Integer,
    Text,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from store.sql.bulk import give, select_given
from store.sql.types import UtcTime
from store.tables import clients, outbox, standings

Kind = Literal["client", "campaign", "fix", "erasure", "mail"]


class Lane(IntEnum):
    """What goes first."""

    STEERING = 0
    """Campaigns, erasures, Fixes, mails that somebody decided on."""
    FRESH = 1
    """Single clients: somebody signed up, or something happened."""
    BULK = 2
    """Many clients at once, as after an import."""


SHARES: Final = {Lane.STEERING: 0.4, Lane.FRESH: 0.3, Lane.BULK: 0.2}
"""What each lane gets of a batch, whatever waits in the others. The rest goes to the first."""
BULK_FROM: Final = 20
"""So many clients in one change are bulk."""
FIRST_WAIT: Final = timedelta(seconds=1)
LONGEST_WAIT: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class NudgeLease:
    """A row taken for a while. `version` and `until` fence it: an attempt that was overtaken settles nothing."""

    id: int
    kind: Kind
    target: str
    version: int
    attempts: int
    until: datetime


def push_nudges(
    connection: Connection, kind: Kind, targets: Iterable[str], real_now: datetime, *, held: bool = False
) -> None:
    """Ask for one nudge of each target. A row that waits already gets a new version, and keeps its due time.

    `held`: it waits until the shop says go, as what an import asks for does; a row that is there stays as it is.
    """
    names = sorted(set(targets))  # one order for all, so that two writers cannot lock each other out
    if not names:
        return
    lane = Lane.STEERING if kind != "client" else Lane.BULK if held or len(names) >= BULK_FROM else Lane.FRESH
    given = give(connection, names) | {"kind": kind, "real_now": real_now, "held": held}
    connection.execute(_build_push(connection.dialect.name, lane), given)


@cache  # building it takes longer than running it
def _build_push(dialect: str, lane: Lane) -> postgresql.Insert | sqlite.Insert:
    target = select_given(dialect).subquery().c.value
    return _build_rows(dialect, target, lane, literal(1) == 1)


_COLUMNS: Final = ("kind", "target", "version", "attempts", "due_at", "held", "lane")


def _build_rows(dialect: str, target: Any, lane: Lane, where: ColumnElement[bool]) -> postgresql.Insert | sqlite.Insert:
    """Build the statement that pushes a row for each `target` of a select, with `kind`, `real_now` and `held` given.
    SQLite cannot parse an upsert from a select without a WHERE."""
    fixed = (
        literal(1, Integer),
        literal(0, Integer),
        bindparam("real_now", type_=UtcTime),
        bindparam("held", type_=Boolean),
        literal(int(lane), Integer),
    )
    rows = select(bindparam("kind", type_=Text), target, *fixed).where(where)
    insert = postgresql.insert(outbox) if dialect == "postgresql" else sqlite.insert(outbox)
    statement = insert.from_select(_COLUMNS, rows)
    first = case((outbox.c.lane > int(lane), int(lane)), else_=outbox.c.lane)
    return statement.on_conflict_do_update(
        index_elements=["kind", "target"], set_={"version": outbox.c.version + 1, "lane": first}
    )


def lease_nudges(connection: Connection, limit: int, real_now: datetime, seconds: float) -> list[NudgeLease]:
    """Take up to `limit` due rows for `seconds`, lane by lane, in each the longest due first; never one that somebody
    else holds."""
    until = real_now + timedelta(seconds=seconds)
    chosen = choose_by_lane({lane: _list_free(connection, lane, limit, real_now) for lane in Lane}, limit)
    if not chosen:
        return []
    updated = connection.execute(
        update(outbox)
        .where(outbox.c.id.in_(chosen))
        .values(leased_until=until)
        .returning(outbox.c.id, outbox.c.kind, outbox.c.target, outbox.c.version, outbox.c.attempts, outbox.c.lane)
    ).all()
    rows = sorted(updated, key=lambda row: (row.lane, chosen.index(row.id)))
    return [NudgeLease(row.id, row.kind, row.target, row.version, row.attempts, until) for row in rows]


def _list_free(connection: Connection, lane: Lane, limit: int, real_now: datetime) -> Sequence[int]:
    free = (
        select(outbox.c.id)
        .where(
            outbox.c.lane == int(lane),
            outbox.c.due_at <= real_now,
            ~outbox.c.held,
            or_(outbox.c.leased_until.is_(None), outbox.c.leased_until <= real_now),
        )
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return connection.scalars(free).all()


def choose_by_lane(waiting: Mapping[Lane, Sequence[int]], limit: int) -> list[int]:
    """Choose up to `limit` of what waits: each lane its share, then the lanes in order."""
    kept = {lane: list(waiting[lane][: max(1, int(SHARES[lane] * limit))]) for lane in Lane}
    room = limit - sum(map(len, kept.values()))
    for lane in Lane:
        more = waiting[lane][len(kept[lane]) :][: max(0, room)]
        kept[lane] += more
        room -= len(more)
    return [entry for lane in Lane for entry in kept[lane]][:limit]


_LEASED_ROW: Final = (outbox.c.id == bindparam("_id", type_=BigInteger)) & (
    outbox.c.leased_until == bindparam("_until", type_=UtcTime)
)


_BYTE_ORDER: Final = {"postgresql": "C", "sqlite": "BINARY"}
"""The collation that orders text as Python does."""


def _lock_rows(connection: Connection, leases: Sequence[NudgeLease]) -> None:
    """Lock the rows of leases in the order in which a push takes them, so that the two cannot lock each other out."""
    in_bytes = outbox.c.target.collate(_BYTE_ORDER[connection.dialect.name])
    rows = select(outbox.c.id).where(outbox.c.id.in_([lease.id for lease in leases]))
    connection.execute(rows.order_by(outbox.c.kind, in_bytes).with_for_update()).all()


def settle_leases(connection: Connection, leases: Sequence[NudgeLease]) -> None:
    """Settle nudges that were sent. A row with a newer version is free and due again; the others are deleted."""
    if not leases:
        return
    _lock_rows(connection, leases)
    parameters = [{"_id": lease.id, "_until": lease.until, "_version": lease.version} for lease in leases]
    connection.execute(
        delete(outbox).where(_LEASED_ROW, outbox.c.version == bindparam("_version", type_=Integer)), parameters
    )
    connection.execute(update(outbox).where(_LEASED_ROW).values(leased_until=None, attempts=0), parameters)


def retry_leases(
    connection: Connection, leases: Sequence[NudgeLease], real_now: datetime, after: timedelta = FIRST_WAIT
) -> None:
    """Retry nudges that could not be sent after `after`, twice as long with each attempt, five minutes at most."""
    if not leases:
        return
    rows = [
        {
            "_id": lease.id,
            "_until": lease.until,
            "_attempts": lease.attempts + 1,
            "_due": real_now + min(after * 2 ** min(lease.attempts, 20), LONGEST_WAIT),
        }
        for lease in leases
    ]
    _lock_rows(connection, leases)
    connection.execute(
        update(outbox)
        .where(_LEASED_ROW)
        .values(
            leased_until=None,
            attempts=bindparam("_attempts", type_=Integer),
            due_at=bindparam("_due", type_=UtcTime),
        ),
        rows,
    )


def count_pending(connection: Connection) -> int:
    """Count the nudges that wait to be sent; those that wait for the shop's go are not among them."""
    return connection.scalar(select(func.count()).select_from(outbox).where(~outbox.c.held)) or 0


def count_by_lane(connection: Connection) -> dict[Lane, int]:
    """Count the nudges that wait to be sent, by lane; those that wait for the shop's go are not among them."""
    query = select(outbox.c.lane, func.count()).where(~outbox.c.held).group_by(outbox.c.lane)
    return {Lane(lane): count for lane, count in connection.execute(query)}


def find_oldest_due(connection: Connection, real_now: datetime) -> datetime | None:
    """Find since when the oldest nudge that is due waits, real time; None where none is due."""
    due = ~outbox.c.held & (outbox.c.due_at <= real_now)
    oldest: datetime | None = connection.scalar(select(func.min(outbox.c.due_at)).where(due))
    return oldest


def count_held_clients(connection: Connection) -> int:
    """Count the clients whose nudge waits until the shop says go."""
    held = outbox.c.held & (outbox.c.kind == "client")
    return connection.scalar(select(func.count()).select_from(outbox).where(held)) or 0


def release_held(connection: Connection, real_now: datetime) -> int:
    """Let the nudges go that imports asked for, and return how many."""
    released = connection.execute(update(outbox).where(outbox.c.held).values(held=False, due_at=real_now))
    return released.rowcount


def push_to_newcomers(connection: Connection, real_now: datetime) -> int:
    """Ask for a nudge of each client whose workflow never looked and who waits for none; return how many."""
    before = count_pending(connection)
    never = ~exists().where(standings.c.client_id == clients.c.client_id)
    waits = exists().where(outbox.c.kind == "client", outbox.c.target == clients.c.client_id)
    statement = _build_rows(connection.dialect.name, clients.c.client_id, Lane.BULK, never & ~waits)
    connection.execute(statement, {"kind": "client", "real_now": real_now, "held": False})
    return count_pending(connection) - before
