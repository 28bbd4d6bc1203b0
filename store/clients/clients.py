"""Clients: saved from files and from `PUT /v1/clients/<id>`, read one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, Select, bindparam, select, update

from errors import NotFound
from models.base import ClientId
from models.clients import Client, ClientPolicy
from models.consents import ConsentRecord, Purpose, Purposes, dump_purposes, parse_purposes
from store.sql.bulk import among, dump_json, give, match_given, write_rows
from store.sql.types import to_micros
from store.tables import clients


class ClientValues(NamedTuple):
    """The columns that a row of a file can change, and what changes with them; moments in microseconds."""

    client_id: str
    email: str
    first_name: str
    time_zone: str
    time_zone_assumed: bool
    locale: str
    country: str
    signed_up_at: int
    consent: bool
    consent_at: int | None
    consent_source: str
    sizes: tuple[str, ...]
    tags: tuple[str, ...]
    purposes: Purposes
    policy: Mapping[str, Any]
    """What they asked of our mail, as their row holds it."""
    mailbox: str = ""


def load_values(connection: Connection, ids: Iterable[ClientId]) -> dict[ClientId, ClientValues]:
    """Load what is stored of these clients, and lock their rows."""
    query = (
        select(*(clients.c[name] for name in ClientValues._fields))
        .where(among(connection, clients.c.client_id, ids))
        .order_by(clients.c.client_id)
        .with_for_update(key_share=True)
    )
    return {
        row.client_id: ClientValues(*row)._replace(
            signed_up_at=to_micros(row.signed_up_at),
            consent_at=None if row.consent_at is None else to_micros(row.consent_at),
            sizes=tuple(row.sizes),
            tags=tuple(row.tags),
            purposes=parse_purposes(row.purposes or {}),
            policy=row.policy or {},
        )
        for row in connection.execute(query)
    }


def save_values(connection: Connection, rows: Iterable[ClientValues]) -> None:
    """Save clients, new and changed ones."""
    written = [_build_row(row) for row in rows]
    write_rows(connection, clients, ClientValues._fields, written, "replace")


def _build_row(row: ClientValues) -> tuple[Any, ...]:
    purposes = dump_json(dump_purposes(row.purposes)) if row.purposes else "{}"
    policy = dump_json(dict(row.policy)) if row.policy else "{}"
    return (*row[:-5], dump_json(row.sizes), dump_json(row.tags), purposes, policy, row.mailbox)


def save_locale(connection: Connection, client_id: ClientId, locale: str) -> bool:
    """Save the language of a client, and return whether it was another."""
    c = clients.c
    changed = update(clients).where(c.client_id == client_id, c.locale != locale).values(locale=locale)
    return connection.execute(changed).rowcount > 0


def lock_client(connection: Connection, client_id: ClientId) -> bool:
    """Lock the client's row against an erasure, and return whether there is one."""
    query = select(clients.c.client_id).where(clients.c.client_id == client_id).with_for_update(key_share=True)
    return connection.scalar(query) is not None


def find_existing(connection: Connection, client_ids: Iterable[ClientId], *, lock: bool = False) -> set[ClientId]:
    """Find which of these clients there are. `lock`: against an erasure, until the transaction ends."""
    return set(connection.scalars(_select_existing(connection.dialect.name, lock), give(connection, client_ids)))


@cache  # building it takes longer than running it
def _select_existing(dialect: str, lock: bool) -> Select[tuple[str]]:
    # In one order for all writers, or they could lock each other out.
    query = select(clients.c.client_id).where(match_given(dialect, clients.c.client_id)).order_by(clients.c.client_id)
    return query.with_for_update(key_share=True) if lock else query


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


def load_clients(connection: Connection, client_ids: Iterable[ClientId]) -> dict[ClientId, Client]:
    """Load many clients; those that there are not are left out."""
    rows = connection.execute(_select_clients(connection.dialect.name), give(connection, client_ids))
    return {row.client_id: _build_client(row) for row in rows}


@cache  # building it takes longer than running it
def _select_clients(dialect: str) -> Select[Any]:
    return select(clients).where(match_given(dialect, clients.c.client_id))


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
        country=row.country,
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
