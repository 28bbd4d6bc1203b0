"""The keys of programs; of a secret only its hash is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from models.actors import Role
from models.team import ApiKey
from store.sql.records import Record
from store.tables import api_keys


@dataclass(frozen=True, slots=True)
class StoredKey(Record):
    """What is needed to recognise a key."""

    key_id: str
    name: str
    secret_hash: str
    role: Role
    only: tuple[str, ...] | None
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


def add_key(connection: Connection, key: ApiKey, secret_hash: str) -> None:
    """Add a key."""
    values = key.model_dump()
    values["only"] = None if key.only is None else list(key.only)
    connection.execute(insert(api_keys).values(**values, secret_hash=secret_hash))


def list_keys(connection: Connection) -> Sequence[ApiKey]:
    """List all keys, the newest first."""
    query = select(api_keys).order_by(api_keys.c.created_at.desc(), api_keys.c.key_id)
    return [ApiKey.model_validate(row, from_attributes=True) for row in connection.execute(query)]


def load_key(connection: Connection, key_id: str) -> StoredKey | None:
    """Load a key with the hash of its secret."""
    row = connection.execute(select(api_keys).where(api_keys.c.key_id == key_id)).one_or_none()
    return None if row is None else StoredKey.from_row(row)


def has_live_key(connection: Connection, name: str) -> bool:
    """Return whether a key of this name is in force."""
    k = api_keys.c
    return connection.execute(select(k.key_id).where(k.name == name, k.revoked_at.is_(None))).first() is not None


def revoke_key(connection: Connection, key_id: str, now: datetime) -> bool:
    """Revoke a key, and return whether it was in force."""
    k = api_keys.c
    live = update(api_keys).where(k.key_id == key_id, k.revoked_at.is_(None))
    return connection.execute(live.values(revoked_at=now)).rowcount == 1


def touch_key(connection: Connection, key_id: str, now: datetime) -> None:
    """Note that a key was used."""
    connection.execute(update(api_keys).where(api_keys.c.key_id == key_id).values(used_at=now))


def find_next_expiry(connection: Connection, real_now: datetime) -> datetime | None:
    """Find when the next of the keys in force expires."""
    k = api_keys.c
    in_force = k.revoked_at.is_(None), k.expires_at > real_now
    end: datetime | None = connection.scalar(select(func.min(k.expires_at)).where(*in_force))
    return end
