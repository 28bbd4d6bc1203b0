"""What is left of offers for a whole audience at once: by the rules of the send gate, whose turn comes first."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection

from domain.offers import NOT_APPROVED, SPENT, find_barrier, is_spent
from models.base import ClientId
from models.offers import OfferSlug
from services.offers.gate import load_taken_off
from store.offers import grants, offers
from store.offers.offers import OfferRow


class OfferRoom:
    """Tells who may still get the offers of a campaign, one client after the other. A draft counts as approved: nothing
    starts before it is."""

    def __init__(self, connection: Connection, slugs: Iterable[OfferSlug], now: datetime) -> None:
        rows = {slug: offers.load_offer(connection, slug) for slug in slugs}
        found = {slug: find_barrier(row.state, row.ends_at, now) for slug, row in rows.items()}
        self._over = {slug: "" if barrier == NOT_APPROVED else barrier for slug, barrier in found.items()}
        self._left = {slug: _count_left(connection, row) for slug, row in rows.items()}
        self._holders: dict[OfferSlug, set[ClientId]] = {slug: set() for slug in rows}

    def load_holders(self, connection: Connection, client_ids: Collection[ClientId]) -> None:
        """Load which of these clients have which offer: it takes no more room for them."""
        for slug in self._holders:
            self._holders[slug] = grants.find_holders(connection, slug, client_ids)

    def holds(self, slug: OfferSlug, client_id: ClientId) -> bool:
        """Return whether a client of those loaded last got the offer already."""
        return client_id in self._holders[slug]

    def find_barrier(self, slug: OfferSlug, client_id: ClientId) -> str:
        """Find why no mail with the offer can go to a client any more, as a code; empty where one can."""
        if self._over[slug] or self.holds(slug, client_id):
            return self._over[slug]
        return SPENT if self._left[slug] == 0 else ""

    def take(self, slug: OfferSlug, client_id: ClientId) -> None:
        """Take the room that a mail to a client needs."""
        left = self._left[slug]
        if left is not None and not self.holds(slug, client_id):
            self._left[slug] = left - 1


def _count_left(connection: Connection, row: OfferRow) -> int | None:
    """Count the clients for whom the budget has room; None: for any number."""
    if is_spent(row.terms, row.given, load_taken_off(connection, row)):
        return 0
    return None if row.terms.most_clients is None else row.terms.most_clients - row.given
