"""Erasing a client: requested, held, deleted in batches, and confirmed by a tombstone.

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
from domain.states import ERASURE, OPEN_PLACES
from errors import ErasedClient, NotFound
from models.base import ClientId
from models.erasures import ErasureState, ErasureStatus
from models.states import EnrolmentState, HoldSource, OutreachState
from store.activity import anonymise_activity
from store.clients import holds as client_holds
from store.events import outbox as nudges
from store.events.dead_letters import delete_naming
from store.fixes import waves
from store.mail.suppressions import ERASED, find_erased, hash_client_id
from store.privacy.personal import PERSONAL_TABLES, PersonalTable
from store.revisions import raise_number
from store.sql.bulk import insert_ignoring
from store.tables import campaigns, clients, enrolments, fixes, holds, outbox, outreaches, refreshes, tombstones

ERASED_CLIENTS: Final = "erased_clients"
"""The revision that each erasure raises, for whoever holds clients in memory."""
BATCH: Final = 1_000
"""Most rows of one table that one transaction deletes."""


def request_erasure(
    connection: Connection, signing_key: str, client_id: ClientId, now: datetime, real_now: datetime
) -> ErasureStatus:
    """Hold the client's mail for good, ask for the workflow, and return the state of the erasure. Asking twice changes
    nothing. Raises NotFound for an unknown id."""
    if hold_for_erasure(connection, client_id, now):
        nudges.push_nudges(connection, "erasure", [client_id], real_now)
    return load_status(connection, signing_key, client_id)


def hold_for_erasure(connection: Connection, client_id: ClientId, now: datetime) -> bool:
    """Hold all mail of the client at the send gate, and return whether there is such a client. The row is locked, so a
    mail at the gate has either passed it or sees the hold."""
    known = select(clients.c.client_id).where(clients.c.client_id == client_id).with_for_update()
    if connection.scalar(known) is None:
        return False
    client_holds.add_hold(connection, client_id, HoldSource.ERASURE, "", now)
    return True


def load_status(connection: Connection, signing_key: str, client_id: ClientId) -> ErasureStatus:
    """Load the state of a client's erasure. Raises NotFound when none was requested."""
    hashed = tombstones.c.client_hash == hash_client_id(signing_key, client_id)
    tombstone = connection.execute(select(tombstones).where(hashed)).one_or_none()
    if tombstone is not None:
        state = ErasureState.ERASED if tombstone.erased_at else ErasureState.ERASING
        return ErasureStatus(
            client_id=client_id, state=state, refused_since=tombstone.at, erased_at=tombstone.erased_at
        )
    if since := find_request_time(connection, client_id):
        return ErasureStatus(client_id=client_id, state=ErasureState.WAITING, asked_at=since)
    raise NotFound("nobody has asked for the erasure of this client", "client_id")


def find_request_time(connection: Connection, client_id: ClientId) -> datetime | None:
    """Find when the erasure of a client who is still there was requested."""
    conditions = holds.c.client_id == client_id, holds.c.source == HoldSource.ERASURE
    return connection.scalar(select(holds.c.since).where(*conditions))


def require_not_erased(connection: Connection, signing_key: str, client_id: ClientId) -> None:
    """Require a client who was not erased. Raises Erased."""
    if find_erased(connection, signing_key, [client_id]):
        raise ErasedClient(ERASED, "client_id")


def require_not_erasing(connection: Connection, signing_key: str, client_id: ClientId) -> None:
    """Require a client who was not erased and is not being erased. Raises Erased."""
    require_not_erased(connection, signing_key, client_id)
    if find_request_time(connection, client_id):
        raise ErasedClient("this client is being erased", "client_id")


def explain_erasure(connection: Connection, signing_key: str, client_id: ClientId) -> str:
    """Explain why a client is left out of what is done to many; empty for one who was not erased and is not being."""
    try:
        require_not_erasing(connection, signing_key, client_id)
    except ErasedClient as refused:
        return refused.reason
    return ""


def replace_with_tombstone(connection: Connection, signing_key: str, client_id: ClientId, now: datetime) -> None:
    """Delete the client's row and refuse the id from now on. Events that are coming in are in by now, or find
    neither."""
    before = select(func.max(clients.c.client_id)).where(clients.c.client_id < client_id)
    near = connection.scalar(before) or ""
    connection.execute(delete(clients).where(clients.c.client_id == client_id))
    insert_ignoring(connection, tombstones, [{"client_hash": hash_client_id(signing_key, client_id), "at": now}])
    raise_number(connection, ERASED_CLIENTS)
    # Work on other clients that resumes at this id resumes at the one before: there is nobody in between.
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


