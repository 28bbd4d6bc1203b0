"""Sign-ins in force, and failed ones by name and address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select, update

from models.actors import Role
from models.team import AccountState, SignIn
from store.sql.bulk import insert_into
from store.sql.records import Record
from store.tables import accounts, sign_in_failures, sign_ins


@dataclass(frozen=True, slots=True)
class SignInRow(Record):
    """One sign-in, and whose it is."""

    token_hash: str
    account_id: str
    began_at: datetime
    seen_at: datetime
    name: str
    role: Role
    state: AccountState


def add_sign_in(
    connection: Connection, token_hash: str, account_id: str, agent: str, address: str, now: datetime
) -> None:
    """Add a sign-in that begins now."""
    row = {"token_hash": token_hash, "account_id": account_id, "agent": agent, "address": address}
    connection.execute(insert(sign_ins).values(**row, began_at=now, seen_at=now))


def load_sign_in(connection: Connection, token_hash: str) -> SignInRow | None:
    """Load a sign-in with its account's name, role and state."""
    columns = SignInRow.list_columns(sign_ins, accounts)
    query = select(*columns).select_from(sign_ins).join(accounts).where(sign_ins.c.token_hash == token_hash)
    row = connection.execute(query).one_or_none()
    return None if row is None else SignInRow.from_row(row)


def list_sign_ins(connection: Connection, account_id: str) -> Sequence[SignIn]:
    """List the sign-ins of an account, the last used first."""
    query = select(sign_ins).where(sign_ins.c.account_id == account_id).order_by(sign_ins.c.seen_at.desc())
    return [SignIn.model_validate(row, from_attributes=True) for row in connection.execute(query)]


def touch_sign_in(connection: Connection, token_hash: str, now: datetime) -> None:
    """Note that a sign-in was used."""
    connection.execute(update(sign_ins).where(sign_ins.c.token_hash == token_hash).values(seen_at=now))


def delete_sign_in(connection: Connection, token_hash: str, account_id: str) -> bool:
    """End one sign-in of an account, and return whether it was there."""
    s = sign_ins.c
    return (
        connection.execute(delete(sign_ins).where(s.token_hash == token_hash, s.account_id == account_id)).rowcount > 0
    )


def delete_sign_ins(connection: Connection, account_id: str, keep: str = "") -> int:
    """End all sign-ins of an account but `keep`, and return how many these were."""
    s = sign_ins.c
    return connection.execute(delete(sign_ins).where(s.account_id == account_id, s.token_hash != keep)).rowcount


def delete_ended(connection: Connection, began_before: datetime, seen_before: datetime) -> None:
    """Delete the sign-ins that have ended by age or for want of use."""
    s = sign_ins.c
    connection.execute(delete(sign_ins).where(or_(s.began_at <= began_before, s.seen_at <= seen_before)))


def count_try(connection: Connection, subject_hash: str, now: datetime) -> tuple[int, datetime]:
    """Count a try of a name or address as failed, and return how many failed before and when the last one did. Others
    who try the same wait for the end of the transaction."""
    f = sign_in_failures.c
    row = insert_into(connection, sign_in_failures).values(subject_hash=subject_hash, count=1, last_at=now)
    counted = row.on_conflict_do_update(index_elements=["subject_hash"], set_={"count": f.count + 1})
    connection.execute(counted)
    count, last_at = connection.execute(select(f.count, f.last_at).where(f.subject_hash == subject_hash)).one()
    connection.execute(update(sign_in_failures).where(f.subject_hash == subject_hash).values(last_at=now))
    return int(count) - 1, last_at


def uncount_try(connection: Connection, subject_hash: str) -> None:
    """Take back one try that did not fail."""
    f = sign_in_failures.c
    connection.execute(update(sign_in_failures).where(f.subject_hash == subject_hash).values(count=f.count - 1))


def forget_failures(connection: Connection, subject_hash: str) -> None:
    """Forget the failures of a name or address."""
    connection.execute(delete(sign_in_failures).where(sign_in_failures.c.subject_hash == subject_hash))


def delete_old_failures(connection: Connection, before: datetime) -> None:
    """Delete failures that do not count any more."""
    connection.execute(delete(sign_in_failures).where(sign_in_failures.c.last_at <= before))
