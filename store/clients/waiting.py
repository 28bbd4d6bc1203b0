"""Clients whose workflow waits until the shop says go, after an import."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select

from models.base import ClientId
from store.sql.records import Record
from store.tables import clients, engagement, outbox, standings

CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class WaitingClient(Record):
    """One who waits, as far as the summary before the go needs them."""

    client_id: ClientId
    email: str
    mailbox: str
    consent: bool
    sizes: list[str]


def _waits() -> ColumnElement[bool]:
    held = exists().where(outbox.c.kind == "client", outbox.c.target == clients.c.client_id, outbox.c.held)
    asked = exists().where(outbox.c.kind == "client", outbox.c.target == clients.c.client_id)
    never = ~exists().where(standings.c.client_id == clients.c.client_id)
    return or_(held, never & ~asked)


def stream_waiting_clients(connection: Connection) -> Iterator[WaitingClient]:
    """Stream those who wait, in chunks, so that a million of them need no memory."""
    query = select(*WaitingClient.list_columns(clients)).where(_waits())
    for row in connection.execution_options(yield_per=CHUNK).execute(query):
        yield WaitingClient.from_row(row)


def count_waiting_orders(connection: Connection) -> int:
    """Count those who wait and have ordered."""
    ordered = exists().where(engagement.c.client_id == clients.c.client_id, engagement.c.orders > 0)
    return connection.scalar(select(func.count()).select_from(clients).where(_waits(), ordered)) or 0


def is_waiting(connection: Connection, client_id: ClientId) -> bool:
    """Return whether this client waits for the shop's go."""
    query = select(outbox.c.id).where(outbox.c.kind == "client", outbox.c.target == client_id, outbox.c.held)
    return connection.scalar(query) is not None
