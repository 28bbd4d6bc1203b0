"""Gives clients from before mailboxes were kept, or from before the setting changed, their mailbox."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, bindparam, or_, select, update

from store.database import read_transaction, write_transaction
from store.mail.policy import ShopPolicy
from store.mail.suppressions import hash_mailbox
from store.sql.bulk import give, match_given
from store.tables import clients

BATCH: Final = 5_000
TAGGED: Final = clients.c.email.contains("+", autoescape=True)


def fill_mailboxes(engine: Engine, policy: ShopPolicy) -> int:
    """Compute the mailbox of every client who lacks one or whose stored one rests on another setting of tags; return of
    how many. One look when there is nothing to do."""
    with read_transaction(engine) as connection:
        missing = connection.scalar(select(clients.c.client_id).where(clients.c.mailbox == "").limit(1)) is not None
        outdated = _is_outdated(connection, policy)
    if not missing and not outdated:
        return 0
    count, after = 0, ""
    while True:
        with write_transaction(engine) as connection:
            after, changed, done = _fill_batch(connection, policy, after, outdated)
        count += changed
        if done:
            return count


def fill_missing(connection: Connection, policy: ShopPolicy, client_ids: Iterable[str]) -> None:
    """Compute the mailbox of those of these clients who lack one, whose rows an older process may just have written."""
    rows = connection.execute(_select_missing(connection.dialect.name), give(connection, client_ids)).all()
    _save_mailboxes(connection, policy, rows)


@cache  # building it takes longer than running it
def _select_missing(dialect: str) -> Select[tuple[str, str]]:
    c = clients.c
    return select(c.client_id, c.email).where(match_given(dialect, c.client_id), c.mailbox == "")


def _is_outdated(connection: Connection, policy: ShopPolicy) -> bool:
    """Return whether the first client with a tag has a mailbox by another setting."""
    query = select(clients.c.email, clients.c.mailbox).where(TAGGED, clients.c.mailbox != "").limit(1)
    row = connection.execute(query).one_or_none()
    return row is not None and row.mailbox != hash_mailbox(policy.signing_key, row.email, policy.fold_tags)


def _fill_batch(connection: Connection, policy: ShopPolicy, after: str, outdated: bool) -> tuple[str, int, bool]:
    wanted = or_(clients.c.mailbox == "", TAGGED) if outdated else clients.c.mailbox == ""
    query = select(clients.c.client_id, clients.c.email).where(clients.c.client_id > after, wanted)
    rows = connection.execute(query.order_by(clients.c.client_id).limit(BATCH)).all()
    _save_mailboxes(connection, policy, rows)
    return (rows[-1].client_id if rows else after), len(rows), len(rows) < BATCH


def _save_mailboxes(connection: Connection, policy: ShopPolicy, rows: Sequence[Any]) -> None:
    values = [
        {"_client": row.client_id, "_box": hash_mailbox(policy.signing_key, row.email, policy.fold_tags)}
        for row in rows
    ]
    if values:
        changed = update(clients).where(clients.c.client_id == bindparam("_client"))
        connection.execute(changed.values(mailbox=bindparam("_box")), values)