def mark_erased(connection: Connection, signing_key: str, client_id: ClientId, now: datetime) -> None:
    """Record that nothing is left of the client; the first time stays."""
    may_end = or_(*(_STATE_CONDITIONS[state] for state in ERASURE.list_sources(ErasureState.ERASED)))
    of_client = tombstones.c.client_hash == hash_client_id(signing_key, client_id)
    connection.execute(update(tombstones).where(of_client, may_end).values(erased_at=now))


_STATE_CONDITIONS: Final = {
    ErasureState.ERASING: tombstones.c.erased_at.is_(None),
    ErasureState.ERASED: tombstones.c.erased_at.is_not(None),
}
"""How a tombstone says its state; before there is one, an erasure waits."""


def erase_batch(connection: Connection, client_id: ClientId) -> int:
    """Delete the next batch of a client's rows, and return how many. 0: nothing is left."""
    for step in _STEPS:
        if count := step(connection, client_id):
            return count
    return 0


def _delete(personal: PersonalTable, connection: Connection, client_id: ClientId) -> int:
    keys = list(personal.table.primary_key)
    key = keys[0] if len(keys) == 1 else tuple_(*keys)
    batch = select(*keys).where(personal.which(client_id)).limit(BATCH)
    return connection.execute(delete(personal.table).where(key.in_(batch))).rowcount


def _delete_counted(connection: Connection, client_id: ClientId) -> int:
    """Delete the client's enrolments and mails while campaigns keep their counts by state: both change together."""
    enrolled = select(enrolments.c.campaign).where(enrolments.c.client_id == client_id)
    mailed = select(outreaches.c.campaign).where(
        outreaches.c.client_id == client_id, outreaches.c.campaign.is_not(None)
    )
    slugs = sorted({*connection.scalars(enrolled), *connection.scalars(mailed)})
    erased_counts = {
        row.slug: row.erased or {}
        for row in connection.execute(
            select(campaigns.c.slug, campaigns.c.erased)
            .where(campaigns.c.slug.in_(slugs))
            .order_by(campaigns.c.slug)
            .with_for_update()
        )
    }
    total = 0
    for part, table in (("mails", outreaches), ("enrolments", enrolments)):  # in the order of the ledger's locks
        rows = delete(table).where(table.c.client_id == client_id).returning(table.c.campaign, table.c.state)
        states = Counter((row.campaign, _close_state(row.state)) for row in connection.execute(rows))
        total += states.total()
        for (slug, state), count in states.items():
            if slug in erased_counts:
                erased_counts[slug] = _add_count(erased_counts[slug], part, state, count)
    for slug, counts in erased_counts.items():
        connection.execute(update(campaigns).where(campaigns.c.slug == slug).values(erased=counts))
    return total


def _close_state(state: str) -> str:
    """Return the final state to count: what was under way waits for nobody any more, or its campaign would wait for
    ever."""
    if state in OPEN_PLACES:
        return EnrolmentState.DROPPED
    return OutreachState.REJECTED if state in set(OutreachState) - SETTLED else state


def _add_count(counts: dict[str, Any], part: str, state: str, count: int) -> dict[str, Any]:
    states = counts.get(part, {})
    return counts | {part: states | {state: states.get(state, 0) + count}}


def _leave_waves(connection: Connection, client_id: ClientId) -> int:
    """Take the client's Fixes out of their waves. Counts no rows: the Fixes go right after."""
    query = select(fixes.c.fix_id).where(fixes.c.client_id == client_id)
    waves.remove_fixes(connection, list(connection.scalars(query)))
    return 0


def _drop_nudges(connection: Connection, client_id: ClientId) -> int:
    query = select(fixes.c.fix_id).where(fixes.c.client_id == client_id)
    of_client = and_(outbox.c.kind.in_(("client", "erasure")), outbox.c.target == client_id)
    of_fix = and_(outbox.c.kind == "fix", outbox.c.target.in_(query))
    of_mail = and_(outbox.c.kind == "mail", outbox.c.target.startswith(f"{client_id}:", autoescape=True))
    return connection.execute(delete(outbox).where(or_(of_client, of_fix, of_mail))).rowcount


_LARGE_FIRST: Final = ("mail_edits", "mail_steps")
_STEPS: Final[tuple[Callable[[Connection, ClientId], int], ...]] = (
    partial(anonymise_activity, limit=BATCH),
    *(partial(_delete, personal) for personal in PERSONAL_TABLES if personal.part in _LARGE_FIRST),
    _delete_counted,
    _leave_waves,
    _drop_nudges,
    delete_naming,
    *(partial(_delete, personal) for personal in PERSONAL_TABLES),
)
