"""Show and change the list of mailboxes that are not mailed; every change says who and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.addresses import normalise_address
from domain.permissions import Action
from errors import BadInput, NotFound
from models.actors import Actor, Subject, SubjectKind
from models.suppressions import SuppressionEntry, SuppressionOrder, SuppressionRemoval
from store.activity import write_activity
from store.database import read_transaction, write_transaction
from store.events import outbox
from store.mail import mailboxes, suppressions
from store.mail.policy import ShopPolicy

_HASH: Final = re.compile(r"[0-9a-f]{64}")
MOST_AT_ONCE: Final = 10_000


def list_hashes(policy: ShopPolicy, email: str) -> list[str]:
    """List the keyed hashes under which a mailbox may stand: its own first. Raises BadInput naming `email`."""
    if _HASH.fullmatch(email):
        return [email]
    address = normalise_address(email)
    own = suppressions.hash_mailbox(policy.signing_key, address, policy.fold_tags)
    return list(dict.fromkeys((own, suppressions.hash_address(policy.signing_key, address))))


def list_entries(engine: Engine, after: str = "", limit: int = 100, reason: str = "") -> tuple[SuppressionEntry, ...]:
    """List the entries in force after the hash `after`, with the clients who carry each mailbox now."""
    with read_transaction(engine) as connection:
        return _build_entries(connection, suppressions.list_suppressions(connection, after, limit, reason))


def show_entry(engine: Engine, policy: ShopPolicy, email: str) -> SuppressionEntry:
    """Show the entry of a mailbox, in force or lifted. Raises NotFound, and BadInput naming `email`."""
    with read_transaction(engine) as connection:
        return _load_entry(connection, list_hashes(policy, email))


def add_entries(
    engine: Engine, actor: Actor, policy: ShopPolicy, orders: Sequence[SuppressionOrder], now: datetime, real: datetime
) -> int:
    """Suppress these mailboxes in one transaction; return how many were not before. Raises NotAllowed, BadInput."""
    permissions.require(actor, Action.SUPPRESS)
    if len(orders) > MOST_AT_ONCE:
        raise BadInput(f"holds {len(orders):,} mailboxes; at most {MOST_AT_ONCE:,} are accepted at once", "email")
    hashed = [(list_hashes(policy, order.email)[0], order) for order in orders]
    with write_transaction(engine) as connection:
        added = 0
        for key, order in sorted(hashed, key=lambda pair: pair[0]):
            new = suppressions.suppress_mailboxes(connection, {key: (order.reason, now)}, by=actor.who, note=order.note)
            added += len(new)
        if added:
            data = {"added": added, "of": len(orders)}
            subject = Subject(kind=SubjectKind.DATA, id=_name(hashed[0][0]) if len(hashed) == 1 else "suppressions")
            write_activity(connection, actor, Action.SUPPRESS, subject, now, real, data)
        return added


def remove_entry(
    engine: Engine, actor: Actor, policy: ShopPolicy, removal: SuppressionRemoval, now: datetime, real: datetime
) -> SuppressionEntry:
    """Lift the suppression of a mailbox, and nudge the clients who carry it. A withdrawn consent stays withdrawn.

    Raises: NotAllowed; NotFound when it is not on the list; BadInput naming `why`, which a complaint requires.
    """
    permissions.require(actor, Action.LIFT_SUPPRESSION)
    hashes = list_hashes(policy, removal.email)
    with write_transaction(engine) as connection:
        entry = _load_entry(connection, hashes)
        if entry.lifted_at is not None:
            raise NotFound("this mailbox is not suppressed any more", "email")
        if entry.reason == suppressions.COMPLAINT and not removal.why:
            raise BadInput("say why somebody who complained may be mailed again", "why")
        for key in hashes:
            suppressions.lift_suppression(connection, key, now, by=actor.who, note=removal.why)
        outbox.push_nudges(connection, "client", entry.clients, real)
        subject = Subject(kind=SubjectKind.DATA, id=_name(entry.address_hash))
        write_activity(connection, actor, Action.LIFT_SUPPRESSION, subject, now, real, {"reason": entry.reason})
        return _load_entry(connection, hashes)


def _name(address_hash: str) -> str:
    return f"suppression:{address_hash[:16]}"


def _load_entry(connection: Connection, hashes: Sequence[str]) -> SuppressionEntry:
    found = suppressions.load_suppression(connection, hashes)
    if found is None:
        raise NotFound("this mailbox is not on the list", "email")
    return _build_entries(connection, [found])[0]


def _build_entries(connection: Connection, rows: Sequence[suppressions.Suppression]) -> tuple[SuppressionEntry, ...]:
    carried = mailboxes.list_carriers(connection, [row.address_hash for row in rows])
    return tuple(
        SuppressionEntry(
            address_hash=row.address_hash,
            reason=row.reason,
            at=row.at,
            by=row.by,
            note=row.note,
            lifted_at=row.lifted_at,
            clients=tuple(carried.get(row.address_hash, ())),
        )
        for row in rows
    )
