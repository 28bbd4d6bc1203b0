"""Erasing a client: asked for, refused from then on, taken away in batches, and told of by what may stay.

Every step may be done again: it acts on what is still there. A hold marks a client who is to be erased; a tombstone,
written with the end of the client's row, refuses the id from then on and remembers when nothing was left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, Text, and_, cast, delete, func, or_, select, tuple_, update

from domain.outreach import SETTLED
from errors import Erased, NotFound
from models.base import ClientId
from models.erasures import ErasureState, ErasureStatus
from models.states import EnrolmentState, HoldSource, OutreachState
from store.clients import holds as client_holds
from store.events import outbox as nudges
from store.fixes import waves
from store.mail.suppressions import ERASED, client_hash, erased
from store.privacy.personal import HOLDINGS, Holding
from store.sql.upserts import insert_ignoring
from store.tables import campaigns, clients, enrolments, fixes, holds, outbox, outreaches, refreshes, tombstones

BATCH: Final = 1_000
"""Rows of one table that one transaction takes away."""


def ask(
    connection: Connection, signing_key: str, client_id: ClientId, now: datetime, real_now: datetime
) -> ErasureStatus:
    """Hold the client's mail for good and have the workflow started; where the erasure then stands. Asking twice is
    asking once. Raises NotFound for an id that nobody knows."""
    if hold(connection, client_id, now):
        nudges.push(connection, "erasure", [client_id], real_now)
    return status(connection, signing_key, client_id)


def hold(connection: Connection, client_id: ClientId, now: datetime) -> bool:
    """From now on no mail of the client passes the door; whether there is such a client. The row is locked, so whoever
    stands in the door has passed it or sees the hold."""
    known = select(clients.c.client_id).where(clients.c.client_id == client_id).with_for_update()
    if connection.scalar(known) is None:
        return False
    client_holds.hold(connection, client_id, HoldSource.ERASURE, "", now)
    return True


def status(connection: Connection, signing_key: str, client_id: ClientId) -> ErasureStatus:
    """Where the erasure of a client stands. Raises NotFound when none was asked for."""
    hashed = tombstones.c.client_hash == client_hash(signing_key, client_id)
    grave = connection.execute(select(tombstones).where(hashed)).one_or_none()
    if grave is not None:
        state = ErasureState.ERASED if grave.erased_at else ErasureState.ERASING
        return ErasureStatus(client_id=client_id, state=state, refused_since=grave.at, erased_at=grave.erased_at)
    if since := asked_at(connection, client_id):
        return ErasureStatus(client_id=client_id, state=ErasureState.WAITING, asked_at=since)
    raise NotFound("nobody has asked for the erasure of this client", "client_id")


def asked_at(connection: Connection, client_id: ClientId) -> datetime | None:
    """When the erasure of a client who is still there was asked for."""
    mine = holds.c.client_id == client_id, holds.c.source == HoldSource.ERASURE
    return connection.scalar(select(holds.c.since).where(*mine))


def refuse_erased(connection: Connection, signing_key: str, client_id: ClientId) -> None:
    """Raises Erased for a client who was erased."""
    if erased(connection, signing_key, [client_id]):
        raise Erased(ERASED, "client_id")


def refuse(connection: Connection, signing_key: str, client_id: ClientId) -> None:
    """Raises Erased for a client who was erased, or is being erased."""
    refuse_erased(connection, signing_key, client_id)
    if asked_at(connection, client_id):
        raise Erased("this client is being erased", "client_id")


def bury(connection: Connection, signing_key: str, client_id: ClientId, now: datetime) -> None:
    """The client's row goes, and the id is refused from now on. Whatever was coming in is in, or will find neither."""
    before = select(func.max(clients.c.client_id)).where(clients.c.client_id < client_id)
    near = connection.scalar(before) or ""
    connection.execute(delete(clients).where(clients.c.client_id == client_id))
    insert_ignoring(connection, tombstones, [{"client_hash": client_hash(signing_key, client_id), "at": now}])
    # Where somebody else's work goes on from this id, it goes on from the one before: nobody lies in between.
    connection.execute(update(campaigns).where(campaigns.c.cursor == client_id).values(cursor=near))
    _move_shards(connection, client_id, near)


