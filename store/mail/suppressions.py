"""Keyed hashes that outlive what they stand for: mailboxes that are not to be mailed, and ids that were erased."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, func, select, update

from domain.addresses import fold_address
from store.sql.bulk import among, give, match_given, write_rows
from store.sql.records import Record
from store.sql.types import to_micros
from store.tables import suppressions, tombstones

ERASED: Final = "this client was erased and is refused for ever"
"""Reason of every refusal of an erased id."""
COMPLAINT: Final = "complaint"
HARD_BOUNCE: Final = "hard_bounce"
SOFT_BOUNCES: Final = "soft_bounces"


@dataclass(frozen=True, slots=True)
class Suppression(Record):
    """One mailbox on the list. `address_hash`: its keyed hash; `by` and `note`: who entered it or changed it last, and
    why, where a person did; `lifted_at`: since when it does not hold any more."""

    address_hash: str
    reason: str
    at: datetime
    by: str
    note: str
    lifted_at: datetime | None


def hash_address(signing_key: str, email: str) -> str:
    """Compute the HMAC-SHA256 of an address, 64 hex digits. Upper and lower case are one address here: this errs
    towards silence."""
    return _hash(signing_key, "address", email.strip().lower())


def hash_mailbox(signing_key: str, email: str, fold_tags: bool) -> str:
    """Compute the HMAC-SHA256 of the mailbox of an address, 64 hex digits."""
    return hash_address(signing_key, fold_address(email, fold_tags=fold_tags))


def hash_client_id(signing_key: str, client_id: str) -> str:
    """Compute the HMAC-SHA256 of a client id, 64 hex digits."""
    return _hash(signing_key, "client", client_id)


def _hash(signing_key: str, purpose: str, value: str) -> str:
    return hmac.digest(signing_key.encode(), f"{purpose}:{value}".encode(), "sha256").hex()


def suppress_mailboxes(
    connection: Connection, reasons: Mapping[str, tuple[str, datetime]], *, by: str = "", note: str = ""
) -> set[str]:
    """Suppress these mailboxes: hash -> (reason in one word, business time); return those that were not before.

    The first reason stays, except that a complaint takes the place of any other.
    """
    held = _lock_entries(connection, reasons.keys() - {""})
    fresh = [
        (key, reason, to_micros(at), by, note)
        for key, (reason, at) in sorted(reasons.items())
        if key and key not in held
    ]
    written = write_rows(connection, suppressions, ("address_hash", "reason", "at", "by", "note"), fresh, "keep")
    new = {row[0] for row in fresh} if written is None else set(written)
    held |= _lock_entries(connection, {row[0] for row in fresh} - new)  # another writer was quicker
    again = [key for key in sorted(held) if _is_graver(held[key], reasons[key][0])]
    rows = [{"key": key, "reason": reasons[key][0], "at": reasons[key][1], "by": by, "note": note} for key in again]
    if rows:
        changed = update(suppressions).where(suppressions.c.address_hash == bindparam("key"))
        connection.execute(changed.values(lifted_at=None), rows)
    return new | set(again)


def _lock_entries(connection: Connection, keys: Collection[str]) -> dict[str, tuple[str, bool]]:
    """Lock the entries of these hashes: the reason of each, and whether it was lifted."""
    if not keys:
        return {}
    rows = connection.execute(_select_entries(connection.dialect.name), give(connection, sorted(keys)))
    return {row.address_hash: (row.reason, row.lifted_at is not None) for row in rows}


@cache  # building it takes longer than running it
def _select_entries(dialect: str) -> Select[Any]:
    s = suppressions.c
    query = select(s.address_hash, s.reason, s.lifted_at).where(match_given(dialect, s.address_hash))
    return query.order_by(s.address_hash).with_for_update()


def _is_graver(held: tuple[str, bool], reason: str) -> bool:
    before, lifted = held
    return lifted or (reason == COMPLAINT and before != COMPLAINT)


def lift_suppression(connection: Connection, address_hash: str, now: datetime, *, by: str, note: str) -> bool:
    """Lift the suppression of a mailbox, and return whether there was one. The row stays and says who and why."""
    s = suppressions.c
    held = update(suppressions).where(s.address_hash == address_hash, s.lifted_at.is_(None))
    return connection.execute(held.values(lifted_at=now, by=by, note=note)).rowcount == 1


def load_suppression(connection: Connection, hashes: Iterable[str]) -> Suppression | None:
    """Load the entry in force of one of these hashes, or else the one that was lifted last."""
    query = select(*Suppression.list_columns(suppressions)).where(suppressions.c.address_hash.in_(list(hashes)))
    rows = [Suppression.from_row(row) for row in connection.execute(query)]
    return next((row for row in rows if row.lifted_at is None), rows[0] if rows else None)


def list_suppressions(connection: Connection, after: str, limit: int, reason: str = "") -> Sequence[Suppression]:
    """List entries in force, in the order of their hashes, those after the hash `after`; with a reason, or all."""
    s = suppressions.c
    query = select(*Suppression.list_columns(suppressions)).where(s.address_hash > after, s.lifted_at.is_(None))
    if reason:
        query = query.where(s.reason == reason)
    return [Suppression.from_row(row) for row in connection.execute(query.order_by(s.address_hash).limit(limit))]


def count_suppressions(connection: Connection) -> dict[str, int]:
    """Count the entries in force by reason."""
    s = suppressions.c
    query = select(s.reason, func.count()).where(s.lifted_at.is_(None)).group_by(s.reason).order_by(s.reason)
    return {reason: count for reason, count in connection.execute(query)}  # noqa: C416


def find_erased(connection: Connection, signing_key: str, client_ids: Iterable[str]) -> set[str]:
    """Find which of these ids were erased and are refused for ever."""
    by_hash = {hash_client_id(signing_key, client_id): client_id for client_id in client_ids}
    if not by_hash:
        return set()
    query = select(tombstones.c.client_hash).where(among(connection, tombstones.c.client_hash, by_hash))
    return {by_hash[scalar] for scalar in connection.scalars(query)}
