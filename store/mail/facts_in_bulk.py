"""The facts that decide whether clients may be mailed, of many at once: what `mail_facts` reads of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, Select, func, or_, select

from domain.consent import is_personal
from domain.eligibility import Hold, MailFacts
from domain.outreach import COUNTED, IN_TURN
from models.base import CampaignSlug, ClientId
from models.clients import ClientPolicy
from models.states import EnrolmentState, HoldSource
from store.mail.mail_facts import list_sent_times
from store.mail.suppressions import hash_address
from store.mail.withdrawals import match_in_force
from store.sql.bulk import give, leave_index, match_given
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
    rows = connection.execute(_build_queries(connection.dialect.name).people, give(connection, client_ids))
    people = [_AddressedClient.from_row(row) for row in rows]
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
                sent_at=sent.of_client.get(person.client_id, ())
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
    rows = connection.execute(_build_queries(connection.dialect.name).suppressed, give(connection, hashes))
    return {row.address_hash: row.reason for row in rows}


def _find_withdrawn(connection: Connection, client_ids: Iterable[ClientId]) -> set[ClientId]:
    return set(connection.scalars(_build_queries(connection.dialect.name).withdrawn, give(connection, client_ids)))


def _list_holds(connection: Connection, client_ids: Iterable[ClientId]) -> Mapping[ClientId, list[Hold]]:
    found: dict[ClientId, list[Hold]] = defaultdict(list)
    for row in connection.execute(_build_queries(connection.dialect.name).holds, give(connection, client_ids)):
        found[row.client_id].append(Hold(source=HoldSource(row.source), since=row.since, until=row.until))
    return found


def _find_busy(connection: Connection, client_ids: Iterable[ClientId]) -> set[ClientId]:
    return set(connection.scalars(_build_queries(connection.dialect.name).busy, give(connection, client_ids)))


@dataclass(frozen=True, slots=True)
class _SentTimes:
    of_client: Mapping[ClientId, tuple[datetime, ...]]
    to_mailbox: Mapping[str, list[tuple[ClientId, datetime]]]


def _list_sent(
    connection: Connection, client_ids: Iterable[ClientId], boxes: Iterable[str], now: datetime
) -> _SentTimes:
    """List when mails were sent, or may have been: the clients' own, and those to their mailboxes under any id."""
    to_mailbox: dict[str, list[tuple[ClientId, datetime]]] = defaultdict(list)
    for mailbox, client_id, at in connection.execute(
        _build_queries(connection.dialect.name).sent_to, give(connection, boxes)
    ):
        to_mailbox[mailbox].append((client_id, at))
    return _SentTimes(list_sent_times(connection, client_ids, now), to_mailbox)


def _list_places(connection: Connection, client_ids: Iterable[ClientId]) -> Mapping[ClientId, set[CampaignSlug]]:
    found: dict[ClientId, set[CampaignSlug]] = defaultdict(set)
    for row in connection.execute(_build_queries(connection.dialect.name).places, give(connection, client_ids)):
        found[row.client_id].add(row.campaign)
    return found


class _Queries(NamedTuple):
    people: Select[Any]
    suppressed: Select[Any]
    withdrawn: Select[Any]
    holds: Select[Any]
    busy: Select[Any]
    sent_to: Select[Any]
    places: Select[Any]


@cache  # building them takes longer than running them
def _build_queries(dialect: str) -> _Queries:
    def of_given(column: Column[Any]) -> ColumnElement[bool]:
        return match_given(dialect, column)

    s, h, e = suppressions.c, holds.c, enrolments.c
    state = leave_index(_o.state)
    on_the_way = or_(e.state == EnrolmentState.WAITING, e.state == EnrolmentState.IN_STEP)
    return _Queries(
        people=select(*_AddressedClient.list_columns(clients)).where(of_given(_c.client_id)),
        suppressed=select(s.address_hash, s.reason).where(of_given(s.address_hash), s.lifted_at.is_(None)),
        withdrawn=select(_c.client_id)
        .select_from(clients.join(withdrawals, match_in_force()))
        .where(of_given(_c.client_id)),
        holds=select(h.client_id, h.source, h.since, h.until).where(of_given(h.client_id)).order_by(h.since),
        busy=select(_o.client_id).where(of_given(_o.client_id), state.in_(sorted(IN_TURN))),
        sent_to=select(_o.mailbox, _o.client_id, _LEFT_AT.label("at")).where(
            of_given(_o.mailbox), state.in_(sorted(COUNTED))
        ),
        places=select(e.client_id, e.campaign).where(of_given(e.client_id), on_the_way),
    )
