"""Show offers as people and programs see them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from domain.offers import explain_standing, summarise_terms
from models.offers import Offer, OfferList, OfferSlug
from settings import Settings
from store.database import read_transaction
from store.offers import offers
from store.offers.offers import OfferRow


def list_offers(engine: Engine, settings: Settings, now: datetime) -> OfferList:
    """List all offers, the newest first."""
    with read_transaction(engine) as connection:
        rows = offers.list_offers(connection)
        return OfferList(offers=tuple(build_offer(row, settings, now) for row in rows))


def show_offer(engine: Engine, slug: OfferSlug, settings: Settings, now: datetime) -> Offer:
    """Show one offer. Raises NotFound."""
    with read_transaction(engine) as connection:
        return build_offer(offers.load_offer(connection, slug), settings, now)


def build_offer(row: OfferRow, settings: Settings, now: datetime) -> Offer:
    """Build the view of an offer at `now`."""
    return Offer(
        slug=row.slug,
        name=row.name,
        state=row.state,
        terms=row.terms,
        summary=summarise_terms(row.terms, settings.shop_currency),
        stands=explain_standing(row.state, row.terms, settings.shop_time_zone, now),
        created_by=row.created_by,
        decided_by=row.decided_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
