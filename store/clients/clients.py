"""Clients: stated by files and by `PUT /v1/clients/<id>`, read one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Final, NamedTuple
from zoneinfo import available_timezones

from sqlalchemy import Connection, select

from models.base import ClientId
from models.clients import Client, ClientPolicy, ClientRow
from store.events import outbox
from store.events.validator import TOLERANCE
from store.mail.policy import Terms
from store.mail.suppressions import ERASED, erased
from store.sql.bulk import among, dumped, write
from store.sql.puts import Put, RowRefusal
from store.sql.types import micros
from store.tables import clients


class _Kept(NamedTuple):
    """What a row of a file can change, and what changes with it; moments in microseconds."""

    client_id: str
    email: str
    first_name: str
    time_zone: str
    time_zone_assumed: bool
    locale: str
    signed_up_at: int
    consent: bool
    consent_at: int | None
    sizes: tuple[str, ...]
    tags: tuple[str, ...]


_COLUMNS: Final = (*_Kept._fields, "policy")


def upsert(
    connection: Connection,
    rows: Sequence[ClientRow],
    terms: Terms,
    now: datetime,
    real_now: datetime,
    *,
    start: bool = True,
) -> Put[_Kept]:
    """Put clients in. Fields that a row does not state keep what is stored; the same row twice changes nothing.

    A new client's workflow is asked to start, unless `start` is False; so is that of one who now consents. Consent in
    a row: False withdraws at `now`; True gives it only while no event has withdrawn it, since a shop's list may be
    older than what the client said (`notes` counts these).
    """
    ids = {row.client_id for row in rows}
    put = Put(_stored(connection, ids))
    gone = erased(connection, terms.signing_key, ids - put.stored.keys())
    for index, row in enumerate(rows):
        if why := _refuse(row, gone, now):
            put.refused.append(RowRefusal(index, *why))
        else:
            put.state(row.client_id, lambda before, row=row: _merged(put, before, row, terms, now))  # type: ignore[misc]
    written = [(*row[:-2], dumped(row.sizes), dumped(row.tags), "{}") for row in put.rows]
    write(connection, clients, _COLUMNS, written, "replace", spared={"policy"})
    if start:
        outbox.push(connection, "client", [*put.new, *_consenting(put)], real_now)
    return put


def _stored(connection: Connection, ids: Iterable[str]) -> dict[str, _Kept]:
    found = (
        select(*(clients.c[name] for name in _Kept._fields))
        .where(among(connection, clients.c.client_id, ids))
        .order_by(clients.c.client_id)
        .with_for_update(key_share=True)
    )
    return {
        row.client_id: _Kept(*row)._replace(
            signed_up_at=micros(row.signed_up_at),
            consent_at=None if row.consent_at is None else micros(row.consent_at),
            sizes=tuple(row.sizes),
            tags=tuple(row.tags),
        )
        for row in connection.execute(found)
    }


@cache
def time_zones() -> frozenset[str]:
    """Every time zone that this machine knows."""
    return frozenset(available_timezones())


def _refuse(row: ClientRow, gone: set[str], now: datetime) -> tuple[str, str] | None:
    if row.client_id in gone:
        return "client_id", ERASED
    if row.time_zone is not None and row.time_zone not in time_zones():
        return "time_zone", f"no such time zone: {row.time_zone[:64]!r}; give one such as Europe/London"
    if row.signed_up_at is not None and row.signed_up_at > now + TOLERANCE:
        return "signed_up_at", "lies in the future"
    return None


def _merged(put: Put[_Kept], before: _Kept | None, row: ClientRow, terms: Terms, now: datetime) -> _Kept:
    stated = row.model_fields_set
    kept = before or _Kept(
        client_id=row.client_id,
        email=row.email,
        first_name=row.first_name,
        time_zone=terms.time_zone,
        time_zone_assumed=True,
        locale=row.locale,
        signed_up_at=micros(now),
        consent=row.consent,
        consent_at=None,
        sizes=row.sizes,
        tags=row.tags,
    )
    kept = kept._replace(**{name: getattr(row, name) for name in _PLAIN & stated}, email=row.email)
    if row.time_zone is not None:
        kept = kept._replace(time_zone=row.time_zone, time_zone_assumed=False)
    if row.signed_up_at is not None:
        kept = kept._replace(signed_up_at=micros(row.signed_up_at))
    if "consent" in stated and row.consent != kept.consent:
        kept = _consent(put, kept, row.consent, now)
    if kept.time_zone_assumed:
        put.note("time_zone_assumed")
    return kept


_PLAIN: Final = frozenset({"first_name", "locale", "sizes", "tags"})


def _consent(put: Put[_Kept], kept: _Kept, wanted: bool, now: datetime) -> _Kept:
    if not wanted:
        return kept._replace(consent=False, consent_at=micros(now))
    if kept.consent_at is not None:
        put.note("withdrawal_kept")
        return kept
    return kept._replace(consent=True)


def _consenting(put: Put[_Kept]) -> list[str]:
    return [key for key, row in put.changed.items() if row.consent and not put.stored[key].consent]


def get(connection: Connection, client_id: ClientId) -> Client | None:
    """One client; None for an id that nobody knows."""
    row = connection.execute(select(clients).where(clients.c.client_id == client_id)).one_or_none()
    if row is None:
        return None
    return Client(
        client_id=row.client_id,
        email=row.email,
        first_name=row.first_name,
        time_zone=row.time_zone,
        time_zone_assumed=row.time_zone_assumed,
        locale=row.locale,
        signed_up_at=row.signed_up_at,
        consent=row.consent,
        sizes=tuple(row.sizes),
        tags=tuple(row.tags),
        policy=ClientPolicy.model_validate(row.policy or {}),
    )
