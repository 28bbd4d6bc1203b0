"""The accounts of staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, func, insert, select, update

from models.actors import Role
from models.team import Account, AccountState
from store.sql.records import Record
from store.tables import accounts

_JOINING: Final = 4_902_117
"""The lock of whoever joins, on PostgreSQL."""


@dataclass(frozen=True, slots=True)
class Credentials(Record):
    """A whole row, with the hashes: never shown, never logged."""

    account_id: str
    name: str
    name_key: str
    role: Role
    state: AccountState
    password_hash: str = field(repr=False)
    version: int
    totp_secret: str = field(repr=False)
    totp_step: int
    recovery_hashes: tuple[str, ...] = field(repr=False)
    created_at: datetime
    signed_in_at: datetime | None


def list_accounts(connection: Connection) -> Sequence[Account]:
    """List everybody, by name."""
    return [
        parse_account(Credentials.from_row(row))
        for row in connection.execute(select(accounts).order_by(accounts.c.name_key))
    ]


def find_credentials(connection: Connection, name_key: str) -> Credentials | None:
    """Find the row of a folded name."""
    return _load(connection, select(accounts).where(accounts.c.name_key == name_key))


def load_credentials(connection: Connection, account_id: str, *, lock: bool = False) -> Credentials | None:
    """Load the row of an account; with `lock` nobody else changes it before the transaction ends."""
    query = select(accounts).where(accounts.c.account_id == account_id)
    return _load(connection, query.with_for_update() if lock else query)


def lock_joining(connection: Connection) -> None:
    """Let nobody else join by a provider before the transaction ends: pages of one browser ask at once."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_JOINING)))


def find_by_subject(connection: Connection, subject_key: str, *, lock: bool = True) -> Credentials | None:
    """Find the row of a subject of the identity provider, or of somebody whom a proxy names."""
    query = select(accounts).where(accounts.c.subject_key == subject_key)
    return _load(connection, query.with_for_update() if lock else query)


def link_subject(connection: Connection, account_id: str, subject_key: str) -> None:
    """Let the account be found by a subject of the identity provider; from then on it may sign in."""
    values = {"subject_key": subject_key, "state": AccountState.ACTIVE}
    connection.execute(update(accounts).where(accounts.c.account_id == account_id).values(values))


def _load(connection: Connection, query: Select[Any]) -> Credentials | None:
    row = connection.execute(query).one_or_none()
    return None if row is None else Credentials.from_row(row)


def add_account(connection: Connection, account_id: str, name: str, name_key: str, role: Role, now: datetime) -> None:
    """Add somebody who has yet to set a password."""
    row = {
        "account_id": account_id,
        "name": name,
        "name_key": name_key,
        "role": role,
        "state": AccountState.INVITED,
        "password_hash": "",
        "version": 1,
        "totp_secret": "",
        "totp_step": 0,
        "recovery_hashes": [],
        "created_at": now,
    }
    connection.execute(insert(accounts).values(row))


def change_account(connection: Connection, account_id: str, values: Mapping[str, Any], *, voids: bool = False) -> None:
    """Change columns of an account; `voids` makes void every link that was made for it before."""
    more = {"version": accounts.c.version + 1} if voids else {}
    connection.execute(update(accounts).where(accounts.c.account_id == account_id).values({**values, **more}))


def take_totp_step(connection: Connection, account_id: str, step: int) -> bool:
    """Use up the code of a time step; False where this one, or a later one, was used before."""
    unused = update(accounts).where(accounts.c.account_id == account_id, accounts.c.totp_step < step)
    return connection.execute(unused.values(totp_step=step)).rowcount == 1


def count_owners(connection: Connection) -> int:
    """Count the owners who can sign in."""
    a = accounts.c
    query = select(func.count()).where(a.role == Role.OWNER, a.state == AccountState.ACTIVE)
    return int(connection.scalar(query) or 0)


def parse_account(row: Credentials) -> Account:
    """Parse what of a row may be shown."""
    return Account(
        account_id=row.account_id,
        name=row.name,
        role=row.role,
        state=row.state,
        second_factor=bool(row.totp_secret),
        created_at=row.created_at,
        signed_in_at=row.signed_in_at,
    )
