"""What must outlive the loss of the store: who was erased, who wants no mail, and which mails went. Rows carry keyed
hashes in the place of ids and addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Table, func, select

from store.mail.suppressions import hash_client_id
from store.tables import outreach_steps, outreaches, suppressions, tombstones, withdrawals

Entry = Mapping[str, Any]
"""What stands in one line: `kind`, `key` (a keyed hash) and the values of that kind."""

MAIL: Final = ("n", "reason_key", "kind", "campaign", "phase", "priority", "state", "code", "mailbox")
MAIL_TIMES: Final = ("created_at", "sent_at")
_KEPT: Final[tuple[tuple[str, Table, str, tuple[str, ...]], ...]] = (
    ("erased", tombstones, "client_hash", ("at",)),
    ("withdrawn", withdrawals, "mailbox", ("at",)),
    ("suppressed", suppressions, "address_hash", ("reason", "at", "lifted_at")),
)


def list_refusals(connection: Connection, since: datetime | None) -> Iterator[Entry]:
    """List erased clients and mailboxes that are not mailed; with `since` (business time) only those since then."""
    for kind, table, key, names in _KEPT:
        query = select(table)
        for row in connection.execute(query if since is None else query.where(table.c.at >= since)):
            yield {"kind": kind, "key": row._mapping[key], **{name: _write(row._mapping[name]) for name in names}}


def list_mails(connection: Connection, signing_key: str, after_step: int) -> Iterator[Entry]:
    """List the mails that took a step after the step `after_step`, each as it is now."""
    moved = select(outreach_steps.c.client_id, outreach_steps.c.n).where(outreach_steps.c.id > after_step).distinct()
    of_moved = moved.subquery()
    joined = (outreaches.c.client_id == of_moved.c.client_id) & (outreaches.c.n == of_moved.c.n)
    columns = [outreaches.c[name] for name in ("client_id", *MAIL, *MAIL_TIMES)]
    for row in connection.execute(select(*columns).join(of_moved, joined)):
        values = dict(row._mapping)
        key = hash_client_id(signing_key, values.pop("client_id"))
        yield {
            "kind": "mail",
            "key": key,
            **{name if name != "kind" else "mail_kind": values[name] for name in MAIL},
            **{name: _write(values[name]) for name in MAIL_TIMES},
        }


def find_last_step(connection: Connection) -> int:
    """Find the number of the last step of all mails."""
    return int(connection.scalar(select(func.coalesce(func.max(outreach_steps.c.id), 0))) or 0)


def _write(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
