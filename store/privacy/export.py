"""Everything stored of one client as one JSON document, in pieces: the client's own export."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select

from domain.mail_consent import CONSENT_TYPES
from models.base import ClientId
from store.clients.profiles import load_profile
from store.learning import decisions
from store.mail.suppressions import hash_address
from store.privacy import erasure
from store.privacy.personal import PERSONAL_TABLES, PersonalTable, export_row
from store.tables import clients, events, questions, suppressions

FORMAT: Final = "selvedge-client-export/1"
BATCH: Final = 500


def export_client(connection: Connection, signing_key: str, client_id: ClientId, now: datetime) -> Iterator[bytes]:
    """Iterate over the pieces of the document at business `now`; docs/privacy.md describes its parts.

    Raises NotFound, or Erased, before the first piece. Call in one transaction that reads: one consistent picture.
    """
    erasure.require_not_erased(connection, signing_key, client_id)
    profile = load_profile(connection, client_id, now)
    head = {
        "format": FORMAT,
        "client_id": client_id,
        "as_of": now,
        "profile": profile.model_dump(mode="json"),
        "suppressed": _load_suppression(connection, signing_key, client_id),
        "consent": _load_consent(connection, client_id),
    }
    yield _dump(head)[:-1]
    for personal in PERSONAL_TABLES:
        yield b"," + _dump(personal.part) + b":["
        comma = b""
        for row in _iterate_rows(connection, personal, client_id):
            yield comma + _dump(row)
            comma = b","
        yield b"]"
    yield b"}\n"


def _iterate_rows(connection: Connection, personal: PersonalTable, client_id: ClientId) -> Iterator[dict[str, Any]]:
    """Iterate over a table's rows in the order of their keys, which mostly is that of numbers and times."""
    query = select(personal.table).where(personal.which(client_id)).order_by(*personal.table.primary_key)
    for row in connection.execute(query, execution_options={"yield_per": BATCH}):
        values = export_row(personal, row)
        if personal.table is questions:
            values["body"] = decisions.parse_question(values["body"])
        yield values


def _load_suppression(connection: Connection, signing_key: str, client_id: ClientId) -> dict[str, Any] | None:
    """Load whether the client's address is never mailed again, why and since when."""
    email = connection.scalar(select(clients.c.email).where(clients.c.client_id == client_id)) or ""
    s = suppressions.c
    query = select(s.reason, s.at).where(s.address_hash == hash_address(signing_key, email))
    row = connection.execute(query).one_or_none()
    return None if row is None else {"reason": row.reason, "at": row.at}


def _load_consent(connection: Connection, client_id: ClientId) -> list[dict[str, Any]]:
    """Load the changes of consent, oldest first; the consent in force is in `client`."""
    e = events.c
    query = select(e.occurred_at, e.type, e.data).where(e.client_id == client_id, e.type.in_(CONSENT_TYPES))
    rows = connection.execute(query.order_by(e.occurred_at, e.event_id))
    return [{"at": row.occurred_at, "said": row.type, **(row.data or {})} for row in rows]


def _dump(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)
