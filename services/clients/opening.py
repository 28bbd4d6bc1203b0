"""Let the shop say go: nothing acts on clients who were imported before all that is known of them is in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.permissions import Action
from domain.size_table import SizeTable, translate_sizes
from domain.sizes import fold_size
from models.actors import Actor, Subject, SubjectKind
from store.activity import write_activity
from store.catalogue.availability import list_sizes_in_stock
from store.clients.waiting import count_waiting_orders, stream_waiting_clients
from store.database import write_transaction
from store.events import outbox
from store.mail.mailboxes import SharedMailboxes, summarise_shared


@dataclass(frozen=True)
class OpeningSummary:
    """Who waits for the shop's go, and what stands in the way of mailing them. Each number counts clients."""

    waiting: int
    may_be_mailed: int
    without_consent: int
    without_orders: int
    without_sizes: int
    """No size is known of them, so what needs a size cannot be recommended."""
    without_stock_in_size: int
    """Nothing that comes in sizes is in stock in one of theirs."""
    sharing_an_address: int
    stock_is_empty: bool
    shared_mailboxes: SharedMailboxes | None = None
    """Of the whole shop; None where none is shared."""


def summarise_opening(connection: Connection, size_table: SizeTable = MappingProxyType({})) -> OpeningSummary:
    """Summarise who waits. Reads each waiting client once. `size_table`: the shop's own sizes."""
    in_stock = {fold_size(size) for size in list_sizes_in_stock(connection)}
    sized = in_stock - {""}
    counts: Counter[str] = Counter()
    mailboxes: Counter[str] = Counter()
    for client in stream_waiting_clients(connection):
        sizes = {fold_size(size) for size in client.sizes} - {""}
        counts["waiting"] += 1
        counts["may_be_mailed"] += client.consent
        counts["without_sizes"] += not sizes
        counts["without_stock_in_size"] += bool(sizes) and not translate_sizes(sizes, sized, size_table)
        mailboxes[client.mailbox or client.email.casefold()] += 1
    waiting = counts["waiting"]
    return OpeningSummary(
        waiting=waiting,
        may_be_mailed=counts["may_be_mailed"],
        without_consent=waiting - counts["may_be_mailed"],
        without_orders=waiting - count_waiting_orders(connection),
        without_sizes=counts["without_sizes"],
        without_stock_in_size=counts["without_stock_in_size"],
        sharing_an_address=sum(count for count in mailboxes.values() if count > 1),
        stock_is_empty=not in_stock,
        shared_mailboxes=summarise_shared(connection) or None,
    )


def open_shop(engine: Engine, actor: Actor, now: datetime, real_now: datetime) -> int:
    """Start the workflows that wait, and return how many nudges that is. Raises NotAllowed."""
    permissions.require(actor, Action.START_CLIENTS)
    with write_transaction(engine) as connection:
        nudges = outbox.release_held(connection, real_now) + outbox.push_to_newcomers(connection, real_now)
        if nudges:
            subject = Subject(kind=SubjectKind.DATA, id="clients")
            write_activity(connection, actor, Action.START_CLIENTS, subject, now, real_now, {"nudges": nudges})
    return nudges
