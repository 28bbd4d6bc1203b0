"""All that is held of one client, as one JSON document, a piece at a time: the client's own export."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select

from models.base import ClientId
from store.clients.profiles import profile
from store.events.effects import SPEAKING
from store.learning import decisions
from store.mail.suppressions import address_hash
from store.privacy import erasure
from store.privacy.personal import HOLDINGS, Holding, row_of
from store.tables import clients, events, questions, suppressions

FORMAT: Final = "selvedge-client-export/1"
BATCH: Final = 500


def export(connection: Connection, signing_key: str, client_id: ClientId, now: datetime) -> Iterator[bytes]:
    """The document at business `now`, in pieces; docs/privacy.md tells its parts.

    Raises NotFound, or Erased, before the first piece. Call in one transaction that reads: one consistent picture.
    """
    erasure.refuse_erased(connection, signing_key, client_id)
    known = profile(connection, client_id, now)
    head = {
        "format": FORMAT,
        "client_id": client_id,
        "as_of": now,
        "profile": known.model_dump(mode="json"),
        "suppressed": _suppressed(connection, signing_key, client_id),
        "consent": _consent(connection, client_id),
    }
    yield _dumped(head)[:-1]
    for holding in HOLDINGS:
        yield b"," + _dumped(holding.part) + b":["
        comma = b""
        for row in _rows(connection, holding, client_id):
            yield comma + _dumped(row)
            comma = b","
        yield b"]"
    yield b"}\n"


def _rows(connection: Connection, holding: Holding, client_id: ClientId) -> Iterator[dict[str, Any]]:
    """In the order of their keys, which is that of numbers and times for the most part."""
    query = select(holding.table).where(holding.which(client_id)).order_by(*holding.table.primary_key)
    for row in connection.execute(query, execution_options={"yield_per": BATCH}):
        told = row_of(holding, row)
        if holding.table is questions:
            told["body"] = decisions.opened(told["body"])
        yield told


def _suppressed(connection: Connection, signing_key: str, client_id: ClientId) -> dict[str, Any] | None:
    """Whether the client's address is never mailed again, why and since when."""
    email = connection.scalar(select(clients.c.email).where(clients.c.client_id == client_id)) or ""
    s = suppressions.c
    kept = select(s.reason, s.at).where(s.address_hash == address_hash(signing_key, email))
    row = connection.execute(kept).one_or_none()
    return None if row is None else {"reason": row.reason, "at": row.at}


def _consent(connection: Connection, client_id: ClientId) -> list[dict[str, Any]]:
    """What was said about consent, oldest first; what is in force stands in `client`."""
    e = events.c
    said = select(e.occurred_at, e.type, e.data).where(e.client_id == client_id, e.type.in_(SPEAKING))
    rows = connection.execute(said.order_by(e.occurred_at, e.event_id))
    return [{"at": row.occurred_at, "said": row.type, **(row.data or {})} for row in rows]


def _dumped(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)
