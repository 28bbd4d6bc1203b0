"""Mailboxes that several clients may share: who carries one, what was sent there, and the lock that orders opt-outs
and send gates.

A mailbox is a keyed hash (`store.mail.suppressions.hash_mailbox`), in the client's row and, since it was claimed, in
the ledger's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, func, or_, select, text

from domain.bounces import MailboxMail
from domain.outreach import COUNTED, RETURNED
from models.base import CampaignSlug, ClientId
from models.states import OutreachState
from store.sql.bulk import among, give, leave_index, match_given
from store.tables import clients, events, outreaches, suppressions

SHOWN_MAILBOXES: Final = 3
SHOWN_IDS: Final = 5
SOFT: Final = "soft"
HARD: Final = "hard"
"""How the code of a mail that bounced begins."""
REFUSED: Final = "refused"
"""How the code of a mail begins that the server refused for good in words that say nothing of the address."""


def lock_mailboxes(connection: Connection, mailboxes: Iterable[str]) -> None:
    """Let one transaction at a time decide on a mailbox, until it ends: a send gate, or an opt-out. PostgreSQL only;
    on SQLite every writer is alone. Lock rows of clients before, never after, or two could lock each other out."""
    if connection.dialect.name != "postgresql":
        return
    keys = sorted({int(mailbox[:16], 16) - 2**63 for mailbox in mailboxes if mailbox})
    if keys:
        connection.execute(_LOCK, {"keys": keys})


_LOCK: Final = text(
    "SELECT count(pg_advisory_xact_lock(key))"
    " FROM (SELECT key FROM unnest(CAST(:keys AS bigint[])) AS key ORDER BY key) AS sorted"
)
"""In one order for all, or two could lock each other out."""


def find_mailboxes(connection: Connection, client_ids: Iterable[str]) -> dict[ClientId, str]:
    """Find the present mailbox of each of these clients."""
    query = select(clients.c.client_id, clients.c.mailbox).where(among(connection, clients.c.client_id, client_ids))
    return {row.client_id: row.mailbox for row in connection.execute(query)}


def list_carriers(connection: Connection, mailboxes: Iterable[str]) -> dict[str, list[ClientId]]:
    """List the clients who carry each of these mailboxes, in the order of their ids."""
    wanted = [mailbox for mailbox in mailboxes if mailbox]
    if not wanted:
        return {}
    query = select(clients.c.mailbox, clients.c.client_id).where(among(connection, clients.c.mailbox, wanted))
    carried = defaultdict[str, list[ClientId]](list)
    for row in connection.execute(query.order_by(clients.c.client_id)):
        carried[row.mailbox].append(row.client_id)
    return dict(carried)


def find_sharers(connection: Connection, client_id: ClientId) -> tuple[int, tuple[ClientId, ...]]:
    """Count the other clients who carry this client's mailbox, and find the first few of them by id."""
    c = clients.c
    own = select(c.mailbox).where(c.client_id == client_id, c.mailbox != "").scalar_subquery()
    query = select(c.client_id, func.count().over()).where(c.mailbox == own, c.client_id != client_id)
    rows = connection.execute(query.order_by(c.client_id).limit(SHOWN_IDS)).all()
    return (rows[0][1] if rows else 0), tuple(row.client_id for row in rows)


@dataclass(frozen=True, slots=True)
class SharedMailboxes:
    """Mailboxes that several clients carry: how many clients and mailboxes, and the first ids of the largest ones."""

    clients: int
    mailboxes: int
    examples: tuple[tuple[ClientId, ...], ...]

    def __bool__(self) -> bool:
        return self.clients > 0

    def describe(self) -> str:
        """Describe them in one line."""
        named = "; ".join(", ".join(ids) for ids in self.examples)
        boxes = "one mailbox, which is" if self.mailboxes == 1 else f"{self.mailboxes:,} mailboxes, each of which is"
        return f"{self.clients:,} clients share {boxes} mailed as one ({named})"


def summarise_shared(connection: Connection) -> SharedMailboxes:
    """Summarise which clients of the shop share a mailbox. Reads the index of mailboxes once."""
    box = clients.c.mailbox
    carried = select(box, func.count().label("ids")).where(box != "").group_by(box).having(func.count() > 1).subquery()
    totals = select(func.count(), func.coalesce(func.sum(carried.c.ids), 0)).select_from(carried)
    number, total = connection.execute(totals).one()
    query = select(carried.c.mailbox).order_by(carried.c.ids.desc(), carried.c.mailbox).limit(SHOWN_MAILBOXES)
    largest = connection.scalars(query).all() if number else []
    ids = select(clients.c.client_id).order_by(clients.c.client_id).limit(SHOWN_IDS)
    examples = [tuple(connection.scalars(ids.where(box == one))) for one in largest]
    return SharedMailboxes(int(total), int(number), tuple(examples))


