"""Mailboxes whose reader wants no mail. A withdrawal holds for every client id that carries the mailbox, now or later,
except one whose consent arrives after it.

Rows of other clients stay untouched: the send gate reads both. So a withdrawal needs the lock of its mailbox alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from domain.mail_consent import stamp_withdrawal
from store.mail.mailboxes import lock_mailboxes
from store.sql.bulk import give, match_given
from store.sql.records import Record
from store.tables import clients, withdrawals


@dataclass(frozen=True, slots=True)
class Withdrawal(Record):
    """The last withdrawal of a mailbox. `link`: the mail whose link made it, which may undo it; empty for none."""

    mailbox: str
    at: datetime
    link: str
    before_at: datetime | None


def match_in_force() -> ColumnElement[bool]:
    """Build the condition that joins a client with the withdrawal that forbids their mail."""
    overcome = clients.c.cleared_at >= withdrawals.c.at
    return and_(withdrawals.c.mailbox == clients.c.mailbox, or_(clients.c.cleared_at.is_(None), ~overcome))


def withdraw_mailboxes(connection: Connection, moments: Mapping[str, datetime]) -> None:
    """Withdraw the consent of mailboxes: mailbox -> business time. What was agreed to before this arrived is over,
    whatever the clocks say. Any row of a client that the transaction needs must be locked before."""
    wanted = {mailbox: at for mailbox, at in sorted(moments.items()) if mailbox}
    if not wanted:
        return
    lock_mailboxes(connection, wanted)
    before = find_withdrawals(connection, wanted)
    rows = [
        {"mailbox": mailbox, "link": "", **_choose_moment(at, before.get(mailbox))} for mailbox, at in wanted.items()
    ]
    connection.execute(_build_upsert(connection.dialect.name), rows)


@cache  # building a statement takes longer than running it
def _build_upsert(dialect: str) -> postgresql.Insert | sqlite.Insert:
    row = postgresql.insert(withdrawals) if dialect == "postgresql" else sqlite.insert(withdrawals)
    values = {name: row.excluded[name] for name in ("at", "link", "before_at")}
    return row.on_conflict_do_update(index_elements=["mailbox"], set_=values)


def _choose_moment(at: datetime, before_at: datetime | None) -> dict[str, datetime | None]:
    return {"at": stamp_withdrawal(at, before_at), "before_at": before_at}


def mark_link(connection: Connection, mailbox: str, link: str) -> None:
    """Record that the last withdrawal of a mailbox was made by the link in the mail `link`, which may undo it."""
    connection.execute(update(withdrawals).where(withdrawals.c.mailbox == mailbox).values(link=link))


def undo_withdrawal(connection: Connection, withdrawal: Withdrawal) -> None:
    """Undo the last withdrawal of a mailbox; the one before it, if there was one, holds as it did."""
    w = withdrawals.c
    if withdrawal.before_at is None:
        connection.execute(delete(withdrawals).where(w.mailbox == withdrawal.mailbox))
    else:
        changed = update(withdrawals).where(w.mailbox == withdrawal.mailbox)
        connection.execute(changed.values(at=withdrawal.before_at, link="", before_at=None))


def find_withdrawal(connection: Connection, mailbox: str) -> Withdrawal | None:
    """Find the last withdrawal of a mailbox."""
    query = select(*Withdrawal.list_columns(withdrawals)).where(withdrawals.c.mailbox == mailbox)
    row = connection.execute(query).one_or_none()
    return None if row is None else Withdrawal.from_row(row)


def find_withdrawals(connection: Connection, mailboxes: Iterable[str]) -> dict[str, datetime]:
    """Find which of these mailboxes want no mail, and since when."""
    wanted = [mailbox for mailbox in mailboxes if mailbox]
    if not wanted:
        return {}
    rows = connection.execute(_select_withdrawals(connection.dialect.name), give(connection, wanted))
    return {row.mailbox: row.at for row in rows}


@cache
def _select_withdrawals(dialect: str) -> Select[tuple[str, datetime]]:
    w = withdrawals.c
    return select(w.mailbox, w.at).where(match_given(dialect, w.mailbox))
