"""Keyed hashes that outlive what they stand for: addresses never to mail again, and ids that were erased."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from store.sql.bulk import among, write
from store.sql.types import micros
from store.tables import suppressions, tombstones

ERASED: Final = "this client was erased and is refused for ever"
"""Reason of every refusal of an erased id."""


def address_hash(signing_key: str, email: str) -> str:
    """HMAC-SHA256 of an address, 64 hex digits. Upper and lower case are one address here: it errs towards silence."""
    return _keyed(signing_key, "address", email.strip().lower())


def client_hash(signing_key: str, client_id: str) -> str:
    """HMAC-SHA256 of a client id, 64 hex digits."""
    return _keyed(signing_key, "client", client_id)


def _keyed(signing_key: str, purpose: str, value: str) -> str:
    return hmac.digest(signing_key.encode(), f"{purpose}:{value}".encode(), "sha256").hex()


def suppress(connection: Connection, signing_key: str, reasons: Mapping[str, tuple[str, datetime]]) -> None:
    """Never mail these addresses again: address -> (reason in one word, business time). The first reason stays."""
    rows = [(address_hash(signing_key, email), reason, micros(at)) for email, (reason, at) in reasons.items()]
    write(connection, suppressions, ("address_hash", "reason", "at"), sorted(rows), "keep")


def suppressed(connection: Connection, signing_key: str, email: str) -> str | None:
    """Why this address is never mailed; None when it may be."""
    return connection.scalar(
        select(suppressions.c.reason).where(suppressions.c.address_hash == address_hash(signing_key, email))
    )


def erased(connection: Connection, signing_key: str, client_ids: Iterable[str]) -> set[str]:
    """Which of these ids were erased and are refused for ever."""
    by_hash = {client_hash(signing_key, each): each for each in client_ids}
    if not by_hash:
        return set()
    found = select(tombstones.c.client_hash).where(among(connection, tombstones.c.client_hash, by_hash))
    return {by_hash[scalar] for scalar in connection.scalars(found)}