def _move_shards(connection: Connection, client_id: ClientId, near: ClientId) -> None:
    named = cast(refreshes.c.plan, Text).contains(f'"{client_id}"', autoescape=True)
    query = select(refreshes.c.refresh_id, refreshes.c.plan).where(named).with_for_update()
    for refresh_id, plan in connection.execute(query).all():
        shards = [near if first == client_id else first for first in plan["shards"]]
        connection.execute(
            update(refreshes).where(refreshes.c.refresh_id == refresh_id).values(plan=plan | {"shards": shards})
        )


def seal(connection: Connection, signing_key: str, client_id: ClientId, now: datetime) -> None:
    """Nothing is left of the client; the first time stands."""
    mine = tombstones.c.client_hash == client_hash(signing_key, client_id), tombstones.c.erased_at.is_(None)
    connection.execute(update(tombstones).where(*mine).values(erased_at=now))


def erase_some(connection: Connection, client_id: ClientId) -> int:
    """Take away the next batch of what is kept of a client; how many rows that were. 0: nothing is left."""
    for step in _STEPS:
        if gone := step(connection, client_id):
            return gone
    return 0


def _delete(holding: Holding, connection: Connection, client_id: ClientId) -> int:
    keys = list(holding.table.primary_key)
    key = keys[0] if len(keys) == 1 else tuple_(*keys)
    some = select(*keys).where(holding.which(client_id)).limit(BATCH)
    return connection.execute(delete(holding.table).where(key.in_(some))).rowcount


def _count_out(connection: Connection, client_id: ClientId) -> int:
    """Campaigns keep how many clients and mails stood where, and no longer whose: rows go and counts come together."""
    mine = select(enrolments.c.campaign).where(enrolments.c.client_id == client_id)
    mailed = select(outreaches.c.campaign).where(
        outreaches.c.client_id == client_id, outreaches.c.campaign.is_not(None)
    )
    slugs = sorted({*connection.scalars(mine), *connection.scalars(mailed)})
    kept = {
        row.slug: row.erased or {}
        for row in connection.execute(
            select(campaigns.c.slug, campaigns.c.erased)
            .where(campaigns.c.slug.in_(slugs))
            .order_by(campaigns.c.slug)
            .with_for_update()
        )
    }
    gone = 0
    for part, table in (("mails", outreaches), ("enrolments", enrolments)):  # in the order of the ledger's locks
        rows = delete(table).where(table.c.client_id == client_id).returning(table.c.campaign, table.c.state)
        stood = Counter((row.campaign, _closed(row.state)) for row in connection.execute(rows))
        gone += stood.total()
        for (slug, state), count in stood.items():
            if slug in kept:
                kept[slug] = _more(kept[slug], part, state, count)
    for slug, counts in kept.items():
        connection.execute(update(campaigns).where(campaigns.c.slug == slug).values(erased=counts))
    return gone


def _closed(state: str) -> str:
    """What was begun while the client went waits for nobody any more, or its campaign would wait for ever."""
    if state == EnrolmentState.PENDING:
        return EnrolmentState.DROPPED
    return OutreachState.REJECTED if state in set(OutreachState) - SETTLED else state


def _more(counts: dict[str, Any], part: str, state: str, count: int) -> dict[str, Any]:
    states = counts.get(part, {})
    return counts | {part: states | {state: states.get(state, 0) + count}}


def _leave_waves(connection: Connection, client_id: ClientId) -> int:
    """Take the client's Fixes out of the waves that they were in. Counts no rows: the Fixes go right after."""
    mine = select(fixes.c.fix_id).where(fixes.c.client_id == client_id)
    waves.leave(connection, list(connection.scalars(mine)))
    return 0


def _drop_nudges(connection: Connection, client_id: ClientId) -> int:
    mine = select(fixes.c.fix_id).where(fixes.c.client_id == client_id)
    of_client = and_(outbox.c.kind.in_(("client", "erasure")), outbox.c.target == client_id)
    of_fix = and_(outbox.c.kind == "fix", outbox.c.target.in_(mine))
    return connection.execute(delete(outbox).where(or_(of_client, of_fix))).rowcount


_LARGE_FIRST: Final = ("mail_edits", "mail_steps")
_STEPS: Final[tuple[Callable[[Connection, ClientId], int], ...]] = (
    *(partial(_delete, each) for each in HOLDINGS if each.part in _LARGE_FIRST),
    _count_out,
    _leave_waves,
    _drop_nudges,
    *(partial(_delete, each) for each in HOLDINGS),
)
