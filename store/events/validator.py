"""Checks of incoming events: each refusal names the field and how to correct it."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from models.events import Event, OrderPlaced, OrderReturned
from store.events.rows import EventRow
from store.mail.policy import ShopPolicy
from store.mail.suppressions import ERASED, find_erased
from store.sql.bulk import among
from store.sql.types import to_micros
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
    """Everything needed to check a batch, read in a constant number of statements."""

    known: frozenset[str]
    gone: frozenset[str]
    item_ids: frozenset[str] | None
    """None: the catalogue is empty, so a wrong item cannot be recognised and any is accepted."""
    currency: str
    latest: int
    """Epoch microseconds."""

    @classmethod
    def load(
        cls, connection: Connection, rows: Sequence[EventRow], policy: ShopPolicy, now: datetime
    ) -> EventValidator:
        """Load what the check of these rows needs, and lock the clients of the batch (PostgreSQL), so that batches of
        one client take turns."""
        client_ids = {row.client_id for row in rows}
        known = frozenset(
            connection.scalars(
                select(clients.c.client_id)
                .where(among(connection, clients.c.client_id, client_ids))
                .order_by(clients.c.client_id)  # one order for all writers, or they could lock each other out
                .with_for_update(key_share=True)
            )
        )
        return cls(
            known=known,
            gone=frozenset(find_erased(connection, policy.signing_key, client_ids - known)),
            item_ids=_load_item_ids(connection, {row.item_id for row in rows if row.item_id is not None}),
            currency=policy.currency,
            latest=to_micros(now + TOLERANCE),
        )

    def find_refusal(self, event: Event, row: EventRow) -> tuple[str, str] | None:
        """Find the field at fault and the reason; None when the event may come in."""
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
        currency = event.currency if isinstance(event, OrderPlaced | OrderReturned) else None
        return None if currency == self.currency else currency


def _load_item_ids(connection: Connection, item_ids: Set[str]) -> frozenset[str] | None:
    if not item_ids:
        return frozenset()
    known = frozenset(connection.scalars(select(items.c.item_id).where(among(connection, items.c.item_id, item_ids))))
    if not known and connection.scalar(select(items.c.item_id).limit(1)) is None:
        return None
    return known
