"""What keeps an event out: each refusal names the field and what to mend."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from models.events import Event, OrderPlaced, OrderReturned
from store.events.rows import EventRow
from store.mail.policy import Terms
from store.mail.suppressions import ERASED, erased
from store.sql.bulk import among
from store.sql.types import micros
from store.tables import clients, items

TOLERANCE: Final = timedelta(minutes=5)
"""How far ahead of ours a shop's clock may be, in business time."""


_PRICED: Final = frozenset({"order_placed", "order_returned"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the event at `index` of the batch stayed out."""

    index: int
    event_id: str
    field: str
    reason: str


@dataclass(frozen=True)
class EventValidator:
    """Everything that decides about a batch, read in a constant number of statements."""

    known: frozenset[str]
    gone: frozenset[str]
    item_ids: frozenset[str] | None
    """None: the catalogue is empty, so an item cannot be told from a mistake and any is taken."""
    currency: str
    latest: int
    """Epoch microseconds."""

    @classmethod
    def read(cls, connection: Connection, rows: Sequence[EventRow], terms: Terms, now: datetime) -> EventValidator:
        """Also locks the clients of the batch (PostgreSQL), so that batches of one client take turns."""
        named = {row.client_id for row in rows}
        known = frozenset(
            connection.scalars(
                select(clients.c.client_id)
                .where(among(connection, clients.c.client_id, named))
                .order_by(clients.c.client_id)  # one order for all writers, or they could lock each other out
                .with_for_update(key_share=True)
            )
        )
        return cls(
            known=known,
            gone=frozenset(erased(connection, terms.signing_key, named - known)),
            item_ids=_items(connection, {row.item_id for row in rows if row.item_id is not None}),
            currency=terms.currency,
            latest=micros(now + TOLERANCE),
        )

    def refuse(self, event: Event, row: EventRow) -> tuple[str, str] | None:
        """The field at fault and the reason; None when the event may come in."""
        if row.client_id not in self.known:
            if row.client_id in self.gone:
                return "client_id", ERASED
            return "client_id", "unknown client; import or PUT the client first"
        if row.occurred_at > self.latest:
            return "occurred_at", "lies in the future"
        if row.type in _PRICED and (other := self._other_currency(event)):
            return "currency", f"{other} is not the shop's {self.currency} (SELVEDGE_SHOP_CURRENCY)"
        if row.item_id is not None and self.item_ids is not None and row.item_id not in self.item_ids:
            return "item_id", "unknown item; import the catalogue first, with items no longer sold too"
        return None

    def _other_currency(self, event: Event) -> str | None:
        stated = event.currency if isinstance(event, OrderPlaced | OrderReturned) else None
        return None if stated == self.currency else stated


def _items(connection: Connection, named: Set[str]) -> frozenset[str] | None:
    if not named:
        return frozenset()
    found = frozenset(connection.scalars(select(items.c.item_id).where(among(connection, items.c.item_id, named))))
    if not found and connection.scalar(select(items.c.item_id).limit(1)) is None:
        return None
    return found
