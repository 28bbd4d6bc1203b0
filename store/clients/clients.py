"""Clients: saved from files and from `PUT /v1/clients/<id>`, read one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple
from zoneinfo import available_timezones

from sqlalchemy import Connection, Row, bindparam, select

from domain.consent import apply_list
from errors import NotFound
from models.base import ClientId
from models.clients import Client, ClientPolicy, ClientRow
from models.consents import OTHER_PURPOSES, ConsentRecord, Purpose, Purposes, dump_purposes, parse_purposes
from store.events import outbox
from store.events.validator import TOLERANCE
from store.mail.policy import ShopPolicy
from store.mail.suppressions import ERASED, find_erased, hash_mailbox
from store.mail.withdrawals import find_withdrawals
from store.sql.bulk import RowRefusal, UpsertBatch, among, dump_json, write_rows
from store.sql.types import to_micros
from store.tables import clients


class _ClientValues(NamedTuple):
    """The columns that a row of a file can change, and what changes with them; moments in microseconds."""

    client_id: str
    email: str
    first_name: str
    time_zone: str
    time_zone_assumed: bool
    locale: str
    signed_up_at: int
    consent: bool
    consent_at: int | None
    consent_source: str
    sizes: tuple[str, ...]
    tags: tuple[str, ...]
    purposes: Purposes
    mailbox: str = ""


_COLUMNS: Final = (*_ClientValues._fields, "policy")


def upsert_clients(
    connection: Connection,
    rows: Sequence[ClientRow],
    policy: ShopPolicy,
    now: datetime,
    real_now: datetime,
    *,
    start: bool = True,
) -> UpsertBatch[_ClientValues]:
    """Save clients. Fields that a row leaves out keep their stored values; saving the same row twice changes nothing.

    A new client's workflow is asked to start, without `start` when the shop says go; so is that of a client who now
    consents. Consent in a row: False withdraws it at `now`; True gives it only while no event has withdrawn it, since a
    shop's list may be older than the withdrawal (`notes` counts these).
    """
    ids = {row.client_id for row in rows}
    batch = UpsertBatch(_load_stored(connection, ids))
    erased_ids = find_erased(connection, policy.signing_key, ids - batch.stored.keys())
    for index, row in enumerate(rows):
        if why := _refuse(row, erased_ids, now):
            batch.refused.append(RowRefusal(index, *why))
        else:
            batch.add_row(row.client_id, lambda before, row=row: _merge(batch, before, row, policy, now))  # type: ignore[misc]
    _keep_withdrawals(connection, batch)
    written = [_build_row(row) for row in batch.rows]
    write_rows(connection, clients, _COLUMNS, written, "replace", spared={"policy"})
    outbox.push_nudges(connection, "client", [*batch.new, *_find_freed(batch)], real_now, held=not start)
    return batch


def _build_row(row: _ClientValues) -> tuple[Any, ...]:
    purposes = dump_json(dump_purposes(row.purposes)) if row.purposes else "{}"
    return (*row[:-4], dump_json(row.sizes), dump_json(row.tags), purposes, row.mailbox, "{}")


def _load_stored(connection: Connection, ids: Iterable[str]) -> dict[str, _ClientValues]:
    query = (
        select(*(clients.c[name] for name in _ClientValues._fields))
        .where(among(connection, clients.c.client_id, ids))
        .order_by(clients.c.client_id)
        .with_for_update(key_share=True)
    )
    return {
        row.client_id: _ClientValues(*row)._replace(
            signed_up_at=to_micros(row.signed_up_at),
            consent_at=None if row.consent_at is None else to_micros(row.consent_at),
            sizes=tuple(row.sizes),
            tags=tuple(row.tags),
            purposes=parse_purposes(row.purposes or {}),
        )
        for row in connection.execute(query)
    }


@cache
def list_time_zones() -> frozenset[str]:
    """List the time zones that this machine knows."""
    return frozenset(available_timezones())


def _refuse(row: ClientRow, erased_ids: set[str], now: datetime) -> tuple[str, str] | None:
    if row.client_id in erased_ids:
        return "client_id", ERASED
    if row.time_zone is not None and row.time_zone not in list_time_zones():
        return "time_zone", f"no such time zone: {row.time_zone[:64]!r}; give one such as Europe/London"
    if row.signed_up_at is not None and row.signed_up_at > now + TOLERANCE:
        return "signed_up_at", "lies in the future"
    return None


def _merge(
    batch: UpsertBatch[_ClientValues], before: _ClientValues | None, row: ClientRow, policy: ShopPolicy, now: datetime
) -> _ClientValues:
    fields_set = row.model_fields_set
    values = before or _ClientValues(
        client_id=row.client_id,
        email=row.email,
        first_name=row.first_name,
        time_zone=policy.time_zone,
        time_zone_assumed=True,
        locale=row.locale,
        signed_up_at=to_micros(now),
        consent=row.consent,
        consent_at=to_micros(now) if row.consent else None,
        consent_source=row.consent_source if row.consent else "",
        sizes=row.sizes,
        tags=row.tags,
        purposes={},
    )
    plain = {name: getattr(row, name) for name in _PLAIN & fields_set}
    mailbox = hash_mailbox(policy.signing_key, row.email, policy.fold_tags)
    values = values._replace(**plain, email=row.email, mailbox=mailbox)
    if row.time_zone is not None:
        values = values._replace(time_zone=row.time_zone, time_zone_assumed=False)
    if row.signed_up_at is not None:
        values = values._replace(signed_up_at=to_micros(row.signed_up_at))
    if "consent" in fields_set and row.consent != values.consent:
        values = _apply_consent(batch, values, row, now)
    values = _apply_purposes(batch, values, row, now)
    if values.time_zone_assumed:
        batch.count_note("time_zone_assumed")
    return values


_PLAIN: Final = frozenset({"first_name", "locale", "sizes", "tags"})


def _apply_consent(
    batch: UpsertBatch[_ClientValues], values: _ClientValues, row: ClientRow, now: datetime
) -> _ClientValues:
    if row.consent and values.consent_at is not None:
        batch.count_note("withdrawal_kept")
        return values
    return values._replace(consent=row.consent, consent_at=to_micros(now), consent_source=row.consent_source)


def _apply_purposes(
    batch: UpsertBatch[_ClientValues], values: _ClientValues, row: ClientRow, now: datetime
) -> _ClientValues:
    purposes = dict(values.purposes)
    for purpose in OTHER_PURPOSES:
        agreed = getattr(row, purpose)
        if agreed is None:
            continue
        record = apply_list(purposes.get(purpose), agreed, now, row.consent_source)
        if record is None:
            batch.count_note("refusal_kept")
        else:
            purposes[purpose] = record
    return values if purposes == values.purposes else values._replace(purposes=purposes)


def _find_freed(batch: UpsertBatch[_ClientValues]) -> list[str]:
    """Find the clients who may be mailable now: they consent anew, or have another mailbox."""
    return [
        key
        for key, row in batch.changed.items()
        if (row.consent and not batch.stored[key].consent)
        or (batch.stored[key].mailbox and row.mailbox != batch.stored[key].mailbox)
    ]


def _keep_withdrawals(connection: Connection, batch: UpsertBatch[_ClientValues]) -> None:
    """Give no consent by a file to a new client whose mailbox has withdrawn it under another id."""
    fresh = {row.mailbox: key for key, row in batch.new.items() if row.consent}
    for mailbox, at in find_withdrawals(connection, fresh).items():
        for key, row in batch.new.items():
            if row.mailbox == mailbox and row.consent:
                batch.new[key] = row._replace(consent=False, consent_at=to_micros(at))
                batch.count_note("withdrawal_kept")


def lock_client(connection: Connection, client_id: ClientId) -> bool:
    """Lock the client's row against an erasure, and return whether there is one."""
    query = select(clients.c.client_id).where(clients.c.client_id == client_id).with_for_update(key_share=True)
    return connection.scalar(query) is not None


def load_client(connection: Connection, client_id: ClientId) -> Client | None:
    """Load one client; None for an unknown id."""
    row = connection.execute(_CLIENT_QUERY, {"client": client_id}).one_or_none()
    return None if row is None else _build_client(row)


def require_client(connection: Connection, client_id: ClientId) -> Client:
    """Load one client. Raises NotFound."""
    client = load_client(connection, client_id)
    if client is None:
        raise NotFound("no client has this id", "client_id")
    return client


_CLIENT_QUERY: Final = select(clients).where(clients.c.client_id == bindparam("client"))


def _build_client(row: Row[Any]) -> Client:
    """Build the client from a row with the columns of `clients`."""
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
        purposes=_build_purposes(row),
    )


def _build_purposes(row: Row[Any]) -> dict[Purpose, ConsentRecord]:
    purposes = {} if not row.purposes else dict(parse_purposes(row.purposes))
    if row.consent or row.consent_at is not None:
        mail = ConsentRecord(agreed=row.consent, at=row.consent_at, source=row.consent_source)
        purposes = {Purpose.MAIL: mail, **purposes}
    return purposes
