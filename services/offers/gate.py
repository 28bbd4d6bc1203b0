"""Offers at the send gate: an offer that is over, retired or used up keeps its mail from leaving."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from domain.offers import SPENT, compute_discounts, find_barrier, is_spent
from errors import NotFound
from models.base import ClientId
from models.offers import OfferSlug
from store.offers import grants, offers, redemptions
from store.offers.offers import OfferRow


def find_offer_barrier(
    connection: Connection, slug: OfferSlug, client_id: ClientId, now: datetime, claimed: str | None
) -> str:
    """Find why a mail may not leave with the offer that it states; empty where it may. `claimed`: of a mail that begins
    now, whose offer stays locked until the transaction ends, so that what counts it finds the room that was found here.
    Raises NotFound."""
    found = offers.find_offer(connection, slug) if claimed is None else grants.lock_offer(connection, slug)
    if found is None:
        raise NotFound(f"no offer {slug}", "offer")
    return find_client_barrier(connection, found, client_id, now)


def find_client_barrier(connection: Connection, offer: OfferRow, client_id: ClientId, now: datetime) -> str:
    """Find why no mail to this client may state an offer at `now`; empty where one may."""
    barrier = find_barrier(offer.state, offer.ends_at, now)
    if barrier or grants.has_grant(connection, offer.slug, client_id):
        return barrier
    return SPENT if is_spent(offer.terms, offer.given, load_taken_off(connection, offer)) else ""


def load_taken_off(connection: Connection, offer: OfferRow) -> int:
    """Load what orders with an offer's code had taken off, in cents, where its budget asks; else 0."""
    if offer.terms.most_money is None:
        return 0
    return compute_discounts(offer.terms, *redemptions.count_redeemed(connection, offer.terms.code))