def has_campaign_mail(connection: Connection, mailbox: str, slug: CampaignSlug, client_id: ClientId) -> bool:
    """Return whether the campaign has mailed this mailbox, or may have, under the id of another client."""
    values = {"box": mailbox, "slug": slug, "client": client_id}
    return connection.scalar(_OTHER_MAIL, values) is not None


def find_campaign_mails(
    connection: Connection, mailboxes: Collection[str], slug: CampaignSlug
) -> dict[str, set[ClientId]]:
    """Find to which of these mailboxes the campaign has sent mail, or may have, and under which ids."""
    given = give(connection, mailboxes) | {"slug": slug}
    found = defaultdict[str, set[ClientId]](set)
    for row in connection.execute(_select_campaign_mails(connection.dialect.name), given):
        found[row.mailbox].add(row.client_id)
    return dict(found)


@cache  # building it takes longer than running it
def _select_campaign_mails(dialect: str) -> Select[Any]:
    o = outreaches.c
    left = (leave_index(o.campaign) == bindparam("slug"), leave_index(o.state).in_(sorted(COUNTED | RETURNED)))
    return select(o.mailbox, o.client_id).where(match_given(dialect, o.mailbox), *left)


def count_in_delivery(connection: Connection, mailboxes: Collection[str], client_ids: Collection[str] = ()) -> int:
    """Count the mails to these mailboxes, or of these clients, that are with the mail server now: not answered yet."""
    o = outreaches.c
    query = select(func.count()).where(
        o.state == OutreachState.DATA.value, or_(o.mailbox.in_(list(mailboxes)), o.client_id.in_(list(client_ids)))
    )
    return int(connection.scalar(query) or 0)


def find_in_delivery(connection: Connection, mailboxes: Collection[str]) -> set[str]:
    """Find to which of these mailboxes a mail is with the mail server now: not answered yet."""
    o = outreaches.c
    query = select(o.mailbox).where(o.state == OutreachState.DATA.value, among(connection, o.mailbox, mailboxes))
    return set(connection.scalars(query))


def load_mailbox_mails(
    connection: Connection, mailboxes: Iterable[str], since: datetime
) -> dict[str, list[MailboxMail]]:
    """Load the mails to each of these mailboxes that were delivered as far as is known, or came back softly."""
    rows = connection.execute(_select_mails(connection.dialect.name), give(connection, mailboxes) | {"since": since})
    mails = defaultdict[str, list[MailboxMail]](list)
    for row in rows:
        mails[row.mailbox].append(MailboxMail(row.sent_at or row.updated_at, row.state != OutreachState.SENT))
    return dict(mails)


@cache  # building it takes longer than running it
def _select_mails(dialect: str) -> Select[Any]:
    o = outreaches.c
    return select(o.mailbox, o.sent_at, o.updated_at, o.state, o.code).where(
        match_given(dialect, o.mailbox),
        o.updated_at > bindparam("since"),
        or_(
            leave_index(o.state) == OutreachState.SENT,
            (leave_index(o.state) == OutreachState.BOUNCED) & o.code.startswith(SOFT),
            (leave_index(o.state) == OutreachState.FAILED) & o.code.startswith(REFUSED),
        ),
    )


def find_cleared_at(connection: Connection, mailbox: str) -> datetime | None:
    """Find when soft bounces of a mailbox were last forgiven: a person read a mail or ordered, or a suppression was
    lifted."""
    e = events.c
    read = (
        select(func.max(e.occurred_at))
        .select_from(events.join(clients, clients.c.client_id == e.client_id))
        .where(
            clients.c.mailbox == mailbox,
            e.type.in_(("email_opened", "email_clicked", "order_placed")),
            e.data["machine"].as_boolean().is_not(True),
        )
    )
    lifted = select(suppressions.c.lifted_at).where(suppressions.c.address_hash == mailbox)
    moments = [connection.scalar(read), connection.scalar(lifted)]
    return max((moment for moment in moments if moment is not None), default=None)


_OTHER_MAIL: Final = (
    select(outreaches.c.n)
    .where(
        outreaches.c.mailbox == bindparam("box"),
        leave_index(outreaches.c.campaign) == bindparam("slug"),
        outreaches.c.client_id != bindparam("client"),
        or_(*(leave_index(outreaches.c.state) == state for state in sorted(COUNTED | RETURNED))),
    )
    .limit(1)
)
