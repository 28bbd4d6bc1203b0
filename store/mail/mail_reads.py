"""The opens and clicks of mails: those of one mail together, and the chance of each that it was a machine's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from domain.mail_reads import MailRead
from models.base import ClientId
from models.events import ReadSign
from store.sql.bulk import among
from store.tables import events, outreaches

READ_TYPES: Final = ("email_opened", "email_clicked")


class MailKey(NamedTuple):
    """The mail `n` of a client."""

    client_id: ClientId
    n: int


class StoredRead(NamedTuple):
    """One open or click as stored. `data`: its further fields."""

    event_id: str
    type: str
    occurred_at: datetime
    item_id: str | None
    data: Mapping[str, Any]

    @property
    def by_machine(self) -> bool:
        """Whether it counts for nobody so far."""
        return bool(self.data.get("machine"))


class SentFacts(NamedTuple):
    """When a mail was sent, None where that is not known, and how many different links to items and the shop it has."""

    sent_at: datetime | None
    links: int


def parse_key(outreach: str) -> MailKey | None:
    """Parse the key of a mail as events write it, `<client id>.<number>`; None for anything else."""
    head, _, number = outreach.rpartition(".")
    return MailKey(head, int(number)) if head and number.isascii() and number.isdigit() and len(number) < 10 else None


def load_sent_facts(connection: Connection, keys: Collection[MailKey]) -> dict[MailKey, SentFacts]:
    """Load those of these mails that the ledger knows."""
    o = outreaches.c
    query = select(o.client_id, o.n, o.sent_at, o.draft).where(
        among(connection, o.client_id, {key.client_id for key in keys}), o.n.in_({key.n for key in keys})
    )
    rows = {MailKey(row.client_id, row.n): row for row in connection.execute(query)}
    return {key: SentFacts(rows[key].sent_at, _count_links(rows[key].draft)) for key in keys if key in rows}


def load_reads(connection: Connection, keys: Collection[MailKey]) -> dict[MailKey, list[StoredRead]]:
    """Load all opens and clicks of these mails."""
    e = events.c
    wanted = {f"{key.client_id}.{key.n}": key for key in keys}
    query = select(e.event_id, e.type, e.occurred_at, e.item_id, e.data, e.client_id).where(
        among(connection, e.client_id, {key.client_id for key in keys}),
        e.type.in_(READ_TYPES),
        e.data["outreach"].as_string().in_(sorted(wanted)),
    )
    reads = defaultdict[MailKey, list[StoredRead]](list)
    for row in connection.execute(query):
        key = wanted[row.data["outreach"]]
        if key.client_id == row.client_id:
            reads[key].append(StoredRead(*row[:5]))
    return reads


def build_read(read: StoredRead, sent_at: datetime | None) -> MailRead:
    """Build what the rules weigh. A click through our own page knows its real seconds; a moment that the shop sent is
    taken as it stands."""
    signs = {ReadSign(sign) for sign in read.data.get("signs", ())}
    seconds = read.data.get("seconds_after")
    if seconds is None:
        seconds = (read.occurred_at - sent_at).total_seconds() if sent_at else read.occurred_at.timestamp()
    link = "" if read.type == "email_opened" else read.item_id or "shop"
    return MailRead(read.event_id, max(float(seconds), 0.0), link, frozenset(signs))


def save_reads(connection: Connection, changed: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Save the further fields of these events."""
    if changed:
        connection.execute(
            update(events).where(events.c.event_id == bindparam("_event")).values(data=bindparam("_data")),
            [{"_event": event_id, "_data": data} for event_id, data in sorted(changed, key=lambda one: one[0])],
        )


def _count_links(draft: Mapping[str, Any] | None) -> int:
    items = {blurb.get("item_id") for blurb in (draft or {}).get("items", ())}
    return len(items) + 1 if items else 0
