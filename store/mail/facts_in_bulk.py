"""The facts that decide whether clients may be mailed, of many at once: what `mail_facts` reads of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, func, or_, select

from domain.consent import is_personal
from domain.eligibility import Hold, MailFacts
from domain.outreach import COUNTED, COUNTED_DAYS, IN_TURN
from models.base import CampaignSlug, ClientId
from models.clients import ClientPolicy
from models.states import EnrolmentState, HoldSource
from store.mail.suppressions import hash_address
from store.mail.withdrawals import match_in_force
from store.sql.bulk import among
from store.sql.records import Record
from store.tables import clients, enrolments, holds, outreaches, suppressions, withdrawals

_c: Final = clients.c
_o: Final = outreaches.c
_LEFT_AT: Final = func.coalesce(_o.sent_at, _o.updated_at)


@dataclass(frozen=True, slots=True)
class _AddressedClient(Record):
    client_id: ClientId
    email: str
    mailbox: str
    consent: bool
    time_zone: str
    policy: ClientPolicy
    purposes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BulkFacts:
    """The facts of one client. `personal`: whether what they did may decide what they get; `is_busy`: a mail of theirs
    has the turn; `campaigns`: those on whose way they are."""

    facts: MailFacts
    personal: bool
    is_busy: bool
    campaigns: frozenset[CampaignSlug]


def load_bulk_facts(
    connection: Connection, client_ids: Collection[ClientId], signing_key: str, now: datetime
) -> dict[ClientId, BulkFacts]:
    """Load the facts of these clients, by seven statements however many they are."""
    query = select(*_AddressedClient.list_columns(clients)).where(among(connection, _c.client_id, client_ids))
    people = [_AddressedClient.from_row(row) for row in connection.execute(query)]
    boxes = {person.mailbox for person in people if person.mailbox}
    hashes = {person.client_id: hash_address(signing_key, person.email) for person in people}
    suppressed = _find_suppressed(connection, boxes | set(hashes.values()))
    withdrawn = _find_withdrawn(connection, client_ids)
    held, busy = _list_holds(connection, client_ids), _find_busy(connection, client_ids)
    sent, places = _list_sent(connection, client_ids, boxes, now), _list_places(connection, client_ids)
    found = {}
    for person in people:
        held_now = tuple(held.get(person.client_id, ()))
        found[person.client_id] = BulkFacts(
            MailFacts(
                consent=person.consent,
                suppressed=suppressed.get(hashes[person.client_id]) or suppressed.get(person.mailbox),
                withdrawn=person.client_id in withdrawn,
                erased=any(hold.source is HoldSource.ERASURE for hold in held_now),
                holds=held_now,
                sent_at=tuple(sent.of_client.get(person.client_id, ()))
                + tuple(at for owner, at in sent.to_mailbox.get(person.mailbox, ()) if owner != person.client_id),
                time_zone=person.time_zone,
                policy=person.policy,
            ),
            is_personal(person.purposes),
            person.client_id in busy,
            frozenset(places.get(person.client_id, ())),
        )
    return found


def _find_suppressed(connection: Connection, hashes: Iterable[str]) -> dict[str, str]:
    s = suppressions.c
    query = select(s.address_hash, s.reason).where(among(connection, s.address_hash, hashes), s.lifted_at.is_(None))
    return {row.address_hash: row.reason for row in connection.execute(query)}


def _find_withdrawn(connection: Connection, client_ids: Iterable[ClientId]) -> set[ClientId]:
    query = select(_c.client_id).select_from(clients.join(withdrawals, match_in_force()))
    return set(connection.scalars(query.where(among(connection, _c.client_id, client_ids))))


def _list_holds(connection: Connection, client_ids: Iterable[ClientId]) -> Mapping[ClientId, list[Hold]]:
    h = holds.c
    query = select(h.client_id, h.source, h.since, h.until).where(among(connection, h.client_id, client_ids))
    found: dict[ClientId, list[Hold]] = defaultdict(list)
    for row in connection.execute(query.order_by(h.since)):
        found[row.client_id].append(Hold(source=HoldSource(row.source), since=row.since, until=row.until))
    return found


def _find_busy(connection: Connection, client_ids: Iterable[ClientId]) -> set[ClientId]:
    query = select(_o.client_id).where(among(connection, _o.client_id, client_ids), _o.state.in_(sorted(IN_TURN)))
    return set(connection.scalars(query))


@dataclass(frozen=True, slots=True)
class _SentTimes:
    of_client: Mapping[ClientId, list[datetime]]
    to_mailbox: Mapping[str, list[tuple[ClientId, datetime]]]


def _list_sent(
    connection: Connection, client_ids: Iterable[ClientId], boxes: Iterable[str], now: datetime
) -> _SentTimes:
    """List when mails were sent, or may have been: the clients' own, and those to their mailboxes under any id."""
    counted = _o.state.in_(sorted(COUNTED))
    recent = _o.updated_at > now - timedelta(days=COUNTED_DAYS)
    own = select(_o.client_id, _LEFT_AT.label("at")).where(among(connection, _o.client_id, client_ids), counted, recent)
    shared = select(_o.mailbox, _o.client_id, _LEFT_AT.label("at")).where(among(connection, _o.mailbox, boxes), counted)
    of_client: dict[ClientId, list[datetime]] = defaultdict(list)
    for row in connection.execute(own):
        of_client[row.client_id].append(row.at)
    to_mailbox: dict[str, list[tuple[ClientId, datetime]]] = defaultdict(list)
    for mailbox, client_id, at in connection.execute(shared):
        to_mailbox[mailbox].append((client_id, at))
    return _SentTimes(of_client, to_mailbox)


def _list_places(connection: Connection, client_ids: Iterable[ClientId]) -> Mapping[ClientId, set[CampaignSlug]]:
    e = enrolments.c
    on_the_way = or_(e.state == EnrolmentState.WAITING, e.state == EnrolmentState.IN_STEP)
    query = select(e.client_id, e.campaign).where(among(connection, e.client_id, client_ids), on_the_way)
    found: dict[ClientId, set[CampaignSlug]] = defaultdict(set)
    for row in connection.execute(query):
        found[row.client_id].add(row.campaign)
    return found
