"""Show offers as people and programs see them, with what came of them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, Engine

from domain.offers import compute_discounts, explain_standing, list_excesses, summarise_terms
from models.offers import Offer, OfferFigures, OfferList, OfferSlug
from settings import Settings
from store.catalogue import catalogue
from store.database import read_transaction
from store.offers import offers, redemptions
from store.offers.offers import OfferRow

UNKNOWN_SHOWN: Final = 20


def list_offers(engine: Engine, settings: Settings, now: datetime) -> OfferList:
    """List all offers, the newest first, and the codes that orders named and none of them has."""
    with read_transaction(engine) as connection:
        rows = offers.list_offers(connection)
        return OfferList(
            offers=tuple(build_offer(connection, row, settings, now) for row in rows),
            unknown_codes=tuple(redemptions.list_unknown_codes(connection, UNKNOWN_SHOWN)),
        )


def show_offer(engine: Engine, slug: OfferSlug, settings: Settings, now: datetime) -> Offer:
    """Show one offer. Raises NotFound."""
    with read_transaction(engine) as connection:
        return build_offer(connection, offers.load_offer(connection, slug), settings, now)


def build_offer(connection: Connection, row: OfferRow, settings: Settings, now: datetime) -> Offer:
    """Build the view of an offer at `now`."""
    return Offer(
        slug=row.slug,
        name=row.name,
        state=row.state,
        terms=row.terms,
        summary=summarise_terms(row.terms, settings.shop_currency),
        stands=explain_standing(row.state, row.ends_at, now),
        figures=_count_figures(connection, row),
        created_by=row.created_by,
        decided_by=row.decided_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _count_figures(connection: Connection, row: OfferRow) -> OfferFigures:
    orders = redemptions.load_redeemed(connection, row.terms.code)
    named = {item for order in orders for item in order.items}
    categories = {item_id: item.category for item_id, item in catalogue.load_items(connection, sorted(named)).items()}
    paid_cents = sum(order.value_cents for order in orders)
    return OfferFigures(
        sent=row.given,
        orders=len(orders),
        clients=len({order.client_id for order in orders}),
        revenue=_to_money(paid_cents),
        taken_off=_to_money(compute_discounts(row.terms, len(orders), paid_cents)),
        warnings=list_excesses(row.terms, row.ends_at, orders, categories),
    )


def _to_money(cents: int) -> Decimal:
    return Decimal(cents) / 100
