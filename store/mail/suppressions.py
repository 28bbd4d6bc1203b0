"""Keyed hashes that outlive what they stand for: addresses never to be mailed again, and ids that were erased."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, select

from store.sql.bulk import among, write_rows
from store.sql.types import to_micros
from store.tables import suppressions, tombstones

ERASED: Final = "this client was erased and is refused for ever"
"""Reason of every refusal of an erased id."""


def hash_address(signing_key: str, email: str) -> str:
    """Compute the HMAC-SHA256 of an address, 64 hex digits. Upper and lower case are one address here: this errs
    towards silence."""
    return _hash(signing_key, "address", email.strip().lower())


def hash_client_id(signing_key: str, client_id: str) -> str:
    """Compute the HMAC-SHA256 of a client id, 64 hex digits."""
    return _hash(signing_key, "client", client_id)


def _hash(signing_key: str, purpose: str, value: str) -> str:
    return hmac.digest(signing_key.encode(), f"{purpose}:{value}".encode(), "sha256").hex()


def suppress_addresses(connection: Connection, signing_key: str, reasons: Mapping[str, tuple[str, datetime]]) -> None:
    """Suppress these addresses for ever: address -> (reason in one word, business time). The first reason stays."""
    rows = [(hash_address(signing_key, email), reason, to_micros(at)) for email, (reason, at) in reasons.items()]
    write_rows(connection, suppressions, ("address_hash", "reason", "at"), sorted(rows), "keep")


def find_suppression(connection: Connection, signing_key: str, email: str) -> str | None:
    """Find why this address is never mailed; None when it may be."""
    return connection.scalar(_REASON_QUERY, {"hash": hash_address(signing_key, email)})


_REASON_QUERY: Final = select(suppressions.c.reason).where(suppressions.c.address_hash == bindparam("hash"))


def find_erased(connection: Connection, signing_key: str, client_ids: Iterable[str]) -> set[str]:
    """Find which of these ids were erased and are refused for ever."""
    by_hash = {hash_client_id(signing_key, client_id): client_id for client_id in client_ids}
    if not by_hash:
        return set()
    query = select(tombstones.c.client_hash).where(among(connection, tombstones.c.client_hash, by_hash))
    return {by_hash[scalar] for scalar in connection.scalars(query)}
