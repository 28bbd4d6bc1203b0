"""The offer that a policy may choose for a client who drifts: live, marked for it, new to them, with room left."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from models.base import ClientId
from models.offers import OfferSlug
from services.offers.gate import find_client_barrier
from store.offers import grants, offers


def find_lifecycle_offer(connection: Connection, client_id: ClientId, now: datetime) -> OfferSlug | None:
    """Find the offer that a mail of the lifecycle may state to this client now: of several, the oldest."""
    had = grants.list_granted(connection, client_id)
    for row in reversed(offers.list_live(connection)):
        if row.terms.for_lifecycle and row.slug not in had and not find_client_barrier(connection, row, client_id, now):
            return row.slug
    return None
